/** Deciding commands: once, in the order of their entity, on what is there, and recorded together with what follows. */

import { equal, holds } from '../assertions.ts';
import { engineWith } from '../engine-with.ts';
import { newEvent } from '../event-maker.ts';
import { readWholeStream } from '../readings.ts';
import { commandArea, type CommandArea } from './command-scene.ts';
import { add, counterCommands, type CounterCommand } from './counter.ts';
import { dyingAtOutcome } from './dying-engine.ts';

const counters = ['counter-1', 'counter-2', 'counter-3', 'counter-4', 'counter-5', 'counter-6'];

/** Deciding commands. */
export const deciding: CommandArea = commandArea('deciding', {
  'a command that is sent many times, also while it is decided, is decided once, and all get its outcome': async (
    scene,
  ) => {
    const { store, runtime } = scene;
    const other = await scene.another();
    const commands = counterCommands({ slices: 2 });
    await scene.run(commands);
    await scene.run(commands, other);
    const send = async (index: number): Promise<unknown> => {
      const over = index % 2 === 0 ? store : other;
      const timeoutMs = scene.log.patienceMs;
      if (index % 3 === 0) return await runtime.execute(over, commands, add('counter-1', 5, 'c1'), { timeoutMs });
      await runtime.submit(over, commands, add('counter-1', 5, 'c1'));
      return await runtime.waitForOutcome(over, 'c1', { timeoutMs });
    };
    const answers = await Promise.all(Array.from({ length: 24 }, (_, index) => send(index)));
    for (const answer of answers) equal(answer, answers[0], 'What one sender was told, beside another');
    const { causes } = await scene.expectSound();
    equal(causes.get('counter-1'), ['c1'], 'The events');
  },

  'no reader sees an outcome without its events, or events without their outcome': async (scene) => {
    const { store, log, runtime } = scene;
    const commands = counterCommands();
    const ids = Array.from({ length: 12 }, (_, index) => `c${index}`);
    for (const id of ids)
      await runtime.submit(store, commands, { ...add('counter-1', 1, id), data: { amount: 1, times: 2 } });
    let isOver = false;
    const looking = (async () => {
      while (!isOver) {
        // What was there before the outcomes were read must be behind them, and what is behind them must be there afterwards.
        const before = (await readWholeStream(log.engine, 'counter-1')).version;
        const records = await store.readStream('$command.counter-1').toArray();
        const decided = records.filter(({ type }) => type === '$commandDecided').length;
        const after = (await readWholeStream(log.engine, 'counter-1')).version;
        holds(
          before <= decided * 2 && decided * 2 <= after,
          `With ${decided} outcomes of two events each, there were ${before} events before, and ${after} after.`,
        );
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    })();
    await scene.run(commands);
    try {
      await Promise.race([scene.outcomesOf(ids), looking]);
    } finally {
      isOver = true;
    }
    await looking;
    await scene.expectSound();
  },

  'a decision without events and a rejection are outcomes as well, and stand whatever happens later': async (scene) => {
    const { store, runtime } = scene;
    const commands = counterCommands();
    const given = [add('counter-1', 0, 'nothing'), add('counter-1', -5, 'refused')];
    for (const command of given) await runtime.submit(store, commands, command);
    const running = await scene.run(commands);
    const first = await scene.outcomesOf(['nothing', 'refused']);
    const executed = await runtime.execute(store, commands, add('counter-1', -5, 'refused at once'));
    equal(
      [...first, executed].map((outcome) => [outcome.kind, 'on' in outcome && outcome.on]),
      [
        ['decided', 0],
        ['rejected', 0],
        ['rejected', 0],
      ],
      'The outcomes, and the versions that they name',
    );
    await running.stop();
    await runtime.execute(store, commands, add('counter-1', 50, 'later'));
    for (const [index, command] of given.entries()) {
      await runtime.submit(store, commands, command);
      equal(await runtime.execute(store, commands, command), first[index], `The outcome of ${command.id} afterwards`);
    }
    equal(
      await runtime.execute(store, commands, add('counter-1', -5, 'refused at once')),
      executed,
      'That of the third',
    );
    await scene.expectSound();
  },

  'commands of an entity are decided in the order in which they were accepted, also by two who share the entities':
    async (scene) => {
      const { store, runtime } = scene;
      const other = await scene.another();
      const commands = counterCommands({ slices: 4 });
      await Promise.all([
        ...counters.map(async (counter) => {
          for (let number = 0; number < 8; number += 1)
            await runtime.submit(
              number % 2 === 0 ? store : other,
              commands,
              add(counter, number - 3, `${counter} ${number}`),
            );
        }),
        scene.run(commands),
        scene.run(commands, other),
      ]);
      await scene.outcomesOf(
        counters.flatMap((counter) => Array.from({ length: 8 }, (_, number) => `${counter} ${number}`)),
      );
      const { outcomes } = await scene.expectSound();
      equal(outcomes.size, counters.length * 8, 'The number of outcomes');
    },

  'commands that wait together for their turn are decided in their order, whatever is asked for one of them': async (
    scene,
  ) => {
    const { store, runtime } = scene;
    // The first ones take the longest to prepare.
    const prepare = async (command: CounterCommand): Promise<CounterCommand> => {
      const { amount } = command.type === 'Add' ? command.data : { amount: 0 };
      for (let turns = 0; turns < 10 - amount; turns += 1) await new Promise((resolve) => setTimeout(resolve, 1));
      return command;
    };
    const commands = counterCommands({ prepare });
    const ids = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];
    for (const [index, id] of ids.entries()) await runtime.submit(store, commands, add('counter-1', index + 1, id));
    await scene.run(commands);
    await scene.outcomesOf(ids);
    equal((await scene.expectSound()).causes.get('counter-1'), ids, 'The order of the events');
  },

  'after a sudden end right behind an outcome, nothing is decided twice, and what is open is decided': async (
    scene,
  ) => {
    const { store, runtime } = scene;
    const commands = counterCommands();
    const ids = Array.from({ length: 6 }, (_, index) => `c${index}`);
    for (const id of ids) await runtime.submit(store, commands, add('counter-1', 1, id));
    const dying = dyingAtOutcome(scene.log.engine, 'c2');
    await scene.run(commands, scene.storeOver(dying.engine));
    await scene.eventually('The sudden end', () => dying.isDead());
    await scene.log.clock.pass(1_000_000);
    await scene.run(commands, await scene.another());
    await scene.outcomesOf(ids);
    equal((await scene.expectSound()).causes.get('counter-1'), ids, 'The commands behind the events');
  },

  'a decision is refused where somebody else wrote in between, and is made anew on that': async (scene) => {
    const { log, runtime } = scene;
    const commands = counterCommands();
    const foreign = newEvent({ id: 'foreign', type: 'Added', dataText: '{"amount":7,"before":0}' });
    const interfering = engineWith(log.engine, {
      append: async (batch, options) => {
        const isFirst = batch.streams.length > 1 && (await log.versionOf('counter-1')) === 0;
        if (isFirst) await log.append('counter-1', [foreign]);
        return await log.engine.append(batch, options);
      },
    });
    await runtime.submit(scene.store, commands, add('counter-1', -5, 'c1'));
    await scene.run(commands, scene.storeOver(interfering));
    const [outcome] = await scene.outcomesOf(['c1']);
    equal(
      outcome && { kind: outcome.kind, on: 'on' in outcome && outcome.on },
      { kind: 'decided', on: 1 },
      'The outcome of a command that must be refused without the foreign event',
    );
    await scene.expectSound();
  },

  'of a cancellation and a decision one stands, and both sides are told of it': async (scene) => {
    const { store, runtime } = scene;
    const gate = scene.gate();
    const prepared: string[] = [];
    const prepare = async (command: CounterCommand): Promise<CounterCommand> => {
      prepared.push(command.id);
      await gate.opened;
      return command;
    };
    const commands = counterCommands({ prepare });
    await runtime.submit(store, commands, add('counter-1', 5, 'taken back'));
    await runtime.submit(store, commands, add('counter-1', 1, 'behind'));
    await scene.run(commands);
    await scene.eventually('The preparation of the first command', () => prepared.length > 0);
    const other = await scene.another();
    const cancelled = await runtime.cancelCommand(other, 'taken back', { reason: 'a mistake' });
    equal([cancelled.isCancelled, cancelled.outcome.kind], [true, 'cancelled'], 'What became of it');
    gate.open();
    equal(
      (await scene.outcomesOf(['taken back', 'behind'])).map(({ kind }) => kind),
      ['cancelled', 'decided'],
      'The outcomes',
    );
    const late = await runtime.cancelCommand(other, 'behind');
    equal(
      [late.isCancelled, late.outcome.kind],
      [false, 'decided'],
      'What became of the attempt to cancel a decided one',
    );
    await scene.eventually('The decision of the second', async () => (await scene.log.versionOf('counter-1')) > 0);
    equal((await scene.expectSound()).causes.get('counter-1'), ['behind'], 'The commands behind the events');
  },

  'commands that are cancelled while they are decided have one outcome each': async (scene) => {
    const { store, runtime } = scene;
    const commands = counterCommands({ slices: 2 });
    const other = await scene.another();
    await scene.run(commands);
    const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const told = await Promise.all(
      ids.map(async (id, index) => {
        await runtime.submit(store, commands, add(`counter-${index % 3}`, 1, id));
        for (let turn = 0; turn < index % 4; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
        return (await runtime.cancelCommand(other, id)).outcome;
      }),
    );
    equal(await scene.outcomesOf(ids), told, 'The outcomes, beside what those who cancelled were told');
    await scene.expectSound();
  },
});
