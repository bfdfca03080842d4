/**
 * Firing what is due in a slice that has handled all there is: in the order of time for each instance, and only what is due before
 * anything that may still come.
 */

import type { SliceAtRest } from '../consumers/consumer-spec.ts';
import { letterPrefix } from '../consumers/consumer-keys.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import { describeError } from '../consumers/letter.ts';
import { isConflict } from '../core/errors.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import { inBounded } from '../reactions/event-work.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { clearWrites, encodedPage, firstDue, setWrites, type StoredTimer } from '../timers/stored-timer.ts';
import { InstanceWork, StoreFailure } from './instance-work.ts';
import type { Issuing } from './issuing.ts';
import { logTimeAt, recordTime } from './log-time.ts';
import type { Process } from './process.ts';
import { instanceOfTimer, timerGroup } from './process-keys.ts';

/** What a tick works with. */
export interface TickSettings {
  readonly store: AnyStore;
  readonly process: Process;
  readonly slice: SliceAtRest;
  readonly issuing: Issuing;
}

/** What came of a tick. */
export interface TickResult {
  /** Whether there was nothing left to do. */
  readonly look: 'busy' | 'idle';
  /** After how many milliseconds to look again; undefined: in the next round. */
  readonly againMs: number | undefined;
}

const pageSize = 200;
/** Further away than this the next due time need not be known: others may set timers. */
const againMsMax = 250;

/** Submits what a crash has left, and fires what is due. */
export async function tickSlice(settings: TickSettings): Promise<TickResult> {
  const { store, process, slice, issuing } = settings;
  const { signal } = slice;
  await issuing.submitAllNoted(signal);
  const clearing = issuing.takeClearing();
  if (clearing.length > 0) await slice.record(clearing);
  const { engine, now } = contextOf(store);
  const group = timerGroup(process.name, slice.slice);
  const first = await firstDue(engine, group);
  const clock = now();
  if (first === undefined || first.at > clock) return { look: 'idle', againMs: untilDue(first?.at, clock) };
  const logTime = await logTimeAt(store, slice.places);
  const due = await dueInstances(settings, group, clock);
  if (due.size === 0) return { look: 'idle', againMs: againMsMax };
  const ripe = [...due].filter(([, timers]) => timers.some(({ dueAt }) => dueAt <= logTime));
  if (ripe.length === 0) {
    const recordedAt = await recordTime(store, signal);
    const firstAt = Math.min(...[...due.values()].flat().map(({ dueAt }) => dueAt));
    return { look: 'busy', againMs: untilDue(firstAt, recordedAt) ?? againMsMax };
  }
  const until = Math.min(clock, logTime);
  await inBounded(ripe, process.concurrencyMax, async ([key, timers]) => {
    await fireInstance(settings, { key, timers, until });
  });
  const fired = issuing.takeClearing();
  if (fired.length > 0) await slice.record(fired);
  return { look: 'busy', againMs: 0 };
}

function untilDue(due: number | undefined, clock: number): number | undefined {
  if (due === undefined) return undefined;
  const milliseconds = Math.max(0, Math.ceil((due - clock) / 1000));
  return milliseconds < againMsMax ? milliseconds : undefined;
}

/** The first instances with something due, and what. Those that have letters wait for these. */
async function dueInstances(
  { store, process, slice }: TickSettings,
  group: string,
  until: number,
): Promise<ReadonlyMap<string, readonly StoredTimer[]>> {
  const { engine } = contextOf(store);
  const due = new Map<string, StoredTimer[]>();
  const waiting = new Set<string>();
  for (let after: string | undefined; ;) {
    const page = await encodedPage(engine, group, { until, limit: pageSize, ...(after !== undefined && { after }) });
    if (page.strays.length > 0) await slice.record(page.strays);
    for (const timer of page.timers) {
      const key = instanceOfTimer(timer.id);
      if (waiting.has(key)) continue;
      const known = due.get(key);
      if (known !== undefined) known.push(timer);
      else if (await hasLetters(engine, { process: process.name, slice: slice.slice, key })) waiting.add(key);
      else due.set(key, [timer]);
    }
    after = page.next;
    if (due.size >= pageSize || after === undefined) return due;
  }
}

async function hasLetters(
  engine: AnyStore['context']['engine'],
  { process, slice, key }: { readonly process: string; readonly slice: number; readonly key: string },
): Promise<boolean> {
  return (await engine.keyedScan({ prefix: letterPrefix(process, slice, key), limit: 1 })).length > 0;
}

async function fireInstance(
  settings: TickSettings,
  { key, timers, until }: { readonly key: string; readonly timers: readonly StoredTimer[]; readonly until: number },
): Promise<void> {
  const { store, process, slice, issuing } = settings;
  const { signal } = slice;
  const work = new InstanceWork({ store, process, slice: slice.slice, issuing, signal });
  try {
    const fired = await work.fireUntil(key, until);
    // An entry that no step has set: of a timer that somebody else wrote, or of an instance that was removed.
    if (fired === 0)
      await recordUnlessChanged(
        slice,
        timers.flatMap((timer) => clearWrites(timer)),
      );
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof StoreFailure) throw error.cause;
    await noteFailure(settings, timers, error);
  }
}

/**
 * Timers whose instance failed are tried again after a pause, without end: only later code makes them succeed, and it must not take
 * an operator then. The instance does not go past them.
 */
async function noteFailure(
  { store, process, slice }: TickSettings,
  timers: readonly StoredTimer[],
  thrown: unknown,
): Promise<void> {
  const context = contextOf(store);
  const { stack: _stack, ...error } = describeError(thrown);
  const writes = await Promise.all(
    timers.map(async (timer) => {
      const attempts = (timer.failure?.attempts ?? 0) + 1;
      const pauseMs = pauseAfter(process.retry, attempts, Math.random());
      const retryAt = context.now() + Math.ceil(pauseMs * 1000);
      return await setWrites(context, timer, { ...timer, dataText: 'null', failure: { attempts, error, retryAt } });
    }),
  );
  await recordUnlessChanged(slice, writes.flat());
}

/** Timers that were changed meanwhile are looked at again. */
async function recordUnlessChanged(slice: SliceAtRest, writes: readonly KeyedWrite[]): Promise<void> {
  try {
    await slice.record(writes);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
