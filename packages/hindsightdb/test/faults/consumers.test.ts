/** Processes that run one consumer are killed and stopped: nothing is missed, and nothing of who was deposed is recorded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitForConsumer } from '../../src/consumers/index.ts';
import { openStore, type Store } from '../../src/index.ts';
import { consumerRounds, startMember } from './consumer-rounds.ts';
import { FaultFolder } from './fault-folder.ts';
import { stopped } from './process-state.ts';
import { runSeed } from './seeded-random.ts';

test('processes that run a consumer and are killed at random miss no event and keep the order of each entity', async () => {
  const counts = await consumerRounds({
    eventCount: 4000,
    entityCount: 40,
    members: 3,
    slices: 4,
    leaseMs: 200,
    strikeWithinMs: 300,
    appended: { atOnce: 10, pauseMs: 8 },
    seed: runSeed(),
  });
  assert.ok(counts.kills > 0 && counts.handled >= 4000, JSON.stringify(counts));
});

test('nothing of a process that was stopped beyond its lease is recorded when it continues', async () => {
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath);
  for (let turn = 0; turn < 20; turn += 1) await store.append(`order-${turn % 3}`, [{ type: 'Happened', data: turn }]);
  await using deposed = startMember(folder, '1', '300', 'hold');
  await deposed.lineBeginning('holding');
  deposed.signal('SIGSTOP');
  await stopped(deposed.processId);
  await using holder = startMember(folder, '1', '300');
  await waitForConsumer(store, 'orders', await store.head(), { timeoutMs: 30_000 });
  const before = await entriesOf(store);
  deposed.signal('SIGCONT');
  deposed.send('go');
  await deposed.lineBeginning('state standby');
  assert.deepEqual(await entriesOf(store), before);
  holder.send('stop');
  await holder.lineBeginning('done');
  deposed.send('stop');
  await deposed.lineBeginning('done');
});

/** All that is recorded of the consumer, without the times of leases, which are renewed meanwhile. */
async function entriesOf(store: Store): Promise<readonly string[]> {
  const entries = await store.context.engine.keyedScan({ prefix: '', limit: 1000 });
  return entries.map(({ key, value }) => `${key} ${value.replaceAll(/"(expiresAt|writes)":\d+/g, '')}`);
}
