/** Commands that fail: set aside with those behind them, tried again in order, or dropped with an outcome. */

import type { Letter } from '../../consumers/index.ts';
import { equal } from '../assertions.ts';
import { commandArea, gathered, type CommandArea, type CommandScene } from './command-scene.ts';
import { add, counterCommands, stumble, type CounterCommands } from './counter.ts';

/** Commands that fail. */
export const settingAside: CommandArea = commandArea('failures', {
  'a command that fails is set aside with those behind it, while other entities go on': async (scene) => {
    await scene.run(await withFailure(scene));
    await expectWaiting(scene);
    const { open } = await scene.expectSoundSoFar();
    equal(open, ['c2', 'c3', 'c4'], 'The commands without an outcome');
  },

  'once the mistake is mended and the letter is tried again, all are decided in their order': async (scene) => {
    let isMended = false;
    const commands = await withFailure(scene, () => isMended);
    await scene.run(commands);
    await expectWaiting(scene);
    isMended = true;
    await scene.runtime.retryLetters(scene.store, 'counter-commands', 'counter-1');
    await scene.outcomesOf(['c2', 'c3', 'c4']);
    const { causes, outcomes } = await scene.expectSound();
    equal(causes.get('counter-1'), ['c1', 'c2', 'c3', 'c4'], 'The commands behind the events');
    equal(outcomes.get('c2'), 'decided', 'What became of the one that failed');
  },

  'a letter that is skipped is an outcome: the command is abandoned, and those behind it are decided': async (
    scene,
  ) => {
    const commands = await withFailure(scene);
    await scene.run(commands);
    await expectWaiting(scene);
    await scene.runtime.skipLetter(scene.store, 'counter-commands', 'counter-1');
    equal(
      (await scene.outcomesOf(['c2', 'c3', 'c4'])).map(({ kind }) => kind),
      ['abandoned', 'decided', 'decided'],
      'The outcomes',
    );
    const { causes } = await scene.expectSound();
    equal(causes.get('counter-1'), ['c1', 'c3', 'c4'], 'The commands behind the events');
  },

  'a restart keeps what is set aside where it is, and decides nothing behind it': async (scene) => {
    const commands = await withFailure(scene);
    const first = await scene.run(commands);
    await expectWaiting(scene);
    await first.stop();
    const { store, runtime } = scene;
    await runtime.submit(store, commands, add('counter-1', 1, 'c5'));
    await runtime.submit(store, commands, add('counter-2', 1, 'other again'));
    await scene.run(commands, await scene.another());
    await scene.outcomesOf(['other again']);
    await scene.eventually('Setting the last one aside', async () => (await lettersOf(scene)).length === 4);
    equal((await scene.expectSoundSoFar()).open, ['c2', 'c3', 'c4', 'c5'], 'The commands without an outcome');
  },
});

/** Submits commands to two entities, of which the second to the first entity fails. */
async function withFailure(scene: CommandScene, isMended: () => boolean = () => false): Promise<CounterCommands> {
  const { store, runtime } = scene;
  const commands = counterCommands({ isMended });
  await runtime.submit(store, commands, add('counter-1', 1, 'c1'));
  await runtime.submit(store, commands, stumble('counter-1', 'c2'));
  for (const id of ['c3', 'c4']) await runtime.submit(store, commands, add('counter-1', 1, id));
  await runtime.submit(store, commands, add('counter-2', 1, 'other'));
  return commands;
}

/** Waits until the failure and those behind it are set aside. */
async function expectWaiting(scene: CommandScene): Promise<void> {
  await scene.outcomesOf(['c1', 'other']);
  await scene.eventually('Setting them aside', async () => (await lettersOf(scene)).length === 3);
  const letters = await lettersOf(scene);
  equal(
    letters.map(({ state }) => state),
    ['failed', 'waiting', 'waiting'],
    'The letters',
  );
  equal((await scene.runtime.commandInfo(scene.store, 'c2'))?.status, 'setAside', 'Where the one that failed stands');
}

async function lettersOf(scene: CommandScene): Promise<readonly Letter[]> {
  return await gathered(scene.runtime.listLetters(scene.store, 'counter-commands'));
}
