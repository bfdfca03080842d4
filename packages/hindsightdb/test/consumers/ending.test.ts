/** How a consumer ends and what it says of failures: nothing ends it silently, and nothing of others holds it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  consumerInfo,
  removeConsumer,
  resetConsumer,
  resumeConsumer,
  setAsideFailed,
  startConsumer,
} from '../../src/consumers/index.ts';
import { HindsightError } from '../../src/core/errors.ts';
import { openStore } from '../../src/index.ts';
import { inFile, inMemory, openNew } from '../open-stores.ts';
import { unlessAborted } from '../../src/consumers/pause.ts';
import { alteredStore, appendEach, eventually, lettersOf, nameOf, pauseMs, plain } from './scenes.ts';

const once = { attemptsMax: 1 } as const;

describe('a consumer', () => {
  test('is not ended by a handler that says that another store was closed', async (t) => {
    const store = await openNew(t, inMemory);
    const other = await openStore('memory:');
    await other.close();
    await appendEach(store, 'order-1', 1);
    const handle = async (): Promise<void> => void (await other.append('copy-1', [{ type: 'Copied', data: 1 }]));
    await using each = await startConsumer(store, { ...plain('each', handle), retry: once });
    await each.waitFor(await store.head());
    assert.equal((await lettersOf(store, 'each'))[0]?.error?.code, 'CLOSED');
    const { handle: _handle, ...rest } = plain('batches', handle);
    await using batches = await startConsumer(store, { ...rest, handleBatch: handle, retry: once });
    await eventually('The failure', () => batches.state.kind === 'failed');
    assert.equal((await consumerInfo(store, 'batches')).failure?.code, 'CLOSED');
  });

  test('counts the tries of a batch whose handler meets conflicts of its own', async (t) => {
    const store = await openNew(t, inMemory);
    await appendEach(store, 'order-1', 1);
    const handleBatch = async (): Promise<void> =>
      void (await store.append('order-1', [{ type: 'Never', data: 1 }], { expectedVersion: 0 }));
    const { handle: _handle, ...rest } = plain('conflicts', () => {});
    await using consumer = await startConsumer(store, { ...rest, handleBatch, retry: once });
    await eventually('The failure', () => consumer.state.kind === 'failed');
    assert.equal((await consumerInfo(store, 'conflicts')).failure?.code, 'VERSION_CONFLICT');
  });

  test('says that it tries again while nothing can be recorded, and stops when it is told to', async (t) => {
    const store = await openNew(t, inMemory);
    await appendEach(store, 'order-1', 1);
    let isHandled = false;
    const full = alteredStore(store, (engine) => ({
      keyedWrite: async (writes) => {
        if (isHandled && writes.some(({ key }) => key.startsWith('slice/')))
          throw new HindsightError('DISK_FULL', 'The disk is full.');
        return await engine.keyedWrite(writes);
      },
    }));
    const consumer = await startConsumer(
      full,
      plain('full', () => void (isHandled = true)),
    );
    await eventually('The state', () => consumer.state.kind === 'retrying');
    const begin = performance.now();
    await consumer.stop();
    assert.ok(performance.now() - begin < 5000);
  });

  test('survives an error that cannot be written as JSON', async (t) => {
    const store = await openNew(t, inMemory);
    await appendEach(store, 'order-1', 1);
    let failures = 0;
    const failing = alteredStore(store, (engine) => ({
      readLog: async (request) => {
        failures += 1;
        if (failures > 2) return await engine.readLog(request);
        throw Object.assign(new Error('It points to itself.'), { self: globalThis });
      },
    }));
    const seen: string[] = [];
    await using consumer = await startConsumer(
      failing,
      plain('circular', (event) => void seen.push(nameOf(event))),
    );
    await consumer.waitFor(await store.head());
    assert.deepEqual(seen, ['order-1 1']);
  });

  test('gives back what it holds when it stops, also when one of its slices was lost', async (t) => {
    const store = await openNew(t, inMemory);
    const { engine } = store.context;
    await using consumer = await startConsumer(store, { ...plain('sliced', () => {}), slices: 4 });
    await eventually('All slices', () => consumer.state.kind === 'live' && consumer.state.slices.length === 4);
    // Places move on without a record of it: the events are of others.
    const [first] = await engine.keyedScan({ prefix: 'slice/sliced/', limit: 1 });
    assert.ok(first);
    await appendEach(store, 'order-1', 1);
    await engine.keyedWrite([{ key: first.key, value: first.value }]);
    await consumer.stop();
    const { slices } = await consumerInfo(store, 'sliced');
    assert.deepEqual(slices.map(({ isHeld }) => isHeld).slice(1), [false, false, false]);
    assert.deepEqual(await engine.keyedScan({ prefix: 'member/sliced/', limit: 10 }), []);
  });

  test('that is to stop at a failure begins nothing else behind it', async (t) => {
    const store = await openNew(t, inMemory);
    for (const streamId of ['order-1', 'order-2', 'order-3']) await appendEach(store, streamId, 1);
    const seen: string[] = [];
    const handle = ({ streamId }: { readonly streamId: string }): void => {
      if (streamId === 'order-2') throw new Error('no');
      seen.push(streamId);
    };
    await using consumer = await startConsumer(store, { ...plain('strict', handle), onFailure: 'stop', retry: once });
    await eventually('The failure', () => consumer.state.kind === 'failed');
    assert.deepEqual(seen, ['order-1']);
    await setAsideFailed(store, 'strict');
    await consumer.waitFor(await store.head());
    assert.equal(seen.filter((streamId) => streamId === 'order-3').length, 1);
  });

  test('refuses to wait for its end for a time that is none', async (t) => {
    const store = await openNew(t, inMemory);
    await using consumer = await startConsumer(
      store,
      plain('timely', () => {}),
    );
    for (const timeoutMs of [Number.NaN, -1, Number.POSITIVE_INFINITY])
      await assert.rejects(consumer.stop({ timeoutMs }), { code: 'INVALID_ARGUMENT' });
  });
});

for (const kind of [inMemory, inFile])
  test(`a consumer on ${kind.name} that is removed while it takes a slice leaves nothing and begins nothing`, async (t) => {
    const store = await openNew(t, kind);
    await appendEach(store, 'order-1', 1);
    let isRemoved = false;
    const racing = alteredStore(store, (engine) => ({
      keyedWrite: async (writes) => {
        if (!isRemoved && writes.some(({ key }) => key.startsWith('slice/'))) {
          isRemoved = true;
          await removeConsumer(store, 'removed');
        }
        return await engine.keyedWrite(writes);
      },
    }));
    const seen: string[] = [];
    const consumer = await startConsumer(
      racing,
      plain('removed', (event) => void seen.push(nameOf(event))),
    );
    await consumer.ended;
    assert.deepEqual(seen, []);
    const left = await store.context.engine.keyedScan({ prefix: '', limit: 100 });
    assert.deepEqual(
      left.map(({ key }) => key).filter((key) => key.includes('removed')),
      [],
    );
  });

test('work that is not waited for any more may fail unheard', async () => {
  const failing = Promise.reject(new Error('late'));
  await assert.rejects(unlessAborted(failing, AbortSignal.abort(new Error('stopped'))), { message: 'stopped' });
  // What nobody hears would end the process in the next turn.
  await pauseMs(5);
});

test('a consumer that cannot read an event stops, names it, and goes on when it is mended', async (t) => {
  let isMended = false;
  const store = await openNew(t, inMemory, {
    upcasters: [
      {
        type: 'Counted',
        upcast: (event) => {
          if (!isMended && event.streamId === 'order-2') throw new Error('no such field');
          return {};
        },
      },
    ],
  });
  await appendEach(store, 'order-1', 1);
  await appendEach(store, 'order-2', 1);
  const seen: string[] = [];
  await using consumer = await startConsumer(store, {
    ...plain('unreadable', (event) => void seen.push(nameOf(event))),
    retry: { attemptsMax: 2, firstDelayMs: 1 },
  });
  await eventually('The failure', () => consumer.state.kind === 'failed');
  const { failure } = await consumerInfo(store, 'unreadable');
  assert.match(failure?.message ?? '', /position 2, version 1 of order-2, cannot be read/);
  assert.equal(failure?.code, 'UPCAST_FAILED');
  isMended = true;
  await resumeConsumer(store, 'unreadable');
  await consumer.waitFor(await store.head());
  assert.deepEqual(seen, ['order-1 1', 'order-2 1']);
});

test('a lease from a clock that went wrong holds nobody off', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 1);
  const { engine, now } = store.context;
  const expiresAt = now() + 365 * 86_400 * 1_000_000;
  const entry = { checkpoint: null, token: 7, holder: 'nobody', expiresAt, writes: 3 };
  await engine.keyedWrite([
    { key: 'slice/late/0000', value: JSON.stringify(entry) },
    { key: 'member/late/nobody', value: String(expiresAt) },
  ]);
  const seen: string[] = [];
  const options = { ...plain('late', (event) => void seen.push(nameOf(event))), slices: 2 };
  await using consumer = await startConsumer(store, options);
  await consumer.waitFor(await store.head());
  assert.deepEqual(seen, ['order-1 1']);
});

test('a slice that was lost is not worked on again while a handler of this process is still at it', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 4);
  const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
  const seen: string[] = [];
  let [under, mostAtOnce] = [0, 0];
  let isHeld = true;
  // It does not heed the signal that tells it that its slice was lost.
  const handle = async (event: Parameters<typeof nameOf>[0]): Promise<void> => {
    under += 1;
    mostAtOnce = Math.max(mostAtOnce, under);
    if (event.version === 3 && isHeld) {
      isHeld = false;
      await isLet;
    }
    seen.push(nameOf(event));
    under -= 1;
  };
  await using consumer = await startConsumer(store, plain('busy', handle));
  await eventually('The third event', () => !isHeld);
  await resetConsumer(store, 'busy');
  await pauseMs(700);
  assert.deepEqual([seen, mostAtOnce], [['order-1 1', 'order-1 2'], 1]);
  letGo();
  await consumer.waitFor(await store.head());
  await eventually('The second round', () => seen.length >= 7);
  assert.equal(mostAtOnce, 1);
  assert.deepEqual(seen.slice(-4), ['order-1 1', 'order-1 2', 'order-1 3', 'order-1 4']);
});
