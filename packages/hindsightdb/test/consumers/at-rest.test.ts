/** Slices at rest, kinds of consumers, and the store's own events. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resetConsumer, resumeConsumer, startConsumer } from '../../src/consumers/index.ts';
import type { ConsumerKind, ConsumerSpec, SliceAtRest } from '../../src/consumers/consumer-spec.ts';
import { runConsumer } from '../../src/consumers/run-consumer.ts';
import { HindsightError } from '../../src/core/errors.ts';
import { inFile, inMemory, openNew } from '../open-stores.ts';
import { laterSpec, UnderWay } from './later-scenes.ts';
import { appendEach, eventually, plain } from './scenes.ts';

/** Answers by hand what a tick waits for. */
class Ticks {
  readonly seen: SliceAtRest[] = [];
  #answer: ((dueInMs: number | undefined) => void) | undefined;

  readonly tick = (slice: SliceAtRest): Promise<number | undefined> => {
    this.seen.push(slice);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    this.#answer = resolve;
    return promise;
  };

  async answer(count: number, dueInMs: number | undefined): Promise<void> {
    await eventually(`Tick ${count}`, () => this.seen.length === count);
    this.#answer?.(dueInMs);
  }
}

const anHour = 3_600_000;

for (const kind of [inMemory, inFile])
  describe(`a slice at rest on ${kind.name}`, () => {
    test('is looked at when all is handed out, and not again before it is due', async (t) => {
      const store = await openNew(t, kind);
      const [underWay, ticks] = [new UnderWay(), new Ticks()];
      await appendEach(store, 'order-1', 2);
      await using consumer = await runConsumer(
        store,
        laterSpec('ticking', underWay, { tick: ticks.tick, batchSizeMax: 1 }),
      );
      await ticks.answer(1, anHour);
      assert.deepEqual(underWay.handedOut, ['order-1 1', 'order-1 2'], 'Before the end of the log it is not');
      const [first] = ticks.seen;
      assert.deepEqual([first?.isSettled, first?.places[0]?.position], [false, 0]);
      await appendEach(store, 'order-2', 1);
      await underWay.areExactly('order-1 1', 'order-1 2', 'order-2 1');
      for (const name of underWay.names) underWay.settle(name);
      await consumer.waitFor(await store.head());
      assert.equal(ticks.seen.length, 1);
      consumer.wakeUp();
      await ticks.answer(2, undefined);
      // At once in the next round, where it does not say when.
      await ticks.answer(3, 0);
      await ticks.answer(4, anHour);
      const last = ticks.seen.at(-1);
      assert.deepEqual([last?.isSettled, last?.places[0]?.position], [true, 3]);
      await last?.record([{ key: 'timer/1', value: 'set' }]);
      assert.equal((await store.context.engine.keyedGet('timer/1'))?.value, 'set');
    });

    test('waits for what passes, and fails the consumer with anything else', async (t) => {
      const store = await openNew(t, kind);
      let tries = 0;
      const tick = async (): Promise<number | undefined> => {
        tries += 1;
        if (tries <= 4) throw new HindsightError('STORE_BUSY', 'It is busy.');
        if (tries > 5) throw new Error('no clock');
        return 1;
      };
      const states: string[] = [];
      const spec = laterSpec('failing', new UnderWay(), { tick });
      await using consumer = await runConsumer(store, spec, { onState: ({ kind: state }) => states.push(state) });
      await eventually('The failure', () => consumer.state.kind === 'failed');
      assert.equal(tries, 7, 'Two tries, as the policy says, after those that count for nothing');
      assert.ok(states.includes('retrying'));
      assert.ok(consumer.state.kind === 'failed');
      assert.equal(consumer.state.failure.message, 'no clock');
    });

    test('is left when the consumer stops, whatever its tick waits for', async (t) => {
      const store = await openNew(t, kind);
      const ticks = new Ticks();
      const consumer = await runConsumer(store, laterSpec('left', new UnderWay(), { tick: ticks.tick }));
      await eventually('The tick', () => ticks.seen.length === 1);
      await consumer.stop({ timeoutMs: 1 });
      assert.equal(ticks.seen[0]?.signal.aborted, true);
    });
  });

describe('kinds of consumers', () => {
  const idle = (kind: ConsumerKind, more: Partial<ConsumerSpec> = {}): ConsumerSpec =>
    laterSpec(kind, new UnderWay(), { kind, handle: async () => ({}), ...more });

  test('tell whether one is taken back', async (t) => {
    const store = await openNew(t, inMemory);
    await appendEach(store, 'order-1', 2);
    for (const kind of ['commands', 'process'] as const) {
      await using consumer = await runConsumer(store, idle(kind));
      await consumer.waitFor(await store.head());
    }
    await resetConsumer(store, 'commands');
    await assert.rejects(resetConsumer(store, 'process'), {
      code: 'REPLAY_REFUSED',
      message: /^process is a process manager/,
    });
  });

  test('tell whether one stands paused after a restore', async (t) => {
    const store = await openNew(t, inMemory);
    const { engine } = store.context;
    for (const kind of ['commands', 'process'] as const) {
      await (await runConsumer(store, idle(kind))).stop();
      // As if it had last been told to run before the log was restored.
      const entry = await engine.keyedGet(`consumer/${kind}`);
      const value = JSON.stringify({ ...JSON.parse(entry?.value ?? '{}'), epoch: 'earlier' });
      await engine.keyedWrite([{ key: `consumer/${kind}`, value }]);
    }
    await using commands = await runConsumer(store, idle('commands'));
    await using process = await runConsumer(store, idle('process'));
    await eventually('The one that runs', () => commands.state.kind === 'live');
    await eventually('The one that stands', () => process.state.kind === 'paused');
    await resumeConsumer(store, 'process');
    await eventually('The other one', () => process.state.kind === 'live');
  });

  test("tell whether one may follow the store's own events", async (t) => {
    const store = await openNew(t, inMemory);
    await store.setStreamSettings('order-1', { maxCount: 5 });
    await appendEach(store, 'order-1', 1);
    const followed = async (kind: ConsumerKind, filter: ConsumerSpec['filter']): Promise<readonly string[]> => {
      const seen: string[] = [];
      const name = `${kind}-${Object.keys(filter).join()}`;
      const handle: ConsumerSpec['handle'] = async ({ events }) => {
        seen.push(...events.map(({ streamId }) => streamId));
        return {};
      };
      await using consumer = await runConsumer(store, idle(kind, { name: name.replaceAll(',', '-'), filter, handle }));
      await consumer.waitFor(await store.head());
      return seen;
    };
    const own = (await store.readLog({ includeReserved: true }).toArray()).find(({ streamId }) =>
      streamId.startsWith('$'),
    );
    assert.ok(own);
    assert.deepEqual(await followed('commands', { category: '$settings' }), ['$settings-order-1']);
    assert.deepEqual(await followed('commands', { streamId: '$settings-order-1' }), ['$settings-order-1']);
    assert.deepEqual(await followed('process', { types: [own.type, 'Counted'] }), ['$settings-order-1', 'order-1']);
    assert.deepEqual(await followed('process', { category: 'order' }), ['order-1']);
    assert.deepEqual(await followed('projection', { types: [own.type, 'Counted'] }), ['order-1']);
    for (const filter of [
      { category: '$settings' },
      { streamId: '$settings-order-1' },
      { types: ['Counted', own.type] },
      { query: [{ types: [own.type] }] },
    ])
      await assert.rejects(startConsumer(store, { ...plain('curious', () => undefined), ...filter }), {
        code: 'RESERVED_NAME',
      });
  });
});
