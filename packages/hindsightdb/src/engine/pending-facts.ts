/**
 * Pending facts: what an append says about its own events before they are written (their positions, versions and time), and
 * how it is filled in. Pure.
 */

import { isoOfMicros } from '../core/time.ts';
import type { AppendBatch, KeyedWrite, Written } from './contract.ts';
import type { Pending, PendingText, SqlStatement, SqlValue, ViewKeyedWrite } from './views.ts';

/** Where the events of a batch go: stream by stream the first position and the first version. Both count up from there. */
export interface Places {
  /** Microseconds since 1970. */
  readonly recordedAt: number;
  readonly streams: readonly { readonly firstPosition: number; readonly firstVersion: number }[];
}

/** What must be known to say where the events of a batch will go. */
export interface PlaceLookup {
  partitionOf?(streamId: string): number;
  /** The newest position of a partition; 0 where it is empty. */
  head(partition: number): number;
  stream(streamId: string): { readonly version: number };
}

/** Where the events of a batch will go when they are written next, in an engine that gives positions one after the other. */
export function placesOf({ streams }: AppendBatch, recordedAt: number, lookup: PlaceLookup): Places {
  const heads = new Map<number, number>();
  const places = streams.map(({ streamId, events }) => {
    const partition = lookup.partitionOf?.(streamId) ?? 0;
    const head = heads.get(partition) ?? lookup.head(partition);
    heads.set(partition, head + events.length);
    return { firstPosition: head + 1, firstVersion: lookup.stream(streamId).version + 1 };
  });
  return { recordedAt, streams: places };
}

/** A progress entry's value after an append: the new heads of the partitions that it wrote to, the others as they were. */
export function movedHeads(heads: readonly number[], { partitions }: Pick<Written, 'partitions'>): readonly number[] {
  return heads.map(
    (head, partition) => partitions.find((written) => written.partition === partition)?.lastPosition ?? head,
  );
}

/** A keyed write with its facts filled in. */
export function filledWrite({ key, value, expectedRevision }: ViewKeyedWrite, places: Places): KeyedWrite {
  return {
    key: filledText(key, places),
    value: value === null ? null : filledText(value, places),
    ...(expectedRevision !== undefined && { expectedRevision }),
  };
}

/** A statement with its facts filled in. */
export function filledStatement(statement: SqlStatement<SqlValue | Pending>, places: Places): SqlStatement {
  return {
    sql: statement.sql,
    parameters: statement.parameters.map((parameter) => (isPending(parameter) ? factOf(parameter, places) : parameter)),
  };
}

function filledText(text: string | PendingText, places: Places): string {
  if (typeof text === 'string') return text;
  return text.map((part) => (typeof part === 'string' ? part : String(factOf(part, places)))).join('');
}

/** Whether a parameter stands for a fact that is to be filled in. */
export function isPending(parameter: SqlValue | Pending): parameter is Pending {
  return typeof parameter === 'object' && parameter !== null && 'pending' in parameter;
}

function factOf({ pending, stream, event }: Pending, { recordedAt, streams }: Places): number | string {
  const place = streams[stream];
  if (place === undefined)
    throw new RangeError(`The append has no stream ${stream} whose ${pending} could be filled in.`);
  switch (pending) {
    case 'position':
      return place.firstPosition + event;
    case 'version':
      return place.firstVersion + event;
    case 'recordedAt':
      return isoOfMicros(recordedAt);
    default:
      return pending satisfies never;
  }
}
