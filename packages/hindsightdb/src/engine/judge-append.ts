/**
 * The judgement of an append, shared by engines that can look things up one by one inside their transaction: may it be
 * written, was it written before, or what stands against it. Pure: it asks and answers.
 */

import { holdsVersion, type StreamFacts } from '../core/condition.ts';
import type { Conflict } from '../core/errors.ts';
import { saysTheSame } from '../core/record.ts';
import { staleViews, type ViewLookup } from './judge-views.ts';
import type {
  AppendAnswer,
  AppendBatch,
  AppendKey,
  BoundaryCondition,
  KeyedAnswer,
  StoredEvent,
  StreamWrite,
  Written,
  WrittenPartition,
  WrittenStream,
} from './contract.ts';

/** What is known of a stream inside the transaction. */
export interface StreamState extends StreamFacts {
  readonly lastEventId: string | undefined;
}

/** What an engine looks up inside its transaction. */
export interface Lookup extends ViewLookup {
  answerOf(key: string): KeyedAnswer | undefined;
  stream(streamId: string): StreamState;
  /** Where a stream lives. Left out by engines whose logs have one partition. */
  partitionOf?(streamId: string): number;
  /** The stored event and its id at a version of a stream. */
  eventAtVersion(streamId: string, version: number): { readonly id: string; readonly event: StoredEvent } | undefined;
  /** The first event after the boundary's positions that matches its query. */
  firstMatch(
    condition: BoundaryCondition,
  ): { readonly partition: number; readonly position: number; readonly eventId: string } | undefined;
}

/** What is looked up to recognise a repetition: nothing of it changes once it is written, but for versions. */
export type RepetitionLookup = Pick<Lookup, 'partitionOf' | 'eventAtVersion'> & {
  stream(streamId: string): Pick<StreamState, 'version'>;
};

/** Go on and write, or the answer that stands already. */
export type Judgement = { readonly kind: 'write' } | Exclude<AppendAnswer, { kind: 'appended' }>;

/**
 * Judges a batch. Keys come before conditions, so that a retry gets its first answer whatever has happened since. Views come
 * last: only an append that nothing else stands against is worth bringing them up for.
 */
export function judgeAppend(batch: AppendBatch, lookup: Lookup): Judgement {
  if (batch.key !== undefined) {
    const known = judgeKey(batch.key, lookup);
    if (known !== undefined) return known;
  }
  const conflicts = conflictsOf(batch, lookup);
  if (conflicts.length === 0) return judgeViews(batch, lookup);
  const repetition = batch.key === undefined ? judgeRepetition(batch, lookup) : undefined;
  return repetition ?? { kind: 'conflict', conflicts };
}

function judgeViews(batch: AppendBatch, lookup: Lookup): Judgement {
  if (batch.views === undefined) return { kind: 'write' };
  const progressKeys = staleViews(batch, lookup);
  return progressKeys.length === 0 ? { kind: 'write' } : { kind: 'viewStale', progressKeys };
}

function judgeKey(key: AppendKey, lookup: Lookup): Judgement | undefined {
  const known = lookup.answerOf(key.key);
  if (known === undefined) return undefined;
  return known.digest === key.digest
    ? { kind: 'duplicate', written: known.written }
    : { kind: 'keyReused', key: key.key };
}

function conflictsOf(batch: AppendBatch, lookup: Lookup): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const write of batch.streams) {
    const { streamId, expectedVersion: expected } = write;
    const stream = lookup.stream(streamId);
    const actual = stream.version;
    if (stream.isTombstoned && write.events.length > 0) conflicts.push({ kind: 'tombstone', streamId, actual });
    else if (!holdsVersion(expected, stream) || !followsPredecessor(write, stream))
      conflicts.push({ kind: 'version', streamId, expected, actual });
  }
  if (batch.condition !== undefined) {
    const match = lookup.firstMatch(batch.condition);
    if (match !== undefined) conflicts.push({ kind: 'condition', ...match });
  }
  for (const { key, expectedRevision: expected } of batch.keyedWrites ?? []) {
    const actual = lookup.keyed(key)?.revision ?? 0;
    if (expected !== undefined && expected !== actual) conflicts.push({ kind: 'keyedStore', key, expected, actual });
  }
  return conflicts;
}

function followsPredecessor(write: StreamWrite, stream: StreamState): boolean {
  return write.predecessorId === undefined || write.predecessorId === stream.lastEventId;
}

/**
 * Whether a batch without a key, refused for its versions, is one that was written before: every stream that it writes to
 * holds, at the versions after an exact expected one, events with the ids given. Check-only streams may have moved on.
 */
export function judgeRepetition(batch: AppendBatch, lookup: RepetitionLookup): Judgement | undefined {
  const writes = batch.streams.filter((write) => write.events.length > 0);
  const found = writes.map((write) => findGivenIds(write, lookup));
  const given = writes.reduce((count, write) => count + write.events.length, 0);
  const known = found.reduce((count, each) => count + each.filter((entry) => entry !== undefined).length, 0);
  if (known === 0) return undefined;
  const isSame = known === given && writes.every((write, index) => isSaidAgain(write, found[index] ?? []));
  if (!isSame)
    return {
      kind: 'repetitionMismatch',
      streamId: writes[found.findIndex((each) => each.some(Boolean))]?.streamId ?? '',
    };
  return { kind: 'duplicate', written: writtenBefore(batch.streams, found.flat().filter(isPresent), lookup) };
}

type Found = readonly (StoredEvent | undefined)[];

function findGivenIds(write: StreamWrite, lookup: RepetitionLookup): Found {
  const expected = write.expectedVersion === 'none' ? 0 : write.expectedVersion;
  if (typeof expected !== 'number') return write.events.map(() => undefined);
  return write.events.map((event, index) => {
    const stored = lookup.eventAtVersion(write.streamId, expected + 1 + index);
    return stored?.id === event.id ? stored.event : undefined;
  });
}

function isSaidAgain(write: StreamWrite, found: Found): boolean {
  return write.events.every((event, index) => saysTheSame(event.record, found[index]?.record ?? ''));
}

function isPresent<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

function writtenBefore(
  streams: readonly StreamWrite[],
  events: readonly StoredEvent[],
  lookup: RepetitionLookup,
): Written {
  const partitions = new Map<number, WrittenPartition>();
  for (const { partition, position, streamId, version } of events.toSorted(
    (left, right) => left.position - right.position,
  )) {
    const firstPosition = partitions.get(partition)?.firstPosition ?? position;
    const lastEventId = lookup.eventAtVersion(streamId, version)?.id ?? '';
    partitions.set(partition, { partition, firstPosition, lastPosition: position, lastEventId });
  }
  return {
    recordedAt: Math.max(...events.map((event) => event.recordedAt)),
    partitions: [...partitions.values()],
    streams: streams.map((write) => writtenStreamBefore(write, events, lookup)),
  };
}

function writtenStreamBefore(
  write: StreamWrite,
  events: readonly StoredEvent[],
  lookup: RepetitionLookup,
): WrittenStream {
  const { streamId, events: given } = write;
  const expected = write.expectedVersion === 'none' ? 0 : write.expectedVersion;
  const own = events.find((event) => event.streamId === streamId);
  // The version that a stream had when it was only checked is known where an exact one was expected; else its present one serves.
  const before = typeof expected === 'number' ? expected : lookup.stream(streamId).version;
  const firstVersion = own?.version ?? before + 1;
  return {
    streamId,
    partition: own?.partition ?? lookup.partitionOf?.(streamId) ?? 0,
    firstVersion,
    lastVersion: firstVersion + given.length - 1,
  };
}
