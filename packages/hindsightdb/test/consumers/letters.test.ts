/** Dead letters under everything that may happen around them: rewinds, takeovers, and operators who are faster. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resetConsumer, retryLetters, skipLetter, startConsumer, type Consumer } from '../../src/consumers/index.ts';
import { letterKey } from '../../src/consumers/consumer-keys.ts';
import type { RecordedEvent, Store } from '../../src/index.ts';
import { HindsightError } from '../../src/core/errors.ts';
import { inFile, inMemory, openNew } from '../open-stores.ts';
import { alteredStore, appendEach, eventually, impatient, lettersOf, nameOf, pauseMs, plain } from './scenes.ts';

for (const kind of [inMemory, inFile])
  describe(`letters on ${kind.name}`, () => {
    test('stay as they are when the consumer is reset, and let their entity go when they are handled', async (t) => {
      const store = await openNew(t, kind);
      await appendEach(store, 'order-1', 4);
      const seen: string[] = [];
      let isMended = false;
      const handle = (event: RecordedEvent): void => {
        if (event.version === 2 && !isMended) throw new Error('poison');
        seen.push(nameOf(event));
      };
      await using consumer = await startConsumer(store, { ...plain('reset', handle), retry: impatient });
      await consumer.waitFor(await store.head());
      await resetConsumer(store, 'reset');
      await eventually('The first event once more', () => seen.length === 2);
      await consumer.waitFor(await store.head());
      const letters = await lettersOf(store, 'reset');
      assert.deepEqual(
        letters.map(({ version, state, error }) => [version, state, error?.message]),
        [
          [2, 'failed', 'poison'],
          [3, 'waiting', undefined],
          [4, 'waiting', undefined],
        ],
      );
      isMended = true;
      await retryLetters(store, 'reset', 'order-1');
      await eventually('The end of the letters', async () => (await lettersOf(store, 'reset')).length === 0);
      await appendEach(store, 'order-1', 1);
      await consumer.waitFor(await store.head());
      assert.deepEqual(seen, ['order-1 1', 'order-1 1', 'order-1 2', 'order-1 3', 'order-1 4', 'order-1 5']);
    });

    test('whose process was killed between two of them are gone on with', async (t) => {
      const store = await openNew(t, kind);
      await appendEach(store, 'order-1', 3);
      const fail = (): void => {
        throw new Error('not yet');
      };
      {
        await using consumer = await startConsumer(store, { ...plain('interrupted', fail), retry: impatient });
        await consumer.waitFor(await store.head());
      }
      const [first] = await lettersOf(store, 'interrupted');
      assert.ok(first);
      // As whoever had handled the first letter left it, when it was killed before the second.
      await store.context.engine.keyedWrite([{ key: letterKey('interrupted', first.slice, first), value: null }]);
      const seen: string[] = [];
      await using _ = await startConsumer(
        store,
        plain('interrupted', (event) => void seen.push(nameOf(event))),
      );
      await eventually('The end of the letters', async () => (await lettersOf(store, 'interrupted')).length === 0);
      assert.deepEqual(seen, ['order-1 2', 'order-1 3']);
    });

    test('that were asked for of a member which dies are tried by whoever takes their slice over', async (t) => {
      const store = await openNew(t, kind);
      let isDead = false;
      const mortal = alteredStore(store, (engine) => ({
        keyedWrite: async (writes) => {
          if (isDead) throw new Error('The process is dead.');
          return await engine.keyedWrite(writes);
        },
      }));
      const tried: string[] = [];
      const run = (name: string, on: Store): Promise<Consumer> =>
        startConsumer(on, {
          ...plain('handed', () => {
            tried.push(name);
            throw new Error('never');
          }),
          retry: { attemptsMax: 1 },
          slices: 2,
          leaseMs: 200,
        });
      await using first = await run('first', mortal);
      await using second = await run('second', store);
      await eventually('A slice for each', () => slicesOf(first) === 1 && slicesOf(second) === 1);
      // One entity in each slice.
      for (const streamId of ['order-1', 'order-2', 'order-3', 'order-4']) await appendEach(store, streamId, 1);
      await second.waitFor(await store.head());
      const ofFirst = (await lettersOf(store, 'handed')).find(({ slice }) => slice === heldBy(first)[0]);
      assert.ok(ofFirst);
      isDead = true;
      const before = tried.length;
      await retryLetters(store, 'handed', ofFirst.streamId);
      await eventually('The other slice', () => slicesOf(second) === 2);
      await eventually('The second try', async () =>
        (await lettersOf(store, 'handed')).some(
          ({ streamId, attempts }) => streamId === ofFirst.streamId && attempts === 2,
        ),
      );
      assert.equal(tried.slice(before).includes('second'), true);
    });

    test('that are skipped while they are tried are dropped', async (t) => {
      const store = await openNew(t, kind);
      await appendEach(store, 'order-1', 2);
      const seen: string[] = [];
      let tries = 0;
      const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
      const handle = async (event: RecordedEvent): Promise<void> => {
        if (event.version === 1) {
          tries += 1;
          if (tries === 2) await isLet;
          throw new Error('never');
        }
        seen.push(nameOf(event));
      };
      await using consumer = await startConsumer(store, { ...plain('skipped', handle), retry: { attemptsMax: 1 } });
      await consumer.waitFor(await store.head());
      await retryLetters(store, 'skipped', 'order-1');
      await eventually('The second try', () => tries === 2);
      await skipLetter(store, 'skipped', 'order-1');
      letGo();
      await eventually('The end of the letters', async () => (await lettersOf(store, 'skipped')).length === 0);
      assert.deepEqual(seen, ['order-1 2']);
    });

    test('count every try', async (t) => {
      const store = await openNew(t, kind);
      await appendEach(store, 'order-1', 1);
      let tries = 0;
      const handle = (): void => {
        tries += 1;
        throw new Error('never');
      };
      await using consumer = await startConsumer(store, { ...plain('tried', handle), retry: impatient });
      await consumer.waitFor(await store.head());
      await retryLetters(store, 'tried', 'order-1');
      await eventually('Two more tries', () => tries === 4);
      await eventually('The note of them', async () => (await lettersOf(store, 'tried'))[0]?.state === 'failed');
      assert.equal((await lettersOf(store, 'tried'))[0]?.attempts, 4);
    });
  });

function heldBy({ state }: Consumer): readonly number[] {
  return state.kind === 'live' || state.kind === 'catchingUp' ? state.slices : [];
}

function slicesOf(consumer: Consumer): number {
  return heldBy(consumer).length;
}

test('a letter that cannot be let go because the store is busy is not counted as failed', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 1);
  let isMended = false;
  const handle = async (): Promise<void> => {
    await pauseMs(1);
    if (!isMended) throw new Error('poison');
  };
  let isBusy = false;
  const busy = alteredStore(store, (engine) => ({
    keyedWrite: async (writes) => {
      if (isBusy && writes.some(({ key, value }) => key.startsWith('letter/') && value === null)) {
        isBusy = false;
        throw new HindsightError('STORE_BUSY', 'The store is busy.');
      }
      return await engine.keyedWrite(writes);
    },
  }));
  await using consumer = await startConsumer(busy, { ...plain('busy', handle), retry: { attemptsMax: 1 } });
  await consumer.waitFor(await store.head());
  [isMended, isBusy] = [true, true];
  await retryLetters(store, 'busy', 'order-1');
  await eventually('The end of the letter', async () => (await lettersOf(store, 'busy')).length === 0);
});
