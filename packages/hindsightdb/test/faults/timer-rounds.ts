/**
 * Several processes fire the same timers while these are set, moved and cancelled, and are killed and stopped at random: whatever
 * happens, each timer is fired once in effect, and none that was cancelled.
 */
import assert from 'node:assert/strict';
import { openStore, type Store } from '../../src/index.ts';
import { cancelTimer, listTimers, setTimer } from '../../src/timers/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

/** How much is done. */
export type TimerRounds = {
  readonly timerCount: number;
  readonly members: number;
  readonly leaseMs: number;
  /** Timers are due so long before or after they are set, at random. */
  readonly dueWithinMs: number;
  /** A process is struck after a random time up to this, again and again. */
  readonly strikeWithinMs: number;
  readonly seed: number;
};

export type TimerCounts = { kills: number; stops: number; fired: number; moved: number; cancelled: number };

/** Runs it all. Throws where a timer was lost, fired twice or too early. */
export async function timerRounds(rounds: TimerRounds): Promise<TimerCounts> {
  const { leaseMs, seed } = rounds;
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath);
  const start = (): FaultProcess =>
    FaultProcess.start({ program: 'timer-member.ts', programArguments: [folder.path, String(leaseMs)] });
  const members = Array.from({ length: rounds.members }, start);
  const counts: TimerCounts = { kills: 0, stops: 0, fired: 0, moved: 0, cancelled: 0 };
  let isOver = false;
  const striking = strike(rounds, { members, counts, start, isOver: () => isOver });
  try {
    const expected = await setAll(store, rounds, counts);
    await untilNoneIsLeft(store, rounds);
    isOver = true;
    await striking;
    await assertFired(store, expected, counts);
  } catch (cause) {
    throw new Error(`seed ${seed}: ${String(cause)}; ${members.map((member) => member.errors).join('')}`, { cause });
  } finally {
    isOver = true;
    await striking.catch(() => undefined);
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
  }
  return counts;
}

const atOnce = 200;

/** Sets timers, moves and cancels some. Answers how often each is to be fired. */
async function setAll(store: Store, rounds: TimerRounds, counts: TimerCounts): Promise<ReadonlyMap<string, number>> {
  const random = seededRandom(rounds.seed + 1);
  const expected = new Map<string, number>();
  const dueAt = (): Date => new Date(Date.now() + random.below(2 * rounds.dueWithinMs) - rounds.dueWithinMs);
  const set = async (id: string): Promise<void> => {
    const { outcome } = await setTimer(store, { group: 'rounds', id, dueAt: dueAt() });
    // One that was fired in the meantime is another timer of the same id.
    if (outcome === 'set') expected.set(id, (expected.get(id) ?? 0) + 1);
    if (outcome === 'moved') counts.moved += 1;
  };
  const cancel = async (id: string): Promise<void> => {
    if (!(await cancelTimer(store, { group: 'rounds', id }))) return;
    expected.set(id, (expected.get(id) ?? 0) - 1);
    counts.cancelled += 1;
  };
  for (let first = 0; first < rounds.timerCount; first += atOnce) {
    const ids = Array.from({ length: Math.min(atOnce, rounds.timerCount - first) }, (_, index) => `t${first + index}`);
    await Promise.all(ids.map(set));
    await Promise.all(ids.filter(() => random.chance(0.2)).map(set));
    await Promise.all(ids.filter(() => random.chance(0.1)).map(cancel));
  }
  return expected;
}

async function untilNoneIsLeft(store: Store, { timerCount }: TimerRounds): Promise<void> {
  const deadline = performance.now() + 60_000 + timerCount * 5;
  for (;;) {
    const first = await listTimers(store, { group: 'rounds' }).next();
    if (first.done === true) return;
    assert.equal(first.value.state, 'pending', JSON.stringify(first.value));
    assert.ok(performance.now() < deadline, `not fired in time: ${JSON.stringify(first.value)}`);
    await wait(50);
  }
}

async function assertFired(store: Store, expected: ReadonlyMap<string, number>, counts: TimerCounts): Promise<void> {
  const fired = new Map<string, number>();
  for await (const { data, recordedAt, occurredAt } of store.readLog()) {
    // What timer-member.ts appends.
    const { id, dueAt } = data as { readonly id: string; readonly dueAt: string };
    fired.set(id, (fired.get(id) ?? 0) + 1);
    assert.equal(occurredAt, dueAt);
    // The system's clock counts its thousandths of a millisecond apart from its milliseconds.
    assert.ok(Date.parse(recordedAt) >= Date.parse(dueAt) - 1, `${id} was fired at ${recordedAt}, due ${dueAt}`);
    counts.fired += 1;
  }
  for (const [id, times] of expected) assert.equal(fired.get(id) ?? 0, times, `${id} was fired ${fired.get(id)} times`);
  const entries = await store.context.engine.keyedScan({ prefix: '', limit: 10 });
  assert.deepEqual(
    entries.filter(({ key }) => !key.startsWith('timers/')),
    [],
  );
}

async function strike(
  { strikeWithinMs, leaseMs, seed }: TimerRounds,
  run: {
    readonly members: FaultProcess[];
    readonly counts: TimerCounts;
    readonly start: () => FaultProcess;
    readonly isOver: () => boolean;
  },
): Promise<void> {
  const random: SeededRandom = seededRandom(seed);
  const { members, counts, start, isOver } = run;
  while (!isOver()) {
    await wait(random.below(strikeWithinMs));
    const index = random.below(members.length);
    const member = members[index];
    assert.ok(member);
    if (random.chance(0.3)) {
      // Longer than its lease: another one goes on with the timers before it does.
      member.signal('SIGSTOP');
      await wait(leaseMs * 2);
      member.signal('SIGCONT');
      counts.stops += 1;
      continue;
    }
    member.signal('SIGKILL');
    assert.equal((await member.ended()).signal, 'SIGKILL', `A member ended by itself: ${member.errors}`);
    counts.kills += 1;
    members[index] = start();
  }
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
