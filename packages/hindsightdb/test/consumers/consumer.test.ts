/** Consumers: everything once at least, in order for each entity, across restarts, failures and other processes' handles. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  consumerInfo,
  listConsumers,
  pauseConsumer,
  removeConsumer,
  resetConsumer,
  resumeConsumer,
  retryLetters,
  rewindConsumer,
  setAsideFailed,
  skipLetter,
  startConsumer,
  waitForConsumer,
  type Consumer,
  type ConsumerOptions,
} from '../../src/consumers/index.ts';
import { openStore, type RecordedEvent, type Store, type StoreOptions } from '../../src/index.ts';
import { lettersOf } from './scenes.ts';

const impatient = { attemptsMax: 2, firstDelayMs: 1 };

/** Every way of opening a store that consumers are tried on. */
const kinds: readonly { readonly name: string; readonly options: StoreOptions; readonly isFile: boolean }[] = [
  { name: 'memory', options: {}, isFile: false },
  { name: 'memory with 4 partitions', options: { partitionCount: 4 }, isFile: false },
  { name: 'SQLite', options: {}, isFile: true },
];

for (const { name, options, isFile } of kinds) {
  describe(`a consumer on ${name}`, () => {
    const within = async (work: (store: Store) => Promise<void>): Promise<void> => {
      const folder = mkdtempSync(join(tmpdir(), 'hindsight-consumer-'));
      const store = await openStore(isFile ? join(folder, 'store.db') : 'memory:', options);
      try {
        await work(store);
      } finally {
        await store.close();
        rmSync(folder, { recursive: true });
      }
    };

    test('handles what is there and what comes, each event once and in order for each entity', async () => {
      await within(async (store) => {
        await appendRounds(store, 30);
        const seen: RecordedEvent[] = [];
        await using consumer = await startConsumer(store, {
          ...plain('all', (event) => void seen.push(event)),
          batchSizeMax: 7,
        });
        await appendRounds(store, 20, 30);
        await consumer.waitFor(await store.head());
        assertWhole(seen, 50);
        assert.equal(consumer.state.kind === 'live' || consumer.state.kind === 'catchingUp', true);
        assert.deepEqual(await consumer.lag(), { positions: 0, behindMs: 0 });
      });
    });

    test('goes on after a restart where it was', async () => {
      await within(async (store) => {
        await appendRounds(store, 10);
        const first = await collect(store, 'again');
        await appendRounds(store, 5, 10);
        const second = await collect(store, 'again');
        assertWhole([...first, ...second], 15);
        assert.equal(second.length, 5 * entities.length);
      });
    });

    test('follows only what it asks for, also through upcasters', async () => {
      await within(async (store) => {
        await store.append('order-1', [{ type: 'Placed', data: {} }]);
        await store.append('order-1', [{ type: 'Paid', data: {}, tags: ['vip'] }]);
        await store.append('cart-1', [{ type: 'Placed', data: {} }]);
        const read = async (filter: Partial<ConsumerOptions>): Promise<readonly string[]> => {
          const name = `filter-${JSON.stringify(filter).replaceAll(/[^a-z]/gi, '')}`;
          return (await collect(store, name, filter)).map(({ streamId, type }) => `${streamId} ${type}`).toSorted();
        };
        assert.deepEqual(await read({ category: 'order' }), ['order-1 Paid', 'order-1 Placed']);
        assert.deepEqual(await read({ category: 'order', types: ['Placed'] }), ['order-1 Placed']);
        assert.deepEqual(await read({ streamId: 'cart-1' }), ['cart-1 Placed']);
        assert.deepEqual(await read({ query: [{ tags: ['vip'] }] }), ['order-1 Paid']);
      });
    });

    test('begins where it is told, the first time only', async () => {
      await within(async (store) => {
        await appendRounds(store, 2);
        const from = await store.head();
        await appendRounds(store, 1, 2);
        assert.equal((await collect(store, 'behind', { startAt: { after: from } })).length, entities.length);
        assert.equal((await collect(store, 'now', { startAt: 'now' })).length, 0);
        await appendRounds(store, 1, 3);
        assert.equal((await collect(store, 'now', { startAt: 'beginning' })).length, entities.length);
        assert.equal((await collect(store, 'time', { startAt: { time: '2000-01-01T00:00:00Z' } })).length, 20);
      });
    });

    test('tries again what failed, and sets aside what cannot be handled with all that follows of its entity', async () => {
      await within(async (store) => {
        await appendRounds(store, 4);
        let isMended = false;
        const seen: RecordedEvent[] = [];
        const tries: number[] = [];
        await using consumer = await startConsumer(store, {
          ...plain('poisoned', (event, { attempt }) => {
            if (event.streamId === 'order-2' && event.version === 2 && !isMended) {
              tries.push(attempt);
              throw new Error('poison');
            }
            seen.push(event);
          }),
          retry: impatient,
        });
        await consumer.waitFor(await store.head());
        assert.deepEqual(tries, [0, 1]);
        const letters = await lettersOf(store, 'poisoned');
        assert.deepEqual(
          letters.map(({ version, state, error }) => [version, state, error?.message]),
          [
            [2, 'failed', 'poison'],
            [3, 'waiting', undefined],
            [4, 'waiting', undefined],
          ],
        );
        await appendRounds(store, 1, 4);
        await consumer.waitFor(await store.head());
        assert.equal(seen.filter(({ streamId }) => streamId === 'order-2').length, 1);

        await retryLetters(store, 'poisoned', 'order-2');
        await eventually(async () => tries.length > 2);
        isMended = true;
        await eventually(async () => {
          const [first] = await lettersOf(store, 'poisoned', { streamId: 'order-2' });
          if (first?.state === 'failed') await retryLetters(store, 'poisoned', 'order-2');
          return first === undefined;
        });
        await appendRounds(store, 1, 5);
        await consumer.waitFor(await store.head());
        assertWhole(seen, 6);
      });
    });

    test('goes on without a letter that is skipped', async () => {
      await within(async (store) => {
        await appendRounds(store, 3);
        const seen: RecordedEvent[] = [];
        await using consumer = await startConsumer(store, {
          ...plain('skipping', (event) => {
            if (event.streamId === 'order-1' && event.version === 1) throw new Error('never');
            seen.push(event);
          }),
          retry: impatient,
        });
        await consumer.waitFor(await store.head());
        await skipLetter(store, 'skipping', 'order-1');
        await eventually(async () => (await consumerInfo(store, 'skipping')).letterCount === 0);
        assert.deepEqual(
          seen.filter(({ streamId }) => streamId === 'order-1').map(({ version }) => version),
          [2, 3],
        );
        await assert.rejects(skipLetter(store, 'skipping', 'order-1'), { code: 'LETTER_UNKNOWN' });
      });
    });

    test('stops where it is told to, says why, and goes on when it is resumed or told to set the event aside', async () => {
      await within(async (store) => {
        await appendRounds(store, 2);
        const seen: RecordedEvent[] = [];
        await using consumer = await startConsumer(store, {
          ...plain('strict', (event) => {
            if (event.streamId === 'order-3') throw new Error(`no ${event.version}`);
            seen.push(event);
          }),
          onFailure: 'stop',
          retry: impatient,
        });
        await eventually(async () => consumer.state.kind === 'failed');
        await assert.rejects(consumer.waitFor(await store.head()), { code: 'CONSUMER_FAILED' });
        const { status, failure } = await consumerInfo(store, 'strict');
        assert.deepEqual([status, failure?.message, failure?.event?.streamId], ['failed', 'no 1', 'order-3']);
        await setAsideFailed(store, 'strict');
        await consumer.waitFor(await store.head());
        assert.deepEqual(
          (await lettersOf(store, 'strict')).map(({ version, state }) => [version, state]),
          [
            [1, 'failed'],
            [2, 'waiting'],
          ],
        );
        await assert.rejects(setAsideFailed(store, 'strict'), { code: 'UNSUPPORTED' });
      });
    });

    test('pauses, resumes, begins anew and is removed on request', async () => {
      await within(async (store) => {
        await appendRounds(store, 1);
        const seen: RecordedEvent[] = [];
        await using consumer = await startConsumer(
          store,
          plain('operated', (event) => void seen.push(event)),
        );
        await consumer.waitFor(await store.head());
        await pauseConsumer(store, 'operated', { reason: 'maintenance' });
        await eventually(async () => consumer.state.kind === 'paused');
        await appendRounds(store, 1, 1);
        assert.equal(seen.length, entities.length);
        assert.deepEqual(
          (await listConsumers(store)).map(({ name: each, status, reason }) => [each, status, reason]),
          [['operated', 'paused', 'maintenance']],
        );
        const [slice] = (await consumerInfo(store, 'operated')).slices;
        const sumOf = (positions: readonly number[] | null = null): number =>
          (positions ?? []).reduce((sum, position) => sum + position, 0);
        assert.equal(sumOf(slice?.positions), entities.length);
        await resumeConsumer(store, 'operated');
        await consumer.waitFor(await store.head());
        assertWhole(seen, 2);
        await resetConsumer(store, 'operated');
        await eventually(async () => seen.length === 4 * entities.length);
        if (name !== 'memory with 4 partitions')
          await assert.rejects(rewindConsumer(store, 'operated', { after: 900 }), { code: 'CHECKPOINT_AHEAD' });
        await removeConsumer(store, 'operated');
        await consumer.ended;
        assert.deepEqual(await listConsumers(store), []);
        await assert.rejects(consumerInfo(store, 'operated'), { code: 'CONSUMER_UNKNOWN' });
      });
    });

    test('hands batches to handleBatch, and stops when one cannot be handled', async () => {
      await within(async (store) => {
        await appendRounds(store, 6);
        const sizes: number[] = [];
        let isBroken = false;
        await using consumer = await startConsumer(store, {
          name: 'batches',
          startAt: 'beginning',
          batchSizeMax: 4,
          retry: impatient,
          handleBatch: (events) => {
            if (isBroken) throw new Error('broken');
            sizes.push(events.length);
          },
        });
        await consumer.waitFor(await store.head());
        assert.equal(
          sizes.reduce((sum, size) => sum + size, 0),
          6 * entities.length,
        );
        isBroken = true;
        await appendRounds(store, 1, 6);
        await eventually(async () => consumer.state.kind === 'failed');
        assert.equal((await consumerInfo(store, 'batches')).failure?.message, 'broken');
      });
    });

    test('spreads its entities over slices, and over the members that run it', async () => {
      await within(async (store) => {
        await appendRounds(store, 10);
        const seen: RecordedEvent[] = [];
        const run = (): Promise<Consumer> =>
          startConsumer(store, { ...plain('spread', (event) => void seen.push(event)), slices: 4 });
        const one = await run();
        const two = await run();
        await eventually(async () => (await heldBy(one)) === 2 && (await heldBy(two)) === 2);
        await appendRounds(store, 10, 10);
        await one.waitFor(await store.head());
        await two.stop();
        await eventually(async () => (await heldBy(one)) === 4);
        await appendRounds(store, 10, 20);
        await waitForConsumer(store, 'spread', await store.head());
        await one.stop();
        assertEach(seen, 30);
        await assert.rejects(startConsumer(store, { ...plain('spread', () => {}), slices: 3 }), {
          code: 'CONSUMER_MISMATCH',
        });
      });
    });
  });
}

const entities = ['order-1', 'order-2', 'order-3', 'cart-1', 'cart-2'];

async function appendRounds(store: Store, rounds: number, from = 0): Promise<void> {
  for (let round = from; round < from + rounds; round += 1)
    for (const streamId of entities) await store.append(streamId, [{ type: 'Counted', data: { round } }]);
}

function plain(name: string, handle: NonNullable<ConsumerOptions['handle']>): ConsumerOptions {
  return { name, startAt: 'beginning', handle };
}

async function collect(
  store: Store,
  name: string,
  options: Partial<ConsumerOptions> = {},
): Promise<readonly RecordedEvent[]> {
  const seen: RecordedEvent[] = [];
  const consumer = await startConsumer(store, { ...plain(name, (event) => void seen.push(event)), ...options });
  await consumer.waitFor(await store.head());
  await consumer.stop();
  return seen;
}

/** Every round of every entity exactly once, in order for each entity. */
function assertWhole(seen: readonly RecordedEvent[], rounds: number): void {
  assert.equal(seen.length, rounds * entities.length);
  assertEach(seen, rounds);
}

/** The same, though some may have come twice. */
function assertEach(seen: readonly RecordedEvent[], rounds: number): void {
  for (const streamId of entities) {
    const versions = seen.filter((event) => event.streamId === streamId).map(({ version }) => version);
    assert.deepEqual(
      [...new Set(versions)],
      Array.from({ length: rounds }, (_, index) => index + 1),
      streamId,
    );
  }
}

async function heldBy({ state }: Consumer): Promise<number> {
  return state.kind === 'live' || state.kind === 'catchingUp' ? state.slices.length : 0;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail('It did not come about within 20 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
