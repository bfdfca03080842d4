/**
 * Handling commands over an engine, as cases like those of the kit: deciding within the group rests on predecessors, retries
 * on conflicts, repeated commands on keys. They stand beside the kit because it may not import what stands above the store.
 */

import { handle } from '../../src/commands/handle.ts';
import { bindAreas, defineArea } from '../../src/conformance/area.ts';
import { equal, holds, outcomeOf } from '../../src/conformance/assertions.ts';
import type { ConformanceCase, EngineFixture } from '../../src/conformance/index.ts';
import { storeOn } from '../../src/conformance/store-cases/store-under-test.ts';
import { defineDecider } from '../../src/core/decider.ts';
import { isConflict } from '../../src/core/errors.ts';
import type { Recorded } from '../../src/core/event.ts';
import type { Store } from '../../src/store/store.ts';
import { storeOver } from '../../src/store/open.ts';

type Added = { readonly type: 'Added'; readonly data: { readonly amount: number; readonly before: number } };

interface Add {
  readonly add: number;
}

const refusal = new Error('Nothing is added below zero.');

/** Every event says which total it was decided on, so that a decision on a wrong state shows. */
const counter = defineDecider({
  category: 'counter',
  initialState: { total: 0 },
  decide: (command: Add, state: { readonly total: number }): Added[] => {
    if (command.add < 0) throw refusal;
    return command.add === 0 ? [] : [{ type: 'Added', data: { amount: command.add, before: state.total } }];
  },
  evolve: (state, event: Recorded<Added>) => ({ total: state.total + event.data.amount }),
});

/** Cases for handling commands on a store over the engine. */
export function handlingCases(fixture: EngineFixture): readonly ConformanceCase[] {
  return bindAreas([handling], fixture);
}

const handling = defineArea('the store: handling commands', {
  'commands that are not awaited are decided in their order, each on the state after the one before': async (log) => {
    const store = storeOn(log);
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) => handle(store, counter, 'counter-1', { add: index + 1 })),
    );
    equal(
      results.map(({ version }) => version),
      results.map((_, index) => index + 1),
      'The versions answered',
    );
    await expectSound(store, 60);
    equal(results.at(-1)?.state, { total: 1830 }, 'The state after the last command');
  },

  'a command that is refused leaves no trace, and those around it are decided as if it had not been': async (log) => {
    const store = storeOn(log);
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        outcomeOf(() => handle(store, counter, 'counter-1', { add: index % 3 === 1 ? -1 : index % 3 })),
      ),
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (index % 3 === 1)
        holds(
          outcome.kind === 'rejected' && outcome.reason === refusal,
          `Command ${index} was not refused by the decider.`,
        );
      else equal(outcome.kind, 'fulfilled', `How command ${index} ended`);
    }
    await expectSound(store, 10);
  },

  'commands that are decided on an append which is overtaken are decided anew': async (log) => {
    const store = storeOn(log);
    const foreign = storeOver(log.engine, { now: log.clock.now, newId: () => log.make.one().id });
    const handled: Promise<unknown>[] = [];
    for (let round = 0; round < 12; round += 1) {
      for (let index = 0; index < 4; index += 1)
        handled.push(handle(store, counter, 'counter-1', { add: 1 }, { retries: 100 }));
      // A foreign decision lands between those that were decided on each other.
      handled.push(handle(foreign, counter, 'counter-1', { add: 10 }, { retries: 100 }));
      if (round % 3 === 2) await Promise.resolve();
    }
    await Promise.all(handled);
    equal((await expectSound(store, 60)).total, 168, 'The total');
  },

  'handlers on several handles, in several processes where there are any, lose no decision': async (log) => {
    const engines = log.isShared ? [log.engine, await log.another()] : [log.engine, log.engine];
    const stores = engines.map((engine, index) =>
      storeOver(engine, { now: log.clock.now, newId: () => `${index}-${log.make.one().id}` }),
    );
    await Promise.all(
      stores.map(async (store) => {
        for (let round = 0; round < 6; round += 1)
          await Promise.all(
            Array.from({ length: 5 }, () => handle(store, counter, 'counter-1', { add: 1 }, { retries: 1000 })),
          );
      }),
    );
    await log.eventually('The sight of the last command', async () => (await log.versionOf('counter-1')) === 60);
    await expectSound(storeOn(log), 60);
  },

  'a command under a known key gets its first answer, whatever has happened since, and is not decided again': async (
    log,
  ) => {
    const store = storeOn(log);
    const first = await handle(store, counter, 'counter-1', { add: 5 }, { key: 'request-1' });
    await handle(store, counter, 'counter-1', { add: 1 });
    const again = await handle(store, counter, 'counter-1', { add: 5 }, { key: 'request-1' });
    equal(
      [again.isDuplicate, again.version, again.events],
      [true, first.version, first.events],
      'The answer to the repetition',
    );
    await expectSound(store, 2);
  },

  'without retries a command that is overtaken ends in a conflict, and leaves no trace': async (log) => {
    const store = storeOn(log);
    await handle(store, counter, 'counter-1', { add: 1 });
    const stale = await outcomeOf(() =>
      handle(store, counter, 'counter-1', { add: 1 }, { expectedVersion: 0, retries: 0 }),
    );
    holds(
      stale.kind === 'rejected' && isConflict(stale.reason),
      'A command for a version that has passed did not end in a conflict.',
    );
    await expectSound(store, 1);
  },
});

/** Each event was decided on exactly the events before it. */
async function expectSound(store: Store, count: number): Promise<{ readonly total: number }> {
  const events = await store.readStream<Added>('counter-1').toArray();
  equal(events.length, count, 'The number of events');
  let total = 0;
  for (const { data, version } of events) {
    equal(data.before, total, `The total on which version ${version} was decided`);
    total += data.amount;
  }
  return { total };
}
