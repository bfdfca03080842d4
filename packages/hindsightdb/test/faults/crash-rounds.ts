/**
 * Rounds of crashes: writers are killed at a random moment under load, the store is opened again and questioned, and the
 * next round begins with what the last one left behind.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openStore, type Store } from '../../src/index.ts';
import { FaultProcess } from './fault-process.ts';
import {
  assertAcknowledged,
  assertCheckFindsNothing,
  readSoundLog,
  type Acknowledged,
  type LoggedEvent,
} from './log-soundness.ts';
import { plannedAppend, type AppendName } from './planned-append.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

export type CrashRounds = { readonly rounds: number; readonly roundsPerStore: number; readonly seed: number };

/** What the rounds went through, to assert that they were worth their name. */
export type CrashCounts = {
  kills: number;
  killsBeforeReady: number;
  acknowledged: number;
  unansweredFound: number;
  retries: number;
};

type Writer = { readonly name: string; readonly lanes: number; readonly process: FaultProcess };

/** Runs the rounds and answers what happened. A failing round names the seed. */
export async function crashRounds({ rounds, roundsPerStore, seed }: CrashRounds): Promise<CrashCounts> {
  const counts: CrashCounts = { kills: 0, killsBeforeReady: 0, acknowledged: 0, unansweredFound: 0, retries: 0 };
  const random = seededRandom(seed);
  for (let done = 0; done < rounds; done += roundsPerStore) {
    const folder = mkdtempSync(join(tmpdir(), 'crash-'));
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < Math.min(roundsPerStore, rounds - done); round++) {
      try {
        await crashRound({ folder, round, random, acknowledged, counts });
      } catch (cause) {
        // The folder stays for whoever looks for the reason.
        throw new Error(`round ${round} of the store in ${folder}; seed ${seed}: ${String(cause)}`, { cause });
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return counts;
}

type CrashRound = {
  readonly folder: string;
  readonly round: number;
  readonly random: SeededRandom;
  /** Of all rounds of this store. */
  readonly acknowledged: Acknowledged[];
  readonly counts: CrashCounts;
};

async function crashRound({ folder, round, random, acknowledged, counts }: CrashRound): Promise<void> {
  const writers = Array.from({ length: 1 + random.below(3) }, (_, index) =>
    startWriter(folder, `r${round}w${index}`, random.pick([1, 4, 16])),
  );
  const told = await Promise.all(writers.map((writer) => runUntilKilled(writer, random, counts)));
  acknowledged.push(...told.flat());
  counts.acknowledged += told.flat().length;

  const store = await openStore(join(folder, 'store.db'));
  try {
    const events = await readSoundLog(store);
    assertAcknowledged(events, acknowledged);
    await assertCheckFindsNothing(store, events);
    for (const [index, writer] of writers.entries()) {
      for (const name of unanswered(writer, told[index] ?? []))
        acknowledged.push(await retryUnanswered(store, name, events, counts));
    }
    for (const answer of acknowledged) if (random.chance(0.05)) await retryAnswered(store, answer, counts);
    assertAcknowledged(await readSoundLog(store), acknowledged);
  } finally {
    await store.close();
  }
}

function startWriter(folder: string, name: string, lanes: number): Writer {
  return {
    name,
    lanes,
    process: FaultProcess.start({ program: 'load-writer.ts', programArguments: [folder, name, String(lanes)] }),
  };
}

/** Most writers are killed under load, some while they open the store, which recovers it from the crash before. */
async function runUntilKilled(
  { process, name }: Writer,
  random: SeededRandom,
  counts: CrashCounts,
): Promise<Acknowledged[]> {
  const isEarly = random.chance(0.2);
  const killAfterMs = random.below(isEarly ? 400 : 150);
  const told: Acknowledged[] = [];
  const kill = (): void => process.signal('SIGKILL');
  if (isEarly) void wait(killAfterMs).then(kill);
  let isReady = false;
  for (let line = await process.nextLine(); line !== undefined; line = await process.nextLine()) {
    if (line === 'ready') {
      isReady = true;
      if (!isEarly) void wait(killAfterMs).then(kill);
    } else if (line.startsWith('told ')) {
      told.push(JSON.parse(line.slice('told '.length)) as Acknowledged);
    } else {
      assert.fail(`writer ${name} said: ${line}\n${process.errors}`);
    }
  }
  const { signal } = await process.ended();
  assert.equal(signal, 'SIGKILL', `writer ${name} ended by itself: ${process.errors}`);
  counts.kills++;
  if (!isReady) counts.killsBeforeReady++;
  return told;
}

/** In each lane, the append that follows the last one answered: it was sent, or about to be, and nobody knows its end. */
function unanswered({ name, lanes }: Writer, told: readonly Acknowledged[]): AppendName[] {
  return Array.from({ length: lanes }, (_, lane) => {
    const last = told.findLast((answer) => answer.lane === lane)?.number;
    let number = last === undefined ? lane : last + lanes;
    while (plannedAppend({ writer: name, number, lane }).isRefused) number += lanes;
    return { writer: name, number, lane };
  }).filter((append) => plannedAppend(append).key !== undefined);
}

/** Sends an unanswered append again under its key: it must be there once, whether or not it was before. */
async function retryUnanswered(
  store: Store,
  name: AppendName,
  events: readonly LoggedEvent[],
  counts: CrashCounts,
): Promise<Acknowledged> {
  const earlier = events.findLast(({ data }) => data.writer === name.writer && data.number === name.number);
  const { streams, key } = keyed(name);
  const answer = await store.append({ streams, key });
  counts.retries++;
  if (earlier !== undefined) counts.unansweredFound++;
  assert.equal(answer.isDuplicate, earlier !== undefined, `the retry of ${key} was taken for what it is not`);
  if (earlier !== undefined)
    assert.equal(answer.position, earlier.position, `the retry of ${key} has another position`);
  return { ...name, after: 0, position: answer.position, streams: answer.streams };
}

/** Sends an acknowledged append again under its key, with a condition that no longer holds: the first answer comes first. */
async function retryAnswered(store: Store, answer: Acknowledged, counts: CrashCounts): Promise<void> {
  if (plannedAppend(answer).key === undefined) return;
  const { streams, key } = keyed(answer);
  const again = await store.append({ streams: streams.map((stream) => ({ ...stream, expectedVersion: 0 })), key });
  counts.retries++;
  assert.deepEqual(
    { position: again.position, streams: again.streams, isDuplicate: again.isDuplicate },
    { position: answer.position, streams: answer.streams, isDuplicate: true },
    `the retry of ${key} has another answer`,
  );
}

function keyed(name: AppendName): {
  readonly streams: ReturnType<typeof plannedAppend>['streams'];
  readonly key: string;
} {
  const { streams, key } = plannedAppend(name);
  assert.ok(key !== undefined);
  return { streams, key };
}
