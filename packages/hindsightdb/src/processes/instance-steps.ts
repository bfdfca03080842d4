/** The steps of an instance in its stream: reading the newest one, and appending the next. */

import { stepType, type RecordedEvent } from '../core/event.ts';
import { resultOf } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import { decodeEvents } from '../store/decode.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { Store } from '../store/store.ts';
import type { Step } from './advance.ts';
import { freshInstance, instanceAfter, type Instance } from './instance.ts';
import type { Process } from './process.ts';
import { stepDigest, stepKey } from './process-keys.ts';
import { instanceStream, stepOf } from './step.ts';

/** Most of the time the newest event is a step; what somebody else appended to the stream is passed over. */
const pageSize = 4;
const bytesMax = 4 * 1024 * 1024;

/** The newest step of a stream, and how many events the stream has. */
export async function newestStep(
  { context }: AnyStore,
  streamId: string,
): Promise<{ readonly step: RecordedEvent | undefined; readonly streamVersion: number }> {
  let streamVersion: number | undefined;
  for (let fromVersion: number | undefined = Number.MAX_SAFE_INTEGER; fromVersion !== undefined;) {
    const page = await context.engine.readStream({
      streamId,
      direction: 'backward',
      fromVersion,
      limit: streamVersion === undefined ? 1 : pageSize,
      bytesMax,
    });
    streamVersion ??= page.version;
    for (const stored of page.events) {
      const step = (await decodeEvents(context, [stored])).find(({ type }) => type === stepType);
      if (step !== undefined) return { step, streamVersion };
    }
    fromVersion = page.nextVersion;
  }
  return { step: undefined, streamVersion: streamVersion ?? 0 };
}

/** An instance as it is now. */
export async function loadInstance(store: AnyStore, process: Process, key: string): Promise<Instance> {
  const { step, streamVersion } = await newestStep(store, instanceStream(process.name, key));
  if (step === undefined) return { ...freshInstance(process, key), streamVersion };
  return instanceAfter(key, stepOf(step), streamVersion);
}

/** Somebody else has taken a step, or changed a timer. */
const behindKinds: ReadonlySet<string> = new Set(['version', 'keyedStore']);

/** A step of an instance by its version in the stream; undefined where there is none. */
export async function stepAt(
  { context }: AnyStore,
  streamId: string,
  version: number,
): Promise<RecordedEvent | undefined> {
  const request = { streamId, direction: 'forward', fromVersion: version, limit: 1, bytesMax } as const;
  const { events } = await context.engine.readStream(request);
  const found = events.filter((stored) => stored.version === version);
  return (await decodeEvents(context, found)).find(({ type }) => type === stepType);
}

/** What became of a step: it was appended; it is recorded already; or the instance is not what it was computed on any more. */
export type StepAnswer = 'appended' | 'recorded' | 'behind';

/** Appends a step behind what the instance was computed on, with the entries that go with it. */
export async function appendStep(
  store: AnyStore,
  process: Process,
  { instance, step }: { readonly instance: Instance; readonly step: Step },
  writes: { readonly keyedWrites: readonly KeyedWrite[]; readonly signal: AbortSignal },
): Promise<StepAnswer> {
  const { id, data, at, causationId, correlationId } = step;
  const metadata = { causationId, ...(correlationId !== undefined && { correlationId }) };
  // Every store has the method; the type that functions take leaves it out for brevity.
  const answer = await (store as Store).appendInternal({
    streams: [
      {
        streamId: instanceStream(process.name, instance.key),
        expectedVersion: instance.streamVersion,
        events: [{ id, type: stepType, data, occurredAt: at, metadata }],
      },
    ],
    isReservedAllowed: false,
    key: stepKey(process.name, id),
    contentDigest: stepDigest,
    keyedWrites: writes.keyedWrites,
    signal: writes.signal,
  });
  // By its key, or by its id where a log was copied without its keys.
  if (answer.kind === 'duplicate' || answer.kind === 'repetitionMismatch') return 'recorded';
  if (answer.kind === 'conflict' && answer.conflicts.every(({ kind }) => behindKinds.has(kind))) return 'behind';
  resultOf(store.context.engine, answer);
  return 'appended';
}
