/**
 * The record of a consumer: what it is, and whether it is to run. Those who operate it change the record, those who run it
 * look at it; so it works across processes and when nobody runs it.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import type { KeyedEntry } from '../store/engine-types.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { ConsumerKind } from './consumer-spec.ts';
import { recordKey, recordPrefix } from './consumer-keys.ts';

/** Why a consumer stopped by itself. */
export interface ConsumerFailure {
  readonly message: string;
  readonly code?: string;
  /** The event at which it failed; absent where it was no event's fault. */
  readonly event?: {
    readonly id: string;
    readonly type: string;
    readonly streamId: string;
    readonly version: number;
    readonly partition: number;
    readonly position: number;
  };
  /** When, in ISO 8601. */
  readonly at: string;
}

/** What stands in the record. */
export interface ConsumerRecord {
  readonly kind: ConsumerKind;
  readonly sliceCount: number;
  /** Of what decides commands: their category. Under the same name, those of another one would be passed over. */
  readonly category?: string;
  /** The log that it follows. */
  readonly logId: string;
  /** Where its slices begin, all at one place: chosen when it was first started. */
  readonly start?: Checkpoint;
  readonly status: 'running' | 'paused' | 'failed';
  /** Why it is paused, in the words of whoever paused it. */
  readonly reason?: string;
  readonly failure?: ConsumerFailure;
  /** The event to set aside when it is met again: told by `setAsideFailed`. */
  readonly setAsideEventId?: string;
  /** The epoch in which a reaction was last told to run; in a later one it stands paused. */
  readonly epoch: string;
  /** Changes with everything that is asked of those who run it. */
  readonly requests: number;
}

/** The record with the revision to change it by. */
export interface StoredConsumer {
  readonly name: string;
  readonly record: ConsumerRecord;
  readonly revision: number;
}

/** Reads a record; undefined when the consumer was never started. */
export async function readConsumer(home: AnyStore, name: string): Promise<StoredConsumer | undefined> {
  const entry = await home.context.engine.keyedGet(recordKey(name));
  return entry && { name, revision: entry.revision, record: decodeRecord(entry) };
}

/** Of names that go on behind the one given, so many are told. */
const namesToldMax = 5;

/** Reads a record that must be there. Throws `CONSUMER_UNKNOWN`, which tells a projection's builds where its name was given. */
export async function requiredConsumer(home: AnyStore, name: string): Promise<StoredConsumer> {
  const found = await readConsumer(home, name);
  if (found !== undefined) return found;
  const prefix = recordKey(`${name}@`);
  const others = await home.context.engine.keyedScan({ prefix, limit: namesToldMax });
  const builds = others.map(({ key }) => key.slice(recordPrefix.length)).join(', ');
  throw new HindsightError(
    'CONSUMER_UNKNOWN',
    `No consumer named ${JSON.stringify(name)} was ever started with this store.${builds === '' ? '' : ` A projection is followed under the name of its build: ${builds}.`}`,
    { details: { name } },
  );
}

/** Reads what a record's entry says. */
export function decodeRecord(entry: KeyedEntry): ConsumerRecord {
  const value: unknown = JSON.parse(entry.value);
  if (typeof value !== 'object' || value === null || !('sliceCount' in value))
    throw new HindsightError('STORE_CORRUPT', `The entry ${entry.key} is not one of a consumer.`);
  // Written by this file alone, whole.
  return value as ConsumerRecord;
}

/**
 * Changes a record, again when somebody else was faster. `change` may answer undefined to leave it as it is. Throws
 * `CONSUMER_UNKNOWN`.
 */
export async function changeConsumer(
  home: AnyStore,
  name: string,
  change: (record: ConsumerRecord) => ConsumerRecord | undefined,
): Promise<ConsumerRecord> {
  for (;;) {
    const { record, revision } = await requiredConsumer(home, name);
    const changed = change(record);
    if (changed === undefined) return record;
    const value = { ...changed, requests: record.requests + 1 };
    if (await writeRecord(home, name, value, revision)) return value;
  }
}

/** Writes the record where it is still at the revision. */
export async function writeRecord(
  home: AnyStore,
  name: string,
  record: ConsumerRecord,
  expectedRevision: number,
): Promise<boolean> {
  const write = { key: recordKey(name), value: JSON.stringify(record), expectedRevision };
  return (await home.context.engine.keyedWrite([write])).length === 0;
}
