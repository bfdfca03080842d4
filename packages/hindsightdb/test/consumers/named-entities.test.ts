/** Entities that a consumer names itself, across streams and partitions. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listLetters, retryAllLetters, retryLetters, skipLetter, type Letter } from '../../src/consumers/index.ts';
import type { ConsumerSpec } from '../../src/consumers/consumer-spec.ts';
import { runConsumer } from '../../src/consumers/run-consumer.ts';
import { sliceOf } from '../../src/consumers/slice-entry.ts';
import type { RecordedEvent, Store } from '../../src/index.ts';
import { allStoreKinds, openNew } from '../open-stores.ts';
import { laterSpec, UnderWay } from './later-scenes.ts';
import { eventually, lettersOf, nameOf } from './scenes.ts';

/** `order-7` and `payment-7` are of the instance 7. */
const entityOf = ({ streamId }: RecordedEvent): string => streamId.slice(streamId.indexOf('-') + 1);

for (const kind of allStoreKinds)
  describe(`entities that a consumer names, on ${kind.name}`, () => {
    test('lie in one slice, wait together behind a letter and are tried again in the order in which they failed', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      const slices: Record<string, number> = {};
      const spec = processSpec(underWay, {
        handle: async (batch) => {
          for (const event of batch.events) slices[entityOf(event)] ??= batch.slice;
          for (const event of batch.events) assert.equal(batch.slice, slices[entityOf(event)]);
          return await underWay.handle(batch);
        },
      });
      await using consumer = await runConsumer(store, spec);
      await appendOf(store, 'zebra-7');
      await underWay.areExactly('zebra-7 1');
      underWay.fail('zebra-7 1');
      await eventually('The letter', async () => (await lettersOf(store, 'process')).length === 1);
      for (const streamId of ['order-7', 'payment-8', 'zebra-7', 'payment-7']) await appendOf(store, streamId);
      await underWay.areExactly('payment-8 1');
      underWay.settle('payment-8 1');
      await consumer.waitFor(await store.head());
      assert.deepEqual(slices, { 7: sliceOf('7', 3), 8: sliceOf('8', 3) });
      const letters = await lettersOf(store, 'process', { streamId: '7' });
      assert.equal(letters.length, 4);
      assert.deepEqual(
        letters.map(({ entity, slice }) => [entity, slice]),
        letters.map(() => ['7', sliceOf('7', 3)]),
      );
      assert.equal(nameOfLetter(letters[0]), 'zebra-7 1');
      assert.deepEqual((await lettersOf(store, 'process')).map(nameOfLetter), letters.map(nameOfLetter));
      await assert.rejects(retryLetters(store, 'process', 'zebra-7'), { code: 'LETTER_UNKNOWN' });
      assert.equal(await retryAllLetters(store, 'process'), 1);
      for (const letter of letters) {
        await underWay.areExactly(nameOfLetter(letter));
        underWay.settle(nameOfLetter(letter));
      }
      await eventually('The end of the letters', async () => (await lettersOf(store, 'process')).length === 0);
      await appendOf(store, 'order-7');
      await underWay.areExactly('order-7 2');
      underWay.settle('order-7 2');
      await consumer.waitFor(await store.head());
    });

    test('are told of a letter that is skipped, until they have heard it', async (t) => {
      const store = await openNew(t, kind);
      const underWay = new UnderWay();
      const told: string[] = [];
      const lettersThen: number[] = [];
      const whenSkipped = async (event: RecordedEvent): Promise<void> => {
        told.push(nameOf(event));
        lettersThen.push((await lettersOf(store, 'process')).length);
        if (told.length === 1) throw new Error('not now');
      };
      await using _ = await runConsumer(store, processSpec(underWay, { whenSkipped }));
      await appendOf(store, 'order-7');
      await underWay.areExactly('order-7 1');
      underWay.fail('order-7 1');
      await eventually('The letter', async () => (await lettersOf(store, 'process')).length === 1);
      await skipLetter(store, 'process', '7');
      await eventually('The end of the letter', async () => (await lettersOf(store, 'process')).length === 0);
      assert.deepEqual(told, ['order-7 1', 'order-7 1']);
      assert.deepEqual(lettersThen, [1, 1]);
    });

    test('that cannot be named stop the consumer, which says why', async (t) => {
      const store = await openNew(t, kind);
      await appendOf(store, 'order-7');
      for (const [name, wrong, reason] of [
        ['thrown', () => assert.fail('no key'), /no key/],
        ['empty', () => '', /must be a text of 1 to 1000 characters/],
        ['torn', () => '\ud800', /must be a text of 1 to 1000 characters/],
      ] as const) {
        await using consumer = await runConsumer(store, processSpec(new UnderWay(), { name, entityOf: wrong }));
        await eventually('The failure', () => consumer.state.kind === 'failed');
        assert.ok(consumer.state.kind === 'failed');
        assert.match(consumer.state.failure.message, reason);
      }
    });

    test('are known to be held where their slice is', async (t) => {
      const store = await openNew(t, kind);
      const consumer = await runConsumer(store, processSpec(new UnderWay()));
      await eventually('The slices', () => consumer.state.kind === 'live');
      assert.equal(consumer.holds('7'), true);
      await using other = await runConsumer(store, processSpec(new UnderWay()));
      await eventually('A share of each', () => ['1', '2', '3', '4', '5', '6'].some((key) => other.holds(key)));
      for (const key of ['1', '2', '3', '4', '5', '6', '7'])
        await eventually(`One holder of ${key}`, () => consumer.holds(key) !== other.holds(key));
      await consumer.stop();
      assert.equal(consumer.holds('7'), false);
    });
  });

function processSpec(underWay: UnderWay, more: Partial<ConsumerSpec> = {}): ConsumerSpec {
  return laterSpec('process', underWay, { kind: 'process', entityOf, sliceCount: 3, ...more });
}

async function appendOf(store: Store, streamId: string): Promise<void> {
  await store.append(streamId, [{ type: 'Noted', data: {} }]);
}

function nameOfLetter(letter: Letter | undefined): string {
  return `${letter?.streamId} ${letter?.version}`;
}

test('letters of an entity that a consumer names by now otherwise are not lost', async (t) => {
  const store = await openNew(t, allStoreKinds[0] ?? assert.fail());
  const underWay = new UnderWay();
  {
    await using _ = await runConsumer(store, processSpec(underWay));
    await appendOf(store, 'order-7');
    await underWay.areExactly('order-7 1');
    underWay.fail('order-7 1');
    await eventually('The letter', async () => (await lettersOf(store, 'process')).length === 1);
  }
  await using _ = await runConsumer(store, processSpec(underWay, { entityOf: ({ streamId }) => streamId }));
  await retryLetters(store, 'process', '7');
  await eventually('The failure', async () => (await lettersOf(store, 'process'))[0]?.state === 'failed');
  for await (const { error } of listLetters(store, 'process', { streamId: '7' }))
    assert.match(error?.message ?? '', /names its entity order-7 by now, and set it aside as one of 7/);
  await skipLetter(store, 'process', '7');
  await eventually('The end of the letter', async () => (await lettersOf(store, 'process')).length === 0);
});
