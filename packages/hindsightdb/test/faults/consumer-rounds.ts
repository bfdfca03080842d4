/**
 * Several processes run one consumer while events are appended, and are killed and stopped at random: whatever happens, every
 * event is handled, and the events of an entity in their order.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listLetters, waitForConsumer } from '../../src/consumers/index.ts';
import { openStore, type Store } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

/** How much is done. */
export type ConsumerRounds = {
  readonly eventCount: number;
  readonly entityCount: number;
  readonly members: number;
  readonly slices: number;
  readonly leaseMs: number;
  /** A process is struck after a random time up to this, again and again while events are appended. */
  readonly strikeWithinMs: number;
  /** How many events are appended at once, and how long is waited in between. */
  readonly appended: { readonly atOnce: number; readonly pauseMs: number };
  readonly seed: number;
};

export type ConsumerCounts = {
  kills: number;
  stops: number;
  /** Lines in the output: events handled, some more than once. */
  handled: number;
};

/** Starts a process that runs the consumer. */
export function startMember(folder: FaultFolder, ...programArguments: readonly string[]): FaultProcess {
  return FaultProcess.start({ program: 'consumer-member.ts', programArguments: [folder.path, ...programArguments] });
}

/** Runs it all. Throws where an event was not handled, or before the one before it. */
export async function consumerRounds(rounds: ConsumerRounds): Promise<ConsumerCounts> {
  const { eventCount, entityCount, slices, leaseMs, seed } = rounds;
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath);
  const members = Array.from({ length: rounds.members }, () => startMember(folder, String(slices), String(leaseMs)));
  const counts: ConsumerCounts = { kills: 0, stops: 0, handled: 0 };
  let isAppending = true;
  const striking = strike(rounds, { members, folder, counts, isOver: () => !isAppending });
  try {
    const versions = await appendAll(store, rounds);
    isAppending = false;
    await striking;
    const options = { timeoutMs: 60_000 + eventCount };
    await waitForConsumer(store, 'orders', await store.head(), options);
    for await (const letter of listLetters(store, 'orders'))
      assert.fail(`There is a letter: ${JSON.stringify(letter)}`);
    counts.handled = assertHandled(join(folder.path, 'handled'), versions);
    assert.equal(versions.size, entityCount);
  } catch (cause) {
    throw new Error(`seed ${seed}: ${String(cause)}; ${members.map((member) => member.errors).join('')}`, { cause });
  } finally {
    isAppending = false;
    await striking.catch(() => undefined);
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
  }
  return counts;
}

async function appendAll(
  store: Store,
  { eventCount, entityCount, appended }: ConsumerRounds,
): Promise<ReadonlyMap<string, number>> {
  const versions = new Map<string, number>();
  for (let number = 0; number < eventCount; number += appended.atOnce) {
    const streams = new Map<string, { type: string; data: number }[]>();
    for (let turn = number; turn < Math.min(eventCount, number + appended.atOnce); turn += 1) {
      const streamId = `order-${turn % entityCount}`;
      streams.set(streamId, [...(streams.get(streamId) ?? []), { type: 'Happened', data: turn }]);
      versions.set(streamId, (versions.get(streamId) ?? 0) + 1);
    }
    await store.append({ streams: [...streams].map(([streamId, events]) => ({ streamId, events })) });
    await wait(appended.pauseMs);
  }
  return versions;
}

async function strike(
  { strikeWithinMs, leaseMs, slices, seed }: ConsumerRounds,
  run: {
    readonly members: FaultProcess[];
    readonly folder: FaultFolder;
    readonly counts: ConsumerCounts;
    readonly isOver: () => boolean;
  },
): Promise<void> {
  const random: SeededRandom = seededRandom(seed);
  const { members, folder, counts, isOver } = run;
  while (!isOver()) {
    await wait(random.below(strikeWithinMs));
    const index = random.below(members.length);
    const member = members[index];
    assert.ok(member);
    if (random.chance(0.3)) {
      // Longer than its lease: others go on with its slices before it does.
      member.signal('SIGSTOP');
      await wait(leaseMs * 2);
      member.signal('SIGCONT');
      counts.stops += 1;
      continue;
    }
    member.signal('SIGKILL');
    assert.equal((await member.ended()).signal, 'SIGKILL', `A member ended by itself: ${member.errors}`);
    counts.kills += 1;
    members[index] = startMember(folder, String(slices), String(leaseMs));
  }
}

/** Answers how many lines there are. */
function assertHandled(path: string, versions: ReadonlyMap<string, number>): number {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const reached = new Map<string, number>();
  for (const line of lines) {
    const [, streamId = '', text = ''] = line.split(' ');
    const version = Number(text);
    const before = reached.get(streamId) ?? 0;
    assert.ok(version <= before + 1, `${streamId} was handled at ${version}, and before that only up to ${before}`);
    reached.set(streamId, Math.max(before, version));
  }
  assert.deepEqual(Object.fromEntries(reached), Object.fromEntries(versions));
  return lines.length;
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
