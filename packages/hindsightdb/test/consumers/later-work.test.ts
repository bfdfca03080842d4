/** Work that outlasts its batch: the place stays before it, failures become letters, and nothing else waits. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { consumerInfo, pauseConsumer, retryLetters, setAsideFailed, skipLetter } from '../../src/consumers/index.ts';
import type { ConsumerSpec } from '../../src/consumers/consumer-spec.ts';
import { sliceOf } from '../../src/consumers/slice-entry.ts';
import { runConsumer } from '../../src/consumers/run-consumer.ts';
import type { Store } from '../../src/index.ts';
import { inFile, inMemory, openNew } from '../open-stores.ts';
import { laterSpec, UnderWay } from './later-scenes.ts';
import { appendEach, eventually, lettersOf, pauseMs } from './scenes.ts';

for (const kind of [inMemory, inFile])
  describe(`work that settles later on ${kind.name}`, () => {
    test('holds nothing else back, and the place stays before the oldest of it', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      await using consumer = await runConsumer(store, laterSpec('slow', underWay));
      await appendEach(store, 'order-1', 1);
      await appendEach(store, 'order-2', 2);
      await underWay.areExactly('order-1 1', 'order-2 1', 'order-2 2');
      underWay.settle('order-2 1');
      underWay.settle('order-2 2');
      await appendEach(store, 'order-3', 1);
      await underWay.areExactly('order-1 1', 'order-3 1');
      await assert.rejects(consumer.waitFor(await store.head(), { timeoutMs: 300 }), { code: 'WAIT_TIMEOUT' });
      assert.equal((await consumer.lag()).positions, 4);
      underWay.settle('order-1 1');
      underWay.settle('order-3 1');
      await consumer.waitFor(await store.head());
      await eventually('The record of the place', async () => (await positionIn(store, 'slow')) === 4);
    });

    test('is handed out again behind the recorded place when its process was lost', async (t) => {
      const store = await openNew(t, kind);
      const lost = new UnderWay();
      await appendEach(store, 'order-1', 4);
      const first = await runConsumer(store, laterSpec('killed', lost, { leaseMs: 200 }));
      await lost.areExactly('order-1 1', 'order-1 2', 'order-1 3', 'order-1 4');
      lost.settle('order-1 1');
      lost.settle('order-1 3');
      await eventually('The record of the place', async () => (await positionIn(store, 'killed')) === 1);
      // What ends so when it is told to end has not failed.
      lost.signals.at(-1)?.addEventListener('abort', () => {
        for (const name of lost.names) lost.fail(name);
      });
      await first.stop({ timeoutMs: 0 });
      assert.equal(
        lost.signals.every(({ aborted }) => aborted),
        true,
      );
      const next = new UnderWay();
      await using second = await runConsumer(store, laterSpec('killed', next));
      await next.areExactly('order-1 2', 'order-1 3', 'order-1 4');
      for (const name of next.names) next.settle(name);
      await second.waitFor(await store.head());
    });

    test('that fails becomes a letter, what was handed out behind it waits, and both are retried in order', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      await using consumer = await runConsumer(store, laterSpec('failing', underWay));
      await appendEach(store, 'order-1', 3);
      await appendEach(store, 'order-2', 1);
      await underWay.areExactly('order-1 1', 'order-1 2', 'order-1 3', 'order-2 1');
      underWay.settle('order-1 1');
      underWay.fail('order-1 2');
      await eventually('The letter', async () => (await lettersOf(store, 'failing')).length === 1);
      // Handed out before the failure was known.
      underWay.settle('order-1 3', { kind: 'waiting' });
      underWay.settle('order-2 1');
      await consumer.waitFor(await store.head());
      await appendEach(store, 'order-1', 1);
      await consumer.waitFor(await store.head());
      assert.deepEqual(
        (await lettersOf(store, 'failing')).map(({ version, state, attempts, error }) => [
          version,
          state,
          attempts,
          error?.message,
        ]),
        [
          [2, 'failed', 3, 'order-1 2 failed'],
          [3, 'waiting', 0, undefined],
          [4, 'waiting', 0, undefined],
        ],
      );
      await retryLetters(store, 'failing', 'order-1');
      await underWay.areExactly('order-1 2');
      underWay.fail('order-1 2');
      await eventually('The second failure', async () => (await lettersOf(store, 'failing'))[0]?.attempts === 6);
      await skipLetter(store, 'failing', 'order-1');
      await underWay.areExactly('order-1 3');
      underWay.settle('order-1 3');
      await underWay.areExactly('order-1 4');
      underWay.settle('order-1 4');
      await eventually('The end of the letters', async () => (await lettersOf(store, 'failing')).length === 0);
    });

    test('that failed holds back what comes behind it before its letter is written', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
      // Of two slices the other one is busy, so that nothing is written of the failure.
      const other = ['a', 'b', 'c', 'd', 'e', 'f'].find((name) => sliceOf(name, 2) !== sliceOf('order-1', 2)) ?? '';
      const handle: ConsumerSpec['handle'] = async (batch) => {
        const writes = await underWay.handle(batch);
        if (batch.events[0]?.streamId === other) await isLet;
        return writes;
      };
      await using consumer = await runConsumer(store, laterSpec('held', underWay, { sliceCount: 2, handle }));
      await appendEach(store, 'order-1', 1);
      await underWay.areExactly('order-1 1');
      await appendEach(store, other, 1);
      await underWay.areExactly('order-1 1', `${other} 1`);
      underWay.fail('order-1 1');
      await appendEach(store, 'order-1', 1);
      letGo();
      underWay.settle(`${other} 1`);
      await consumer.waitFor(await store.head());
      assert.deepEqual(underWay.handedOut, ['order-1 1', `${other} 1`]);
      assert.deepEqual(
        (await lettersOf(store, 'held')).map(({ state }) => state),
        ['failed', 'waiting'],
      );
    });

    test('is awaited before a letter of its entity is tried again', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      await appendEach(store, 'order-1', 2);
      await using _ = await runConsumer(store, laterSpec('tidy', underWay));
      await underWay.areExactly('order-1 1', 'order-1 2');
      underWay.fail('order-1 1');
      await eventually('The letter', async () => (await lettersOf(store, 'tidy')).length === 1);
      await retryLetters(store, 'tidy', 'order-1');
      // Longer than it takes until the request is seen.
      await pauseMs(600);
      assert.deepEqual(underWay.names, ['order-1 2']);
      underWay.settle('order-1 2', { kind: 'waiting' });
      for (const name of ['order-1 1', 'order-1 2']) {
        await underWay.areExactly(name);
        underWay.settle(name);
      }
      await eventually('The end of the letters', async () => (await lettersOf(store, 'tidy')).length === 0);
    });

    test('stops a consumer that sets nothing aside, with the place before it', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      await appendEach(store, 'order-1', 2);
      const spec = laterSpec('strict', underWay, { onFailure: 'stop' });
      await using consumer = await runConsumer(store, spec);
      await underWay.areExactly('order-1 1', 'order-1 2');
      underWay.settle('order-1 1');
      underWay.fail('order-1 2');
      await eventually('The failure', () => consumer.state.kind === 'failed');
      assert.ok(consumer.state.kind === 'failed');
      assert.equal(consumer.state.failure.event?.version, 2);
      assert.equal(await positionIn(store, 'strict'), 1);
      await setAsideFailed(store, 'strict');
      await underWay.areExactly('order-1 2');
      underWay.fail('order-1 2');
      await eventually('The letter', async () => (await lettersOf(store, 'strict')).length === 1);
    });

    test('is bounded for each slice', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      await appendEach(store, 'order-1', 7);
      await using consumer = await runConsumer(store, laterSpec('bounded', underWay, { unsettledMax: 3 }));
      await underWay.areExactly('order-1 1', 'order-1 2', 'order-1 3');
      underWay.settle('order-1 2');
      await underWay.areExactly('order-1 1', 'order-1 3', 'order-1 4');
      assert.equal((await store.readLog().toArray()).length, 7);
      while (underWay.handedOut.length < 7 || underWay.names.length > 0) {
        assert.ok(underWay.names.length <= 3);
        const [name] = underWay.names;
        if (name !== undefined) underWay.settle(name);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await consumer.waitFor(await store.head());
      assert.equal(underWay.handedOut.length, 7);
    });

    test('is waited for by a stop and by a pause, and its place is recorded then', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      await appendEach(store, 'order-1', 2);
      const consumer = await runConsumer(store, laterSpec('ending', underWay));
      await underWay.areExactly('order-1 1', 'order-1 2');
      underWay.settle('order-1 1');
      await pauseConsumer(store, 'ending');
      const stopped = consumer.stop();
      await pauseMs(50);
      underWay.fail('order-1 2');
      await stopped;
      assert.equal(await positionIn(store, 'ending'), 2);
      assert.deepEqual(
        (await lettersOf(store, 'ending')).map(({ version }) => version),
        [2],
      );
    });
  });

async function positionIn(store: Store, name: string): Promise<number | undefined> {
  return (await consumerInfo(store, name)).slices[0]?.positions?.[0];
}
