/** Looking at the instances of a process manager, whoever runs it. */

import { consumerInfo, type ConsumerInfo } from '../consumers/consumer-admin.ts';
import { readConsumer } from '../consumers/consumer-record.ts';
import { sliceOf } from '../consumers/slice-entry.ts';
import { argumentError } from '../core/errors.ts';
import { assertName, describe } from '../core/text.ts';
import { isoOfMicros } from '../core/time.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { listStreams } from '../store/list-streams.ts';
import { firstDue, readTimer, type TimerFailure } from '../timers/stored-timer.ts';
import { newestStep } from './instance-steps.ts';
import { assertProcess, assertProcessName, type Process } from './process.ts';
import { issuedPrefix, timerGroup, timerId } from './process-keys.ts';
import { shownState, type ProcessState } from './process-fold.ts';
import { instanceStream, stepOf, type StepCause } from './step.ts';

/** A process manager, by its definition or its name. */
export type ProcessName<State = unknown> = string | Process<State>;

/** An instance as its newest step left it. */
export interface ProcessInfo<State = unknown> extends ProcessState<State> {
  readonly key: string;
  /** The stream of its steps. */
  readonly streamId: string;
  /** How many steps it has taken. */
  readonly version: number;
  /** Its newest step: when it was recorded, and what it was led to by. */
  readonly lastStep: {
    readonly id: string;
    readonly recordedAt: string;
    readonly on: StepCause;
    readonly version: number;
  };
  /** Timers that are due and fail, by name: they are tried again, and the instance does not go past them. */
  readonly failing: Readonly<Record<string, TimerFailure>>;
  /** Steps whose commands may not be submitted yet. More than none for long: something stands against it, such as a `check` that throws. */
  readonly unsubmitted: number;
}

/** Which instances are listed. */
export interface ListProcessesOptions {
  /** `'running'` (default): those that have not ended; `'ended'`; or `'all'`. */
  readonly which?: 'running' | 'ended' | 'all';
  readonly signal?: AbortSignal;
}

/** The instances of a process manager, in the order of their keys' UTF-8 bytes. */
export async function* listProcesses<State = unknown>(
  store: AnyStore,
  process: ProcessName<State>,
  options: ListProcessesOptions = {},
): AsyncGenerator<ProcessInfo<State>> {
  const context = contextOf(store);
  const name = nameOf(process);
  assertObject('options', options);
  const { which = 'running', signal } = options;
  if (which !== 'running' && which !== 'ended' && which !== 'all')
    throw argumentError('INVALID_ARGUMENT', `which must be 'running', 'ended' or 'all', not ${describe(which)}.`);
  assertOptionalSignal(signal);
  for await (const { streamId } of listStreams(context, { category: name })) {
    signal?.throwIfAborted();
    const info = await infoOf<State>(store, name, streamId);
    if (info !== undefined && (which === 'all' || info.isEnded === (which === 'ended'))) yield info;
  }
}

/** One instance; undefined where it has not begun. */
export async function processInfo<State = unknown>(
  store: AnyStore,
  process: ProcessName<State>,
  key: string,
): Promise<ProcessInfo<State> | undefined> {
  const { limits } = contextOf(store);
  const name = nameOf(process);
  assertName('key', key, limits.streamIdBytesMax);
  return await infoOf<State>(store, name, instanceStream(name, key));
}

/** A process manager as its operators see it. */
export interface ProcessStatus extends ConsumerInfo {
  /** When the first pending timer is due, or is tried again: ISO 8601; undefined where none is pending. */
  readonly nextTimerAt: string | undefined;
}

/** How a process manager stands. Throws `CONSUMER_UNKNOWN` where it was never started. */
export async function processStatus(store: AnyStore, process: ProcessName): Promise<ProcessStatus> {
  const { engine } = contextOf(store);
  const info = await consumerInfo(store, nameOf(process));
  const firsts = await Promise.all(
    info.slices.map(async ({ slice }) => (await firstDue(engine, timerGroup(info.name, slice)))?.at),
  );
  const due = firsts.filter((at) => at !== undefined);
  return { ...info, nextTimerAt: due.length === 0 ? undefined : isoOfMicros(Math.min(...due)) };
}

function nameOf(process: unknown): string {
  if (typeof process !== 'string') {
    assertProcess(process);
    return process.name;
  }
  assertProcessName(process);
  return process;
}

async function infoOf<State>(store: AnyStore, name: string, streamId: string): Promise<ProcessInfo<State> | undefined> {
  const { step, streamVersion } = await newestStep(store, streamId);
  if (step === undefined) return undefined;
  const data = stepOf(step);
  const key = streamId.slice(name.length + 1);
  // What handlers of this process manager made, of this version or another.
  const shown = shownState(data) as ProcessState<State>;
  return {
    key,
    streamId,
    ...shown,
    version: streamVersion,
    lastStep: { id: step.id, recordedAt: step.recordedAt, on: data.on, version: data.version },
    ...(await restOf(store, name, key, shown)),
  };
}

/** So many notes are counted. */
const notesMax = 1000;

async function restOf(
  store: AnyStore,
  name: string,
  key: string,
  { timers }: ProcessState,
): Promise<Pick<ProcessInfo, 'failing' | 'unsubmitted'>> {
  const { engine } = contextOf(store);
  const slice = sliceOf(key, (await readConsumer(store, name))?.record.sliceCount ?? 1);
  const failing: [string, TimerFailure][] = [];
  for (const timer of Object.keys(timers)) {
    const failure = (await readTimer(contextOf(store), timerGroup(name, slice), timerId(key, timer)))?.failure;
    if (failure !== undefined) failing.push([timer, failure]);
  }
  const notes = await engine.keyedScan({ prefix: issuedPrefix(name, slice, key), limit: notesMax });
  return { failing: Object.fromEntries(failing), unsubmitted: notes.length };
}
