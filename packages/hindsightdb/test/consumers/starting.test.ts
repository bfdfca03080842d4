/** Where and whether a consumer begins: nothing that comes after the answer to its start is missed. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listConsumers, resetConsumer, startConsumer } from '../../src/consumers/index.ts';
import { isHindsightError } from '../../src/index.ts';
import { allStoreKinds, inMemory, openNew } from '../open-stores.ts';
import { alteredStore, appendEach, eventually, nameOf, pauseMs, plain } from './scenes.ts';

for (const kind of allStoreKinds)
  describe(`starting a consumer on ${kind.name}`, () => {
    test('at now means the moment of the start, for every slice, whenever that is taken up', async (t) => {
      const store = await openNew(t, kind);
      await appendEach(store, 'order-1', 2);
      const seen: string[] = [];
      const options = { ...plain('now', (event) => void seen.push(nameOf(event))), startAt: 'now', slices: 4 } as const;
      await using consumer = await startConsumer(store, options);
      const streamIds = Array.from({ length: 16 }, (_, index) => `order-${index + 2}`);
      for (const streamId of streamIds) await appendEach(store, streamId, 1);
      await consumer.waitFor(await store.head());
      assert.deepEqual(seen.toSorted(), streamIds.map((streamId) => `${streamId} 1`).toSorted());
    });

    test('anew after a reset means the same place as the first time', async (t) => {
      const store = await openNew(t, kind);
      await appendEach(store, 'order-1', 1);
      const seen: string[] = [];
      const options = { ...plain('again', (event) => void seen.push(nameOf(event))), startAt: 'now' } as const;
      await using consumer = await startConsumer(store, options);
      await appendEach(store, 'order-2', 2);
      await consumer.waitFor(await store.head());
      await resetConsumer(store, 'again');
      await eventually('The second round', () => seen.length >= 4);
      assert.deepEqual(seen, ['order-2 1', 'order-2 2', 'order-2 1', 'order-2 2']);
    });

    test('is refused with wrong options, and leaves nothing', async (t) => {
      const store = await openNew(t, kind);
      const wrong: readonly object[] = [
        { name: 'a/b' },
        { name: '' },
        { startAt: 'yesterday' },
        { startAt: undefined },
        { slices: 0 },
        { leaseMs: 1 },
        { handle: undefined },
        { handleBatch: () => {} },
        { retry: { attemptsMax: 0 } },
        { types: ['a'], query: [{ types: ['b'] }] },
        { types: 'a' },
        { onFailure: 'explode' },
        { concurrencyMax: 0 },
      ];
      for (const options of wrong)
        await assert.rejects(
          startConsumer(store, { ...plain('wrong', () => {}), ...options }),
          (error) => error instanceof TypeError || error instanceof RangeError || isHindsightError(error),
          JSON.stringify(options),
        );
      assert.deepEqual(await listConsumers(store), []);
    });
  });

test('a consumer whose signal is aborted already handles nothing and ends', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 3);
  const seen: string[] = [];
  const handle = async (event: Parameters<typeof nameOf>[0]): Promise<void> => {
    await pauseMs(5);
    seen.push(nameOf(event));
  };
  const consumer = await startConsumer(store, { ...plain('late', handle), signal: AbortSignal.abort() });
  await consumer.ended;
  assert.deepEqual([seen, consumer.state.kind], [[], 'stopped']);
});

test('a consumer that is at its first batch says so', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 1);
  const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
  let isAt = false;
  const handle = async (): Promise<void> => {
    isAt = true;
    await isLet;
  };
  await using consumer = await startConsumer(store, plain('slow', handle));
  await eventually('The first event', () => isAt);
  assert.deepEqual(consumer.state, { kind: 'catchingUp', slices: [0] });
  letGo();
  await eventually('The end of the log', () => consumer.state.kind === 'live');
});

test('what is appended while the last of what was there is handled follows at once', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 2);
  let reads = 0;
  const counting = alteredStore(store, (engine) => ({
    readLog: (request) => {
      reads += 1;
      return engine.readLog(request);
    },
  }));
  const seen: string[] = [];
  const waits: number[] = [];
  let appendedAt = Number.NaN;
  const handle = async (event: Parameters<typeof nameOf>[0]): Promise<void> => {
    // The second batch has been read ahead by now, and ends where the log ended.
    if (seen.length === 0) {
      await eventually('The reading ahead', () => reads >= 2);
      await appendEach(store, 'order-1', 1);
      appendedAt = performance.now();
    }
    seen.push(nameOf(event));
    if (seen.length === 3) waits.push(performance.now() - appendedAt);
  };
  await using consumer = await startConsumer(counting, { ...plain('seam', handle), batchSizeMax: 1 });
  await consumer.waitFor(await store.head());
  await eventually('The third event', () => seen.length === 3);
  assert.deepEqual(seen, ['order-1 1', 'order-1 2', 'order-1 3']);
  // A consumer that sleeps through the append wakes by its look, every 250 ms.
  assert.ok((waits[0] ?? Number.NaN) < 150, `It waited ${waits[0]} ms.`);
});
