/**
 * Processes that keep views and send mails are killed while events are appended. At the end the views are what a fold of the
 * log gives, each mail was sent under its one key, and none for what happened before the reaction began.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForConsumer } from '../../src/consumers/index.ts';
import { openStore, type Store } from '../../src/index.ts';
import { checkProjection, sql, viewOf, waitForView } from '../../src/projections/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import { inDocuments, inTable, totals } from './read-models.ts';
import { seededRandom } from './seeded-random.ts';

/** How much is done. */
export interface ReadModelRounds {
  /** Events that are there before anything is run, and those that are appended while processes are killed. */
  readonly before: number;
  readonly during: number;
  readonly entityCount: number;
  readonly members: number;
  readonly leaseMs: number;
  /** A process is killed after a random time up to this, again and again. */
  readonly killWithinMs: number;
  readonly appended: { readonly atOnce: number; readonly pauseMs: number };
  readonly seed: number;
}

/** Runs it all. Throws where anything is not as it should be. Answers how many processes were killed and mails sent. */
export async function readModelRounds(
  rounds: ReadModelRounds,
): Promise<{ readonly kills: number; readonly mails: number }> {
  const { before, during, seed } = rounds;
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath);
  await appendSome(store, rounds, { from: 0, count: before });
  const members = Array.from({ length: rounds.members }, () => start(folder, rounds));
  let isOver = false;
  let kills = 0;
  const random = seededRandom(seed);
  const killing = (async () => {
    // The reaction begins with what is appended from now on: it has begun when the first process says so.
    await members[0]?.lineBeginning('ready');
    while (!isOver) {
      await wait(random.below(rounds.killWithinMs));
      const index = random.below(members.length);
      const member = members[index];
      assert.ok(member);
      member.signal('SIGKILL');
      assert.equal((await member.ended()).signal, 'SIGKILL', `A process ended by itself: ${member.errors}`);
      kills += 1;
      members[index] = start(folder, rounds);
    }
  })();
  try {
    await waitForConsumer(store, 'mails', store.checkpointOf(await lastEvent(store)), { timeoutMs: 60_000 });
    const sent = await appendSome(store, rounds, { from: before, count: during });
    isOver = true;
    await killing;
    const head = await store.head();
    const timeoutMs = 60_000 + during;
    await waitForConsumer(store, 'mails', head, { timeoutMs });
    for (const projection of [inTable, inDocuments]) {
      await waitForView(store, projection, head, { timeoutMs });
      assert.deepEqual((await checkProjection(store, projection)).differences, [], projection.name);
    }
    await assertTotals(store, before + during - Math.floor((before + during) / closedEvery));
    assertMails(readFileSync(join(folder.path, 'mails'), 'utf8'), sent);
    return { kills, mails: sent.size };
  } catch (cause) {
    throw new Error(`seed ${seed}: ${String(cause)}; ${members.map((member) => member.errors).join('')}`, { cause });
  } finally {
    isOver = true;
    await killing.catch(() => undefined);
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
  }
}

/** Every so many events one closes its order, and is mailed about. */
const closedEvery = 10;

/** Appends events; answers whom mails are about, by the ids of the events that say so. */
async function appendSome(
  store: Store,
  { entityCount, appended }: ReadModelRounds,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<ReadonlyMap<string, string>> {
  const mails = new Map<string, string>();
  for (let first = from; first < from + count; first += appended.atOnce) {
    const streams = new Map<string, { type: string; id: string; data: object }[]>();
    for (let turn = first; turn < Math.min(from + count, first + appended.atOnce); turn += 1) {
      const streamId = `order-${turn % entityCount}`;
      const isClosing = turn % closedEvery === closedEvery - 1;
      const id = `event-${turn}`;
      const event = isClosing
        ? { type: 'Closed', id, data: { to: `customer-${turn}` } }
        : { type: 'Added', id, data: { amount: turn % 100 } };
      if (isClosing) mails.set(id, `customer-${turn}`);
      streams.set(streamId, [...(streams.get(streamId) ?? []), event]);
    }
    await store.append({ streams: [...streams].map(([streamId, events]) => ({ streamId, events })) });
    if (from > 0) await wait(appended.pauseMs);
  }
  return mails;
}

async function lastEvent(store: Store): Promise<{ readonly position: number; readonly id: string }> {
  const [last] = await store.readLog({ direction: 'backward', limit: 1 }).toArray();
  assert.ok(last);
  return last;
}

async function assertTotals(store: Store, events: number): Promise<void> {
  const [row] = await viewOf(store, inTable).query(sql`SELECT sum(events) AS events FROM ${totals}`);
  assert.equal(row?.['events'], events);
}

/** Each mail at least once, under one key, and no other. */
function assertMails(text: string, wanted: ReadonlyMap<string, string>): void {
  const sent = new Map<string, string>();
  for (const line of text.trimEnd().split('\n')) {
    const [key = '', to = ''] = line.split(' ');
    assert.equal(sent.get(key) ?? to, to, `${key} was used for two mails`);
    sent.set(key, to);
  }
  const byKey = new Map([...wanted].map(([id, to]) => [`mails:${id}:mail:1`, to]));
  assert.deepEqual(
    [...sent.keys()].filter((key) => !byKey.has(key)),
    [],
    'mails that should not have been sent',
  );
  assert.deepEqual(
    [...byKey.keys()].filter((key) => sent.get(key) !== byKey.get(key)).slice(0, 5),
    [],
    'mails that were not sent',
  );
}

function start(folder: FaultFolder, { leaseMs }: ReadModelRounds): FaultProcess {
  return FaultProcess.start({ program: 'read-model-member.ts', programArguments: [folder.path, String(leaseMs)] });
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
