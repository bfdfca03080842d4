/**
 * The writer: judges and writes groups of appends, a group a transaction, a transaction a sync. Runs on the writer thread,
 * where it may wait. Several processes may write to one file; each group begins by taking SQLite's write lock.
 */

import type { DatabaseSync } from 'node:sqlite';
import { HindsightError } from '../../core/errors.ts';
import type { StreamSettings } from '../../core/stream-settings.ts';
import { subjectOfSettingsStream } from '../../core/stream-id.ts';
import { idOfRecord, removedRecord } from '../../core/record.ts';
import type {
  AppendAnswer,
  AppendBatch,
  KeyedWrite,
  NewEvent,
  RecordedWrite,
  StreamEffect,
  Written,
  WrittenStream,
} from '../../engine/contract.ts';
import { copiedSettings } from '../../engine/copied-settings.ts';
import { judgeAppend, type Lookup } from '../../engine/judge-append.ts';
import { placesOf } from '../../engine/pending-facts.ts';
import { checksumOf } from './checksum.ts';
import { ClockSkew } from './clock-skew.ts';
import { Finder } from './finder.ts';
import type { GroupMember } from './group-message.ts';
import { Indexer } from './indexer.ts';
import { KnownStream, KnownStreams } from './known-streams.ts';
import { Reader } from './reader.ts';
import { RowInserter } from './row-inserter.ts';
import { numberOf, rowOf } from './rows.ts';
import { StreamIndexer, streamRowsPerEvent, streamRowsPerPause, streamRowsPerSlice } from './stream-indexer.ts';
import { lastVersionOf, Tail } from './tail.ts';
import { ViewWriter } from './view-writer.ts';
import { assertWritable, logState, type LogState } from './writable.ts';
import { prepareWriterStatements, type WriterStatements } from './writer-statements.ts';

/** How long the row of an expired key is kept, in microseconds: a clock that is set back by less than a day finds it again. */
const expiredKeysKept = 86_400_000_000;

/** How many events gather before their kinds and tags are indexed. */
const unindexedMax = 1024;
/** How many events are written before slices of the stream index are, and when these no longer wait until nobody asks. */
const sliceEvery = 512;
const overdueMin = 2048;

/** Writes to one file by one connection. */
export class Writer {
  readonly #tail: Tail;
  readonly #finder: Finder;
  readonly #reader: Reader;
  readonly #indexer: Indexer;
  readonly #streamIndexer: StreamIndexer;
  readonly #statements: WriterStatements;
  readonly #views: ViewWriter;
  readonly #known = new KnownStreams();
  /** Rows of events that are judged and not inserted yet; flushed before anything reads events. */
  readonly #events: RowInserter;
  /** The clock of the group at hand. */
  #now = 0;
  /** Changes when another connection has committed; undefined: nothing is known. */
  #dataVersion: number | undefined;
  /** The last position and time of the log, valid as long as nobody else commits. */
  #head = 0;
  #lastRecordedAt = 0;
  /** The head at the last slice of the stream index. */
  #slicedTo = 0;
  /** Whether slices are being written until there is nothing left. */
  #isSlicing = false;
  /** Whether this transaction has looked that appends are taken. */
  #isKnownOpen = false;
  #appendCount = 0;
  readonly #skew = new ClockSkew();

  constructor(database: DatabaseSync) {
    this.#tail = new Tail(database);
    this.#finder = new Finder(database, this.#tail);
    this.#reader = new Reader(database, () => this.#now, this.#tail);
    this.#indexer = new Indexer(database);
    this.#streamIndexer = new StreamIndexer(database);
    this.#statements = prepareWriterStatements(database);
    this.#events = new RowInserter(
      database,
      'INSERT INTO event (position, stream_id, version, recorded_at, checksum, record)',
      6,
    );
    this.#views = new ViewWriter({
      database,
      keyed: (key) => this.#reader.keyedGet(key),
      writeKeyed: (write) => this.#writeKeyed(write),
      flush: () => this.#events.flush(),
    });
  }

  /** How many events the stream index does not hold yet, as of the last group. */
  get tailLength(): number {
    return this.#tail.length;
  }

  /** How many appends were judged. */
  get appendCount(): number {
    return this.#appendCount;
  }

  /** How many statements of the user were executed. */
  get statementCount(): number {
    return this.#views.statementCount;
  }

  /** How many appends were made while the clock was more than a minute behind the log. */
  get skewedAppends(): number {
    return this.#skew.appends;
  }

  /**
   * Judges and writes appends, and what comes between them, in their order, in the transaction that the caller has begun and will commit. When it throws,
   * or when the commit fails, the caller undoes the transaction and calls `forget`.
   */
  writeGroup(batches: readonly GroupMember[], now: number): readonly AppendAnswer[] {
    this.#isKnownOpen = false;
    this.#enter(now, areAppends(batches) ? 'open' : undefined);
    return this.joinGroup(batches, now);
  }

  /** The same for a further group in the transaction of the first: under its lock nobody else can have changed anything. */
  joinGroup(batches: readonly GroupMember[], now: number): readonly AppendAnswer[] {
    this.#now = now;
    // While events are copied in, appends are refused, and entries are written.
    if (!this.#isKnownOpen && areAppends(batches)) this.#enter(now, 'open');
    const answers = batches.map((batch) => this.#append(batch));
    this.#events.flush();
    this.#views.flush();
    this.#appendCount += batches.filter(isAppend).length;
    return answers;
  }

  /** Whether enough was written for `indexAlong`, or what it began is not at its end. */
  get isIndexDue(): boolean {
    const owed = this.#head - this.#slicedTo;
    return owed >= (this.#isSlicing ? 1 : sliceEvery) || this.#areKindsDue;
  }

  /** Whether the index tables have fallen so far behind that those who ask have to wait for them. */
  get isIndexOverdue(): boolean {
    return this.#areKindsDue || this.#head - this.#slicedTo >= overdueMin;
  }

  get #areKindsDue(): boolean {
    return this.#head - this.#tail.indexedTo >= unindexedMax;
  }

  /**
   * Keeps the index tables from falling behind, a little at a time: the kinds and tags now and then, or a slice of the
   * streams. In a transaction of the caller's.
   */
  indexAlong(): void {
    this.#enter(this.#now, undefined);
    if (this.#areKindsDue) {
      this.#index();
      return;
    }
    this.#isSlicing = this.#streamIndexer.advance(this.#tail, streamRowsPerSlice);
    this.#slicedTo = this.#isSlicing
      ? Math.min(this.#head, this.#slicedTo + streamRowsPerSlice / streamRowsPerEvent)
      : this.#head;
    this.#isSlicing &&= this.#slicedTo < this.#head;
  }

  /** Brings the index tables of kinds and tags up to the head, in a transaction of the caller's. */
  indexKinds(): void {
    this.#enter(this.#now, undefined);
    this.#index();
  }

  /** Uses a pause to index some of the tail, in a transaction of the caller's. Answers whether there is more to do. */
  indexSome(): boolean {
    this.#enter(this.#now, undefined);
    this.#index();
    return this.#streamIndexer.advance(this.#tail, streamRowsPerPause, 1);
  }

  /** Brings all index tables up to the head, in a transaction of the caller's. */
  indexAll(): void {
    this.#enter(this.#now, undefined);
    this.#index();
    this.#streamIndexer.finish(this.#tail);
  }

  /** Copies events in, in a transaction of the caller's. */
  copyIn(events: readonly RecordedWrite[], keyedWrites: readonly KeyedWrite[], now: number): void {
    this.#enter(now, 'copying');
    for (const event of events) {
      const known = this.#stream(event.streamId);
      this.#lastRecordedAt = event.recordedAt;
      this.#insert(event.streamId, known, event);
      const copied = copiedSettings(event);
      if (copied !== undefined) this.#applySettings(copied.streamId, known.version, copied.settings);
    }
    this.#events.flush();
    for (const write of keyedWrites) this.#writeKeyed(write);
  }

  /** Begins copying, or resumes it. Throws `STORE_EXISTS` when the log holds events that were not copied. */
  beginCopy(now: number): void {
    this.#enter(now, undefined);
    if (logState(this.#statements) === 'copying') return;
    if (this.#head > 0) throw new HindsightError('STORE_EXISTS', 'Events can be copied into an empty log only.');
    this.#statements.setState.run('copying');
  }

  /** Ends copying: everything is indexed, and ordinary appends are taken again. */
  endCopy(now: number): void {
    this.#enter(now, 'copying');
    this.#index();
    this.#streamIndexer.finish(this.#tail);
    this.#statements.setState.run('open');
  }

  /** Forgets what is remembered of the file: after a transaction that did not come about. */
  forget(): void {
    this.#known.clear();
    this.#views.forget();
    this.#tail.reset();
    this.#events.forget();
    this.#indexer.forget();
    this.#streamIndexer.forget();
    this.#dataVersion = undefined;
  }

  /** Makes sure, inside the write lock, that the file is still what this code can write to, and sees what others wrote. */
  #enter(now: number, state: LogState | undefined): void {
    this.#now = now;
    assertWritable(this.#statements, state);
    this.#isKnownOpen ||= state === 'open';
    const dataVersion = numberOf(this.#statements.dataVersion.get(), 0);
    if (dataVersion === this.#dataVersion) return;
    this.#dataVersion = dataVersion;
    this.#known.clear();
    this.#views.forget();
    this.#tail.refresh();
    const row = this.#statements.last.get();
    [this.#head = 0, this.#lastRecordedAt = 0] = row === undefined ? [] : rowOf(row).map(Number);
    // What others wrote, they index as well.
    this.#slicedTo = this.#head;
  }

  #append(batch: GroupMember): AppendAnswer {
    const judgement = judgeAppend(batch, this.#lookup);
    if (judgement.kind !== 'write') return judgement;
    const places = batch.views && this.#lookup.places(batch);
    const written = this.#write(batch);
    if (batch.views !== undefined && places !== undefined) this.#views.write(batch.views, places, written);
    if (batch.statements !== undefined) this.#views.execute(batch.statements);
    if (batch.key !== undefined)
      this.#statements.rememberKey.run(
        batch.key.key,
        batch.key.digest,
        JSON.stringify(written),
        batch.key.expiresAt ?? null,
      );
    return { kind: 'appended', written };
  }

  #write(batch: AppendBatch): Written {
    if (batch.streams.length > 0) {
      this.#skew.note(this.#now, this.#lastRecordedAt);
      this.#lastRecordedAt = Math.max(this.#now, this.#lastRecordedAt);
    }
    const firstPosition = this.#head + 1;
    let lastEventId = '';
    const streams: WrittenStream[] = [];
    for (const { streamId, events, effect } of batch.streams) {
      const known = this.#stream(streamId);
      const firstVersion = known.version + 1;
      for (const event of events) this.#insert(streamId, known, event);
      if (effect !== undefined) this.#apply(effect, known.version);
      lastEventId = events.at(-1)?.id ?? lastEventId;
      streams.push({ streamId, partition: 0, firstVersion, lastVersion: known.version });
    }
    for (const write of batch.keyedWrites ?? []) this.#writeKeyed(write);
    const partitions =
      this.#head < firstPosition ? [] : [{ partition: 0, firstPosition, lastPosition: this.#head, lastEventId }];
    return { recordedAt: this.#lastRecordedAt, streams, partitions };
  }

  #insert(streamId: string, known: KnownStream, event: NewEvent): void {
    const position = this.#head + 1;
    const version = known.version + 1;
    const stored = { position, streamId, version, recordedAt: this.#lastRecordedAt, record: event.record };
    this.#events.add(position, streamId, version, stored.recordedAt, checksumOf(stored), event.record);
    this.#tail.push({ position, streamId, version, labels: event });
    known.advance(event.id);
    this.#head = position;
  }

  #apply(effect: StreamEffect, settingsVersion: number): void {
    if (effect.kind === 'settings') this.#applySettings(effect.streamId, settingsVersion, effect.settings);
    else this.#remove(effect.streamId, effect.beforeVersion);
  }

  #applySettings(streamId: string, version: number, settings: StreamSettings): void {
    this.#statements.setSettings.run(streamId, version, JSON.stringify(settings));
    this.#known.forget(streamId);
  }

  /** Empties records. They are indexed first: what they are found by is read from them. */
  #remove(streamId: string, beforeVersion: number): void {
    this.#events.flush();
    this.#index();
    this.#statements.allowRemoval.run(streamId, beforeVersion);
    for (let version = 1; version < beforeVersion; version += 1) {
      const event = this.#reader.eventAtVersion(streamId, version);
      if (event === undefined) continue;
      const record = removedRecord(event.record);
      this.#statements.empty.run(record, checksumOf({ ...event, record }), event.position);
    }
  }

  #writeKeyed({ key, value }: KeyedWrite): void {
    this.#views.forgetEntry(key);
    if (value === null) {
      this.#statements.deleteKeyed.run(key);
      return;
    }
    const revision = numberOf(this.#statements.nextRevision.get(), 1);
    this.#statements.setKeyed.run(key, value, revision);
  }

  #index(): void {
    this.#indexer.index(this.#tail);
    this.#tail.refresh();
    this.#statements.forgetKeys.run(this.#now - expiredKeysKept);
  }

  #stream(streamId: string): KnownStream {
    const known = this.#known.get(streamId);
    if (known !== undefined) return known;
    const inTail = this.#tail.stream(streamId);
    const version =
      inTail === undefined ? numberOf(this.#statements.streamVersion.get(streamId), 0) : lastVersionOf(inTail);
    const fresh = new KnownStream({ streamId, version, isTombstoned: this.#isTombstoned(streamId) }, this.#idAt);
    this.#known.add(fresh);
    return fresh;
  }

  #isTombstoned(streamId: string): boolean {
    if (subjectOfSettingsStream(streamId) !== undefined) return false;
    const row = this.#statements.settings.get(streamId);
    return row !== undefined && settingsOfText(String(rowOf(row)[0])).tombstone === true;
  }

  readonly #idAt = (streamId: string, version: number): string | undefined =>
    this.#lookup.eventAtVersion(streamId, version)?.id;

  readonly #lookup: Lookup = {
    keyed: (key) => {
      this.#views.settle(key);
      return this.#reader.keyedGet(key);
    },
    head: () => this.#head,
    progress: (progressKey) => this.#views.progress(progressKey),
    places: (batch) => placesOf(batch, Math.max(this.#now, this.#lastRecordedAt), this.#lookup),
    answerOf: (key) => this.#reader.answerOf(key),
    stream: (streamId) => this.#stream(streamId),
    eventAtVersion: (streamId, version) => {
      this.#events.flush();
      const event = this.#reader.eventAtVersion(streamId, version);
      return event && { id: idOfRecord(event.record), event };
    },
    firstMatch: ({ query, after }) => {
      const from = after[0] ?? 0;
      this.#events.flush();
      const { positions } = this.#finder.find(
        { query, includeReserved: false },
        { direction: 'forward', from, until: this.#head, limit: 1, stepsMax: Number.POSITIVE_INFINITY },
      );
      const [position] = positions;
      const event = position === undefined ? undefined : this.#reader.eventAt(position);
      return event && { partition: 0, position: event.position, eventId: idOfRecord(event.record) };
    },
  };
}

/** Settings as this engine stored them. */
function settingsOfText(text: string): StreamSettings {
  // What stands in the table was written from settings that the store had checked.
  return JSON.parse(text) as StreamSettings;
}

function areAppends(batches: readonly GroupMember[]): boolean {
  return batches.some(isAppend);
}

function isAppend({ streams }: GroupMember): boolean {
  return streams.length > 0;
}
