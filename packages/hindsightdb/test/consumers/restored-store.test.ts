/** The drill: back up, append on, consume on, restore, start again. What is told of the two histories is exact. */

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import {
  consumerInfo,
  resumeConsumer,
  startConsumer,
  waitForConsumer,
  type ConsumerOptions,
  type Divergence,
} from '../../src/consumers/index.ts';
import { runConsumer } from '../../src/consumers/run-consumer.ts';
import { isHindsightError, openStore, restoreStore, type Store } from '../../src/index.ts';
import { openAt, openNew, inFile, inMemory } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { appendEach, eventually, nameOf, plain } from './scenes.ts';

interface Drill {
  readonly folder: string;
  /** Holds the progress, and is never restored. */
  readonly home: Store;
  /** The store as it stood at the backup, restored. */
  readonly restored: Store;
}

/** 10 events, a backup, 7 more, all of them consumed; then the backup is restored. */
async function restoredStore(t: TestContext, atBackup = 10): Promise<Drill> {
  const folder = await temporaryFolder(t);
  const home = await openNew(t, inFile);
  const store = await openStore(join(folder, 'shop.db'));
  await appendEach(store, 'order-1', atBackup);
  await store.backup(join(folder, 'backup.db'));
  await appendEach(store, 'order-1', 7);
  await collect(store, home);
  await store.close();
  await restoreStore(join(folder, 'backup.db'), join(folder, 'restored.db'));
  return { folder, home, restored: await openAt(t, join(folder, 'restored.db')) };
}

async function collect(store: Store, home: Store, options: Partial<ConsumerOptions> = {}): Promise<readonly string[]> {
  const seen: string[] = [];
  const handle = (event: Parameters<typeof nameOf>[0]): void => void seen.push(nameOf(event));
  const consumer = await startConsumer(store, { ...plain('drill', handle), progressIn: home, ...options });
  await consumer.waitFor(await store.head());
  await consumer.stop();
  return seen;
}

/** What the refusal to start says. */
async function divergence(store: Store, home: Store): Promise<Divergence & { readonly message: string }> {
  try {
    await (await startConsumer(store, { ...plain('drill', () => {}), progressIn: home })).stop();
  } catch (error) {
    assert.ok(isHindsightError(error, 'CONSUMER_DIVERGED'), String(error));
    // The runtime puts these into its details.
    return { ...(Reflect.get(error, 'details') as Divergence), message: error.message };
  }
  return assert.fail('It was started.');
}

describe('a consumer of a restored store', () => {
  test('is told by how much it is ahead, and where the histories part', async (t) => {
    const { home, restored } = await restoredStore(t);
    const { kind, aheadBy, parted, common, message } = await divergence(restored, home);
    assert.deepEqual([kind, aheadBy, parted], ['diverged', 7, [{ sameUpTo: 10, differentFrom: 11 }]]);
    assert.match(message, /ahead .* by 7 positions: the histories are the same up to position 10 and part there/);
    assert.equal(common, await restored.head());
  });

  test('is told the same once the restored store has gone on and is longer', async (t) => {
    const { home, restored } = await restoredStore(t);
    await appendEach(restored, 'order-2', 30);
    const { aheadBy, parted } = await divergence(restored, home);
    assert.deepEqual([aheadBy, parted], [7, [{ sameUpTo: 10, differentFrom: 11 }]]);
  });

  test('goes on behind the common place when it is rewound, and at its beginning when it is reset', async (t) => {
    const { home, restored } = await restoredStore(t);
    await appendEach(restored, 'order-2', 2);
    assert.deepEqual(await collect(restored, home, { onDiverged: 'rewind' }), ['order-2 1', 'order-2 2']);
    await appendEach(restored, 'order-2', 1);
    assert.deepEqual(await collect(restored, home), ['order-2 3']);
    const again = await restoredStore(t);
    assert.equal((await collect(again.restored, again.home, { onDiverged: 'reset' })).length, 10);
  });

  test('is not said to have handled, or to be behind by, what another history holds', async (t) => {
    const { home, restored } = await restoredStore(t);
    await appendEach(restored, 'order-2', 2);
    const waiting = waitForConsumer(restored, 'drill', await restored.head(), { timeoutMs: 50, home });
    await assert.rejects(waiting, { code: 'WAIT_TIMEOUT' });
  });

  test('that keeps its progress in the store goes back with it, and handles what is new', async (t) => {
    const folder = await temporaryFolder(t);
    const store = await openStore(join(folder, 'shop.db'));
    await appendEach(store, 'order-1', 3);
    assert.equal((await collect(store, store)).length, 3);
    await store.backup(join(folder, 'backup.db'));
    await appendEach(store, 'order-1', 2);
    assert.equal((await collect(store, store)).length, 2);
    await store.close();
    await restoreStore(join(folder, 'backup.db'), join(folder, 'restored.db'));
    const restored = await openAt(t, join(folder, 'restored.db'));
    await appendEach(restored, 'order-2', 1);
    assert.deepEqual(await collect(restored, restored), ['order-2 1']);
  });
});

describe('a consumer of a file that was copied by hand', () => {
  test('while it was shorter is told how far the two are the same, as well as its trail knows', async (t) => {
    const folder = await temporaryFolder(t);
    const home = await openNew(t, inFile);
    const store = await openStore(join(folder, 'shop.db'));
    await appendEach(store, 'order-1', 40);
    await collect(store, home);
    await store.close();
    copyFileSync(join(folder, 'shop.db'), join(folder, 'copy.db'));
    const longer = await openStore(join(folder, 'shop.db'));
    await appendEach(longer, 'order-1', 5);
    await collect(longer, home);
    await longer.close();
    const copy = await openAt(t, join(folder, 'copy.db'));
    const { kind, aheadBy = 0, parted = [], common } = await divergence(copy, home);
    const [{ sameUpTo, differentFrom } = { sameUpTo: 0 }] = parted;
    assert.equal(kind, 'ahead');
    assert.ok(sameUpTo > 0 && sameUpTo <= 40, `the same up to ${sameUpTo}`);
    assert.equal(differentFrom, 41);
    assert.equal(aheadBy, 45 - sameUpTo);
    assert.ok(common);
    // Both went on: it is as long as the consumer is far, with other events.
    await appendEach(copy, 'order-2', 5);
    assert.equal((await divergence(copy, home)).kind, 'diverged');
    const seen = await collect(copy, home, { onDiverged: 'rewind' });
    assert.deepEqual(seen.slice(-5), ['order-2 1', 'order-2 2', 'order-2 3', 'order-2 4', 'order-2 5']);
  });
});

describe('a consumer of a foreign store', () => {
  test('stops, cannot be rewound, and begins anew where it is told to', async (t) => {
    const { home } = await restoredStore(t);
    const foreign = await openNew(t, inMemory);
    await appendEach(foreign, 'cart-1', 2);
    const { kind, common } = await divergence(foreign, home);
    assert.deepEqual([kind, common], ['foreign', undefined]);
    await assert.rejects(collect(foreign, home, { onDiverged: 'rewind' }), { code: 'CONSUMER_DIVERGED' });
    assert.deepEqual(await collect(foreign, home, { onDiverged: 'reset' }), ['cart-1 1', 'cart-1 2']);
  });
});

describe('a reaction', () => {
  test('stands paused in a restored store until it is resumed, and does nothing twice', async (t) => {
    const folder = await temporaryFolder(t);
    const did: string[] = [];
    const react = (store: Store): ReturnType<typeof runConsumer> =>
      runConsumer(store, {
        kind: 'reaction',
        name: 'mails',
        startAt: 'beginning',
        filter: {},
        handle: async ({ events }) => {
          did.push(...events.map(nameOf));
          return {};
        },
      });
    const store = await openStore(join(folder, 'shop.db'));
    await appendEach(store, 'order-1', 2);
    const first = await react(store);
    await first.waitFor(await store.head());
    await first.stop();
    await store.backup(join(folder, 'backup.db'));
    await store.close();
    await restoreStore(join(folder, 'backup.db'), join(folder, 'restored.db'));
    const restored = await openAt(t, join(folder, 'restored.db'));
    await appendEach(restored, 'order-1', 1);
    const second = await react(restored);
    await eventually('The pause', () => second.state.kind === 'paused');
    assert.match((await consumerInfo(restored, 'mails')).reason ?? '', /^The store was restored at .*Z\. /);
    await second.stop();
    const third = await react(restored);
    await eventually('The pause', () => third.state.kind === 'paused');
    assert.deepEqual(did, ['order-1 1', 'order-1 2']);
    await resumeConsumer(restored, 'mails');
    await third.waitFor(await restored.head());
    await third.stop();
    assert.deepEqual(did, ['order-1 1', 'order-1 2', 'order-1 3']);
  });

  test('is never taken back to where nothing is known to be common', async (t) => {
    const folder = await temporaryFolder(t);
    const home = await openNew(t, inFile);
    const did: string[] = [];
    const run = async (store: Store, onDiverged: 'rewind' | 'reset'): Promise<void> => {
      const consumer = await runConsumer(store, {
        kind: 'reaction',
        name: 'mails',
        startAt: 'beginning',
        filter: {},
        home,
        onDiverged,
        handle: async ({ events }) => {
          did.push(...events.map(nameOf));
          return {};
        },
      });
      await resumeConsumer(home, 'mails');
      await consumer.waitFor(await store.head());
      await consumer.stop();
    };
    const store = await openStore(join(folder, 'shop.db'));
    await appendEach(store, 'order-1', 3);
    await store.close();
    copyFileSync(join(folder, 'shop.db'), join(folder, 'copy.db'));
    const longer = await openStore(join(folder, 'shop.db'));
    await appendEach(longer, 'order-1', 5);
    await run(longer, 'rewind');
    await longer.close();
    assert.equal(did.length, 8);
    // The reaction came to position 8 at once, and knows of no place before it.
    const copy = await openAt(t, join(folder, 'copy.db'));
    await assert.rejects(run(copy, 'rewind'), { code: 'CONSUMER_DIVERGED' });
    await run(copy, 'reset');
    await appendEach(copy, 'order-1', 1);
    await run(copy, 'reset');
    assert.deepEqual(did.slice(8), ['order-1 4']);
  });
});
