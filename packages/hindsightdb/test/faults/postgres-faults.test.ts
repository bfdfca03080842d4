/**
 * Connections that end, and a server that is killed, while processes append: whatever was acknowledged is in the log once, and
 * a follower sees exactly the log.
 */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { openStore, type Store } from '../../src/index.ts';
import { startServer, type PostgresServer } from '../postgres/server.ts';
import { serverRequirement } from '../postgres/server-programs.ts';
import { unlessPresent } from '../../../../test/requirement.ts';
import { runSeed, seededRandom } from './seeded-random.ts';

const seed = runSeed();

suite(`appends to PostgreSQL under faults (seed ${seed})`, { skip: unlessPresent(serverRequirement()) }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  test('whose connections are ended at random are each written once, and followed without a hole', async () => {
    const random = seededRandom(seed);
    const admin = new Client({ connectionString: server.address() });
    await admin.connect();
    await run(server.address(), 'ended', async (isOver) => {
      for (let round = 0; round < 60 && !isOver(); round += 1) {
        await sleep(random.below(40));
        await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hindsight%' AND random() < 0.7`,
        );
      }
    });
    await admin.end();
  });

  test('whose server is killed and started again are each written once, and followed without a hole', async () => {
    const random = seededRandom(seed + 1);
    await run(server.address(), 'killed', async () => {
      for (let round = 0; round < 4; round += 1) {
        await sleep(150 + random.below(200));
        await server.kill9();
        await server.start();
      }
    });
  });
});

const writerCount = 12;

/** Appends from two stores and follows from a third while something is done to the server. */
async function run(address: string, schema: string, harm: (isOver: () => boolean) => Promise<void>): Promise<void> {
  const place = `${address}?schema=faults_${schema}`;
  const stores: Store[] = [];
  for (let count = 0; count < 3; count += 1) stores.push(await openStore(place));
  const [first, second, reader] = stores;
  assert.ok(first && second && reader);
  const end = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const event of reader.subscribe({ signal: end.signal })) seen.push(event.id);
  })();
  let isOver = false;
  const acknowledged: string[] = [];
  const writing = Array.from({ length: writerCount }, async (_, writer) => {
    for (let turn = 0; !isOver; turn += 1) {
      const id = `${writer}-${turn}`;
      const store = turn % 2 === 0 ? first : second;
      await store.append(`stream-${writer % 5}`, [{ id, type: 'Happened', data: { writer, turn } }]);
      acknowledged.push(id);
    }
  });
  await harm(() => isOver);
  isOver = true;
  await Promise.all(writing);
  const head = await reader.head();
  const log = (await reader.readLog().toArray()).map(({ id }) => id);
  for (const deadline = performance.now() + 20_000; seen.length < log.length && performance.now() < deadline;)
    await sleep(20);
  end.abort();
  await following;
  assert.ok(acknowledged.length > writerCount, 'something was written between the faults');
  assert.deepEqual(log.toSorted(), acknowledged.toSorted(), 'every acknowledged event is in the log once');
  assert.deepEqual(seen, log, 'the follower saw the log');
  assert.ok(head);
  const lost = await Promise.all(
    stores.map(async (store) => Number((await store.statistics())['writer.lostAnswers'] ?? 0)),
  );
  assert.ok(
    lost.some((count) => count > 0),
    'an answer was lost, so that it was asked for again',
  );
  await Promise.all(stores.map((store) => store.close()));
}
