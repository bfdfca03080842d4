/** Operating consumers, whoever runs them: what is asked for is written down, and obeyed within half a second. */

import { decodeCheckpoint, type Checkpoint } from '../core/checkpoint.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import type { Engine } from '../store/engine-types.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { assertHolds, checkpointOf } from '../store/places.ts';
import { letterPrefix, prefixesOf, recordKey, recordPrefix, sliceKey } from './consumer-keys.ts';
import {
  changeConsumer,
  decodeRecord,
  requiredConsumer,
  type ConsumerFailure,
  type ConsumerRecord,
} from './consumer-record.ts';
import { isFenced, type ConsumerKind, type StartAt } from './consumer-spec.ts';
import { followsReserved } from './event-filter.ts';
import { lagOf, type ConsumerLag } from './lag.ts';
import { entityOfLetter, walkLetters, letterWrite, type Letter, type StoredLetter } from './letter.ts';
import { pausedByRestore, presentEpoch } from './paused-by-restore.ts';
import { decodeSlice, encodeSlice, freshSlice, lasts, sliceOf } from './slice-entry.ts';
import { startPlaces } from './start-place.ts';

/** A consumer as its operators see it. */
export interface ConsumerInfo {
  readonly name: string;
  readonly kind: ConsumerKind;
  readonly status: ConsumerRecord['status'];
  readonly reason?: string;
  readonly failure?: ConsumerFailure;
  readonly slices: readonly SliceInfo[];
  /** How far it is behind the log of the store; undefined where it follows another log. */
  readonly lag?: ConsumerLag;
  /** How many events are set aside, counted up to a thousand. */
  readonly letterCount: number;
}

/** A slice of a consumer. */
export interface SliceInfo {
  readonly slice: number;
  readonly checkpoint: Checkpoint | null;
  /** The position that it has come to, in each partition; null where it has not begun. */
  readonly positions: readonly number[] | null;
  /** Whether a process works on it, as far as its lease tells. */
  readonly isHeld: boolean;
}

const pageSize = 500;
const lettersCountedMax = 1000;

/** The consumers that were ever started with this store, by name. */
export async function listConsumers(store: AnyStore): Promise<readonly ConsumerInfo[]> {
  const { engine } = contextOf(store);
  const found: ConsumerInfo[] = [];
  for (let after: string | undefined; ;) {
    const entries = await engine.keyedScan({
      prefix: recordPrefix,
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const entry of entries)
      found.push(await infoOf(store, entry.key.slice(recordPrefix.length), decodeRecord(entry)));
    after = entries.at(-1)?.key;
    if (entries.length < pageSize || after === undefined) return found;
  }
}

/** One consumer. Throws `CONSUMER_UNKNOWN`. */
export async function consumerInfo(store: AnyStore, name: string): Promise<ConsumerInfo> {
  return await infoOf(store, name, (await requiredConsumer(store, name)).record);
}

async function infoOf(store: AnyStore, name: string, record: ConsumerRecord): Promise<ConsumerInfo> {
  const { engine, now } = contextOf(store);
  const { kind, status, reason, failure, sliceCount, logId } = pausedByRestore(record, engine.identity);
  const slices: SliceInfo[] = [];
  for (let slice = 0; slice < sliceCount; slice += 1) {
    const key = sliceKey(name, slice);
    const entry = await engine.keyedGet(key);
    const { checkpoint, holder, expiresAt } = entry === undefined ? freshSlice : decodeSlice(key, entry.value);
    const positions = checkpoint === null ? null : decodeCheckpoint(checkpoint).places.map(({ position }) => position);
    slices.push({ slice, checkpoint, positions, isHeld: holder !== null && lasts(expiresAt, now()) });
  }
  const letters = await engine.keyedScan({ prefix: letterPrefix(name), limit: lettersCountedMax });
  const isOfThisLog = logId === engine.identity.logId;
  return {
    name,
    kind,
    status,
    ...(reason !== undefined && { reason }),
    ...(failure !== undefined && { failure }),
    slices,
    ...(isOfThisLog && {
      lag: await lagOf({ store, home: store, name, filter: { includeReserved: followsReserved(kind) } }),
    }),
    letterCount: letters.length,
  };
}

/** Has it pause: what is at hand is finished, nothing new is begun until it is resumed. */
export async function pauseConsumer(
  store: AnyStore,
  name: string,
  options: { readonly reason?: string } = {},
): Promise<void> {
  const { reason } = options;
  await changeConsumer(store, name, ({ reason: _before, ...record }) => ({
    ...record,
    status: 'paused',
    ...(reason !== undefined && { reason }),
  }));
}

/** Has it go on after a pause or a failure, with the event that it failed at. */
export async function resumeConsumer(store: AnyStore, name: string): Promise<void> {
  const { identity } = contextOf(store).engine;
  await changeConsumer(store, name, ({ reason: _reason, failure: _failure, ...record }) => ({
    ...record,
    ...(record.logId === identity.logId && { epoch: presentEpoch(identity) }),
    status: 'running',
  }));
}

/**
 * Has a consumer that failed at an event go on without it: the event is set aside as a letter, and what comes behind it of the
 * same entity waits. Throws `CONSUMER_UNKNOWN`, and `UNSUPPORTED` where it was no event's fault.
 */
export async function setAsideFailed(store: AnyStore, name: string): Promise<void> {
  await changeConsumer(store, name, (record) => {
    const event = record.failure?.event;
    if (record.status !== 'failed' || event === undefined)
      throw new HindsightError('UNSUPPORTED', `Consumer ${name} has not failed at an event that could be set aside.`);
    const { failure: _failure, ...rest } = record;
    return { ...rest, status: 'running', setAsideEventId: event.id };
  });
}

/** Where a consumer is taken to: a start place, or `'start'`, where it begins for the first time. */
export type RewindTo = StartAt | 'start';

/**
 * Takes a consumer to another place, also while it runs: whoever holds its slices loses them, and takes them up again there.
 * Throws `REPLAY_REFUSED` for a reaction or a process manager that would be taken back, `UNSUPPORTED` for a projection, which is rebuilt, and
 * `CHECKPOINT_AHEAD` for a place behind the newest event.
 */
export async function rewindConsumer(store: AnyStore, name: string, to: RewindTo): Promise<void> {
  const { engine } = contextOf(store);
  const { record } = await requiredConsumer(store, name);
  if (record.kind === 'projection')
    throw new HindsightError(
      'UNSUPPORTED',
      `${name} is a projection: what its view holds would stay in it. Rebuild it instead.`,
    );
  // Where it begins anew is looked up by whoever runs it; other places are in a log that must be at hand.
  if (to !== 'start' && record.logId !== engine.identity.logId)
    throw new HindsightError('UNSUPPORTED', `Consumer ${name} follows another log than that of the store at hand.`);
  const places = to === 'start' ? undefined : await startPlaces(engine, to);
  // A place behind the newest event would pass over what comes there, and fit no log when it is next looked at.
  if (places !== undefined) await assertHolds(engine, checkpointOf(engine, places));
  for (let slice = 0; slice < record.sliceCount; slice += 1) {
    const key = sliceKey(name, slice);
    for (;;) {
      const found = await engine.keyedGet(key);
      const entry = found === undefined ? freshSlice : decodeSlice(key, found.value);
      if (isFenced(record.kind) && entry.checkpoint !== null)
        assertForward(name, record.kind, { checkpoint: entry.checkpoint, places });
      const moved = {
        ...entry,
        checkpoint: places === undefined ? null : checkpointOf(engine, places),
        token: entry.token + 1,
        holder: null,
        expiresAt: 0,
        writes: 0,
      };
      const write = { key, value: encodeSlice(moved), expectedRevision: found?.revision ?? 0 };
      if ((await engine.keyedWrite([write])).length === 0) break;
    }
  }
  await changeConsumer(store, name, (each) => each);
}

function assertForward(
  name: string,
  kind: ConsumerKind,
  {
    checkpoint,
    places,
  }: { readonly checkpoint: Checkpoint; readonly places: readonly { readonly position: number }[] | undefined },
): void {
  const now = decodeCheckpoint(checkpoint).places;
  if (places !== undefined && places.every(({ position }, partition) => position >= (now[partition]?.position ?? 0)))
    return;
  throw new HindsightError(
    'REPLAY_REFUSED',
    `${name} is a ${kind === 'process' ? 'process manager' : kind}: what it did is not done again. It can only be taken forward.`,
    { details: { name } },
  );
}

/** Takes a consumer to where it begins for the first time; see `rewindConsumer`. Its letters stay. */
export async function resetConsumer(store: AnyStore, name: string): Promise<void> {
  await rewindConsumer(store, name, 'start');
}

/** Removes all that is remembered of a consumer, in small steps. One that still runs stops. Throws `CONSUMER_UNKNOWN`. */
export async function removeConsumer(store: AnyStore, name: string): Promise<void> {
  const { engine } = contextOf(store);
  await requiredConsumer(store, name);
  await engine.keyedWrite([{ key: recordKey(name), value: null }]);
  for (const prefix of prefixesOf(name)) {
    for (;;) {
      const entries = await engine.keyedScan({ prefix, limit: pageSize });
      if (entries.length === 0) break;
      await engine.keyedWrite(entries.map(({ key }) => ({ key, value: null })));
    }
  }
}

/**
 * The letters of a consumer, or of one entity, in the order in which they would be tried. An entity is a stream; that of a
 * process manager is an instance, known by its key. Throws `CONSUMER_UNKNOWN`.
 */
export async function* listLetters(
  store: AnyStore,
  consumer: string,
  options: { readonly streamId?: string } = {},
): AsyncGenerator<Letter> {
  const { streamId: entity } = options;
  const { record } = await requiredConsumer(store, consumer);
  const slice = entity === undefined ? undefined : sliceOf(entity, record.sliceCount);
  const of = { consumer, ...(slice !== undefined && { slice }), ...(entity !== undefined && { entity }) };
  for await (const { letter } of walkLetters(contextOf(store).engine, of)) yield letter;
}

/**
 * Has the letters of an entity tried again, in order, until one fails. Done by whoever runs the consumer; where nobody does, as
 * soon as somebody does. Throws `LETTER_UNKNOWN`.
 */
export async function retryLetters(store: AnyStore, consumer: string, entity: string): Promise<void> {
  await askOfFirst(store, consumer, { entity, state: 'retry' });
}

/** Drops the first letter of an entity for good, unhandled, and has those behind it tried. Throws `LETTER_UNKNOWN`. */
export async function skipLetter(store: AnyStore, consumer: string, entity: string): Promise<void> {
  await askOfFirst(store, consumer, { entity, state: 'skip' });
}

/** Has the letters of every entity tried again. Answers how many entities have any. */
export async function retryAllLetters(store: AnyStore, consumer: string): Promise<number> {
  const entities = new Set<string>();
  for await (const letter of listLetters(store, consumer)) entities.add(entityOfLetter(letter));
  for (const entity of entities) await retryLetters(store, consumer, entity).catch(ignoreGone);
  return entities.size;
}

function ignoreGone(error: unknown): void {
  // Somebody was faster: the letters are gone, as was asked.
  if (!isHindsightError(error, 'LETTER_UNKNOWN')) throw error;
}

async function askOfFirst(
  store: AnyStore,
  consumer: string,
  { entity, state }: { readonly entity: string; readonly state: 'retry' | 'skip' },
): Promise<void> {
  const { engine } = contextOf(store);
  const { record } = await requiredConsumer(store, consumer);
  const slice = sliceOf(entity, record.sliceCount);
  for (;;) {
    const first = await firstLetter(engine, { consumer, slice, entity });
    if (first === undefined)
      throw new HindsightError('LETTER_UNKNOWN', `Consumer ${consumer} has no letter of ${entity}.`, {
        details: { consumer, streamId: entity },
      });
    const { letter, revision } = first;
    const { key, value } = letterWrite({ ...letter, state });
    if ((await engine.keyedWrite([{ key, value, expectedRevision: revision }])).length === 0) break;
  }
  await changeConsumer(store, consumer, (each) => each);
}

async function firstLetter(
  engine: Engine,
  of: { readonly consumer: string; readonly slice: number; readonly entity: string },
): Promise<StoredLetter | undefined> {
  for await (const stored of walkLetters(engine, of)) return stored;
  return undefined;
}
