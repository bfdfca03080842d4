/** Accepting commands: each once under its id, as it was given, beside its entity. */

import type { Engine } from '../../engine/contract.ts';
import { HindsightError } from '../../core/errors.ts';
import { equal, holds, present, refuses } from '../assertions.ts';
import { engineWith } from '../engine-with.ts';
import { commandArea, gathered, type CommandArea, type CommandScene } from './command-scene.ts';
import { add, counterCommands, type CounterCommands } from './counter.ts';

/** Accepting commands. */
export const accepting: CommandArea = commandArea('accepting', {
  'a command that is sent many times at once, over several handles, is accepted once, and all are told the same':
    async (scene) => {
      const { store, runtime } = scene;
      const other = await scene.another();
      const commands = counterCommands();
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          runtime.submit(index % 2 === 0 ? store : other, commands, add('counter-1', 5, 'c1')),
        ),
      );
      equal(answers.filter(({ isDuplicate }) => !isDuplicate).length, 1, 'How often it was accepted');
      const told = answers.map(({ command, checkpoint }) => ({ command, checkpoint }));
      for (const each of told) equal(each, told[0], 'What one of the senders was told, beside another');
      equal((await scene.log.wholeLog()).length, 1, 'The number of records');
    },

  'the same id with other content is refused, and leaves no trace': async (scene) => {
    const { store, runtime } = scene;
    const commands = counterCommands();
    await runtime.submit(store, commands, add('counter-1', 5, 'waits'));
    await runtime.execute(store, commands, add('counter-2', 5, 'decided'));
    for (const id of ['waits', 'decided'])
      for (const other of [
        add('counter-1', 6, id),
        add('counter-3', 5, id),
        { ...add('counter-1', 5, id), data: { amount: 5, times: 2 } },
      ])
        for (const send of [runtime.submit, runtime.execute])
          await scene.log.expectRefusal('An id with other content', () => send(store, commands, other), 'KEY_REUSED');
    const again = { ...add('counter-1', 5, 'waits'), metadata: { actor: 'somebody else' } };
    holds((await runtime.submit(store, commands, again)).isDuplicate, 'Other metadata make another command of it.');
  },

  'what is accepted survives a sudden end, and is decided afterwards': async (scene) => {
    const { log, runtime } = scene;
    const commands = counterCommands();
    const accepted = await runtime.submit(scene.store, commands, add('counter-1', 5, 'c1'));
    if (log.isDurable) await log.reopenAfterLoss();
    const store = scene.storeOver(log.engine);
    const again = await runtime.submit(store, commands, add('counter-1', 5, 'c1'));
    equal([again.isDuplicate, again.command], [true, accepted.command], 'What is known of it');
    await scene.run(commands, store);
    await runtime.waitForOutcome(store, 'c1', { timeoutMs: log.patienceMs });
  },

  'a command and its outcome lie in the partition of the entity': async (scene) => {
    const { log, store, runtime } = scene;
    const commands = counterCommands();
    const counters = Array.from({ length: 12 }, (_, index) => `counter-${index}`);
    for (const counter of counters) await runtime.execute(store, commands, add(counter, 1, `${counter} first`));
    for (const counter of counters) await runtime.submit(store, commands, add(counter, 1, `${counter} second`));
    await scene.run(commands);
    await scene.outcomesOf(counters.map((counter) => `${counter} second`));
    for (const { streamId, partition } of await log.wholeLog())
      equal(partition, log.partitionOf(streamId.replace('$command.', '')), `The partition of an event of ${streamId}`);
    await scene.expectSound();
  },

  'where the answer to a write was lost, the command sent again gets the first one': async (scene) => {
    const { runtime } = scene;
    const commands = counterCommands();
    const losing = scene.storeOver(losingAnswers(scene.log.engine));
    await refuses(
      'Losing the answer',
      () => runtime.submit(losing, commands, add('counter-1', 1, 'c1')),
      'OUTCOME_UNKNOWN',
    );
    const again = await runtime.submit(losing, commands, add('counter-1', 1, 'c1'));
    equal([again.isDuplicate, again.command.id], [true, 'c1'], 'The answer to a command that was accepted unheard');
    const { timeoutMs } = { timeoutMs: scene.log.patienceMs };
    await refuses(
      'Losing the answer',
      () => runtime.execute(losing, commands, add('counter-2', 1, 'c2')),
      'OUTCOME_UNKNOWN',
    );
    await decideOnce(scene, commands, ['c1']);
    const outcome = await runtime.execute(losing, commands, add('counter-2', 1, 'c2'), { timeoutMs });
    equal([outcome.kind, outcome.commandId], ['decided', 'c2'], 'The answer to a command that was decided unheard');
    equal(await runtime.waitForOutcome(scene.store, 'c2', { timeoutMs }), outcome, 'What another handle is told of it');
    await scene.expectSound();
  },

  'whoever looks, lists or follows on another handle meets the same commands and outcomes': async (scene) => {
    const { store, runtime } = scene;
    const commands = counterCommands();
    const other = await scene.another();
    await runtime.submit(store, commands, add('counter-1', 1, 'c1'));
    equal((await runtime.commandInfo(other, 'c1'))?.status, 'accepted', 'Where the first one stands');
    await scene.run(commands);
    const waiting = await runtime.waitForOutcome(other, 'c1', { timeoutMs: scene.log.patienceMs });
    const executed = await runtime.execute(other, commands, add('counter-1', -9, 'c2'));
    const told = [waiting, executed];
    const listed = await gathered(runtime.listCommands(other, { category: 'counter' }));
    equal(
      listed.map(({ command: { id }, outcome }) => [id, outcome]),
      told.map((outcome) => [outcome.commandId, outcome]),
      'The list',
    );
    const end = new AbortController();
    const followed: string[] = [];
    for await (const change of runtime.followCommands(other, { category: 'counter', signal: end.signal })) {
      followed.push(
        change.kind === 'outcome'
          ? `${change.outcome.commandId} ${change.outcome.kind}`
          : `${change.command.id} ${change.kind}`,
      );
      if (followed.length === 4) end.abort();
    }
    equal(followed, ['c1 accepted', 'c1 decided', 'c2 accepted', 'c2 rejected'], 'What was followed');
    equal((await runtime.commandInfo(other, 'c2'))?.outcome, executed, 'What is known of the second one');
    equal(await runtime.commandInfo(other, 'never sent'), undefined, 'What is known of one that was never sent');
  },
});

async function decideOnce(scene: CommandScene, commands: CounterCommands, ids: readonly string[]): Promise<void> {
  const running = await scene.run(commands);
  await scene.outcomesOf(ids);
  await running.stop();
}

/** An engine whose first answer to an append under each key is lost. */
function losingAnswers(engine: Engine): Engine {
  const lost = new Set<string>();
  return engineWith(engine, {
    append: async (batch, options) => {
      const answer = await engine.append(batch, options);
      const key = present(batch.key, 'The key under which a command is written').key;
      if (lost.has(key)) return answer;
      lost.add(key);
      throw new HindsightError('OUTCOME_UNKNOWN', 'The answer was lost.');
    },
  });
}
