/** Executing commands: accepted and decided in one append, and never before one that waits. */

import { equal, holds, refuses } from '../assertions.ts';
import { commandArea, type CommandArea } from './command-scene.ts';
import { add, counterCommands } from './counter.ts';

/** Executing commands. */
export const executing: CommandArea = commandArea('executing', {
  'a command that nothing waits before is accepted and decided in one append': async (scene) => {
    const { log, store, runtime } = scene;
    const commands = counterCommands();
    const outcome = await runtime.execute(store, commands, add('counter-1', 5, 'c1'));
    equal([outcome.kind, outcome.commandId, outcome.streamId], ['decided', 'c1', 'counter-1'], 'The outcome');
    const events = await log.wholeLog();
    equal(
      events.map(({ streamId, version, recordedAt }) => [streamId, version, recordedAt]),
      [
        ['counter-1', 1, events[0]?.recordedAt],
        ['$command.counter-1', 1, events[0]?.recordedAt],
      ],
      'What was written',
    );
    equal(
      (await store.readLog({ after: outcome.checkpoint, includeReserved: true }).toArray()).length,
      0,
      'Events behind its place',
    );
    await scene.expectSound();
  },

  'commands executed at once, over several handles, are decided as if one at a time': async (scene) => {
    const { store, runtime } = scene;
    const other = await scene.another();
    const commands = counterCommands();
    await scene.run(commands);
    const ids = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const answers = await Promise.all(
      ids.map(async (id, index) =>
        runtime.execute(index % 3 === 0 ? other : store, commands, add(`counter-${index % 2}`, (index % 5) - 2, id), {
          timeoutMs: scene.log.patienceMs,
        }),
      ),
    );
    equal(
      answers.map(({ commandId }) => commandId),
      ids,
      'Whose outcomes were given',
    );
    equal(await scene.outcomesOf(ids), answers, 'The outcomes, beside what was answered');
    await scene.expectSound();
  },

  'a command that is executed is never decided before one that waits': async (scene) => {
    const { store, runtime } = scene;
    const commands = counterCommands();
    const other = await scene.another();
    // From here on this handle knows that nothing waits; what the other one accepts is to be noticed all the same.
    await runtime.execute(store, commands, add('counter-1', 1, 'c1'));
    await runtime.submit(other, commands, add('counter-1', 1, 'c2'));
    const early = runtime.execute(store, commands, add('counter-1', 1, 'c3'), { timeoutMs: 40 });
    await refuses('Waiting for a turn while nobody runs the commands', () => early, 'WAIT_TIMEOUT');
    const late = runtime.execute(other, commands, add('counter-1', -9, 'c4'), { timeoutMs: scene.log.patienceMs });
    await scene.eventually(
      'The acceptance of the last one',
      async () => (await runtime.commandInfo(store, 'c4')) !== undefined,
    );
    equal((await runtime.commandInfo(store, 'c3'))?.status, 'accepted', 'Where the third one stands');
    await scene.run(commands);
    equal((await late).kind, 'rejected', 'What became of the last one');
    await scene.outcomesOf(['c2', 'c3']);
    equal((await scene.expectSound()).causes.get('counter-1'), ['c1', 'c2', 'c3'], 'The commands behind the events');
  },

  'one that was submitted and is then executed waits for its turn, and is decided once': async (scene) => {
    const { store, runtime } = scene;
    const commands = counterCommands();
    await runtime.submit(store, commands, add('counter-1', 1, 'c1'));
    const executed = runtime.execute(store, commands, add('counter-1', 1, 'c1'), { timeoutMs: scene.log.patienceMs });
    await scene.run(commands, await scene.another());
    equal((await executed).kind, 'decided', 'What became of it');
    holds((await runtime.submit(store, commands, add('counter-1', 1, 'c1'))).isDuplicate, 'It was accepted twice.');
    equal((await scene.expectSound()).causes.get('counter-1'), ['c1'], 'The commands behind the events');
  },
});
