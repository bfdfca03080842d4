/**
 * The memory engine: the contract in its plainest true form. Obvious, slow and correct; the specification that every other
 * engine is compared with, and a store for tests. Nothing outlives the process.
 */

import { categoryOf, isReserved, partitionOf } from '../core/stream-id.ts';
import { argumentError, HindsightError, type Conflict } from '../core/errors.ts';
import { embeddedLimits } from '../core/limits.ts';
import { matchesQuery } from '../core/query.ts';
import { removedRecord } from '../core/record.ts';
import { firstShownVersion, oldestShownAt } from '../core/stream-settings.ts';
import { compareUtf8 } from '../core/text.ts';
import { copiedSettings } from './copied-settings.ts';
import { judgeAppend, type Lookup } from './judge-append.ts';
import { headsOfProgress } from './judge-views.ts';
import { isWanted, takePage, type Entry, type RecordedSettings } from './memory-entries.ts';
import { MemoryKeyed } from './memory-keyed.ts';
import { MemoryListeners } from './memory-listeners.ts';
import { executeViews, memorySql, writeViews } from './memory-views.ts';
import { placesOf } from './pending-facts.ts';
import type { SqlTables } from './sql-tables.ts';
import type * as contract from './contract.ts';
import type { SqlPart } from './views.ts';

/** What an engine of this kind is opened with. */
export interface MemoryEngineOptions {
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Unique texts for the log and its epoch. */
  readonly newId: () => string;
  /** Default 1. */
  readonly partitionCount?: number;
  /** Whether one append may touch several partitions. Default true; false lets a test see how that is refused. */
  readonly spansPartitions?: boolean;
  /** Tables for views, closed with the engine. Without them it has no SQL. */
  readonly sqlTables?: SqlTables;
}

/** Opens an empty log in memory. */
export class MemoryEngine implements contract.Engine {
  readonly capabilities: contract.Capabilities;
  readonly identity: contract.LogIdentity;
  readonly sql?: SqlPart;
  readonly #now: () => number;
  readonly #partitions: Entry[][];
  readonly #streams = new Map<string, Entry[]>();
  readonly #settings = new Map<string, RecordedSettings>();
  readonly #answers = new Map<string, { readonly key: contract.AppendKey; readonly written: contract.Written }>();
  readonly #keyed = new MemoryKeyed();
  readonly #sqlTables: SqlTables | undefined;
  readonly #listeners = new MemoryListeners();
  /** The clock when the append at hand came in. */
  #time = 0;
  #isCopying = false;
  #isClosed = false;

  constructor(options: MemoryEngineOptions) {
    const { partitionCount = 1, spansPartitions = true, now, newId, sqlTables } = options;
    this.#now = now;
    this.#sqlTables = sqlTables;
    if (sqlTables !== undefined)
      this.sql = memorySql(sqlTables, {
        assertOpen: () => this.#assertOpen(),
        write: (writes, execute) => this.#writeKeyed(writes, execute),
      });
    this.#partitions = Array.from({ length: partitionCount }, () => []);
    this.capabilities = {
      engine: 'memory',
      durability: 'none',
      spansPartitions,
      sharedAcrossProcesses: false,
      sql: sqlTables === undefined ? 'none' : 'sqlite',
      wakeWithinMs: 0,
      limits: embeddedLimits,
    };
    this.identity = {
      logId: newId(),
      partitionCount,
      lineage: [{ epoch: newId(), firstPositions: Array.from({ length: partitionCount }, () => 1), beganAt: now() }],
    };
  }

  async append(
    batch: contract.AppendBatch,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<contract.AppendAnswer> {
    this.#assertOpen();
    options.signal?.throwIfAborted();
    if (this.#isCopying)
      throw new HindsightError(
        'STORE_BUSY',
        'Events are being copied into this log; appends are taken when the copy has ended.',
      );
    if (!this.capabilities.spansPartitions) this.#assertWithinPartition(batch);
    this.#time = this.#now();
    const judgement = judgeAppend(batch, this.#lookup);
    if (judgement.kind !== 'write') return judgement;
    const places = this.#lookup.places(batch);
    executeViews(batch, places, this.#sqlTables);
    const written = this.#write(batch, places.recordedAt);
    writeViews(batch, places, { keyed: this.#keyed, written, progress: (key) => this.#lookup.progress(key) });
    if (batch.key !== undefined) this.#answers.set(batch.key.key, { key: batch.key, written });
    this.#listeners.callAll();
    return { kind: 'appended', written };
  }

  #assertWithinPartition({ streams, condition }: contract.AppendBatch): void {
    const touched = new Set(streams.map((write) => this.#partitionOf(write.streamId)));
    const isWithin = touched.size <= 1 && (condition === undefined || this.#partitions.length === 1);
    if (!isWithin)
      throw new HindsightError('UNSUPPORTED', 'Appends and conditions of this log cannot concern several partitions.');
  }

  #touched({ streams }: contract.AppendBatch): ReadonlySet<number> {
    return new Set(
      streams.filter(({ events }) => events.length > 0).map(({ streamId }) => this.#partitionOf(streamId)),
    );
  }

  #write(batch: contract.AppendBatch, recordedAt: number): contract.Written {
    const touched = this.#touched(batch);
    const before = [...touched].map((partition) => ({
      partition,
      firstPosition: (this.#last(partition)?.position ?? 0) + 1,
    }));
    const streams = batch.streams.map((write) => {
      const firstVersion = this.#version(write.streamId) + 1;
      for (const event of write.events) this.#push({ streamId: write.streamId, recordedAt, ...event });
      this.#apply(write);
      return {
        streamId: write.streamId,
        partition: this.#partitionOf(write.streamId),
        firstVersion,
        lastVersion: firstVersion + write.events.length - 1,
      };
    });
    for (const write of batch.keyedWrites ?? []) this.#keyed.write(write);
    const partitions = before.map(({ partition, firstPosition }) => {
      const last = this.#last(partition);
      return { partition, firstPosition, lastPosition: last?.position ?? 0, lastEventId: last?.id ?? '' };
    });
    return { recordedAt, streams, partitions };
  }

  #push(event: contract.RecordedWrite): void {
    const entries = this.#entries(this.#partitionOf(event.streamId));
    const { streamId, recordedAt, id, type, tags, record } = event;
    const entry = {
      streamId,
      recordedAt,
      id,
      type,
      tags,
      record,
      version: this.#version(streamId) + 1,
      position: (entries.at(-1)?.position ?? 0) + 1,
    };
    entries.push(entry);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#streams.set(streamId, [entry]);
    else stream.push(entry);
  }

  #apply(write: contract.StreamWrite): void {
    const { effect } = write;
    if (effect?.kind === 'settings')
      this.#settings.set(effect.streamId, { version: this.#version(write.streamId), settings: effect.settings });
    if (effect?.kind === 'removal') {
      for (const entry of this.#stream(effect.streamId))
        if (entry.version < effect.beforeVersion) entry.record = removedRecord(entry.record);
    }
  }

  async answerOf(key: string): Promise<contract.KeyedAnswer | undefined> {
    this.#assertOpen();
    return this.#lookup.answerOf(key);
  }

  async readStream(request: contract.StreamReadRequest): Promise<contract.StreamPage> {
    this.#assertOpen();
    const { streamId, direction, fromVersion } = request;
    const entries = this.#stream(streamId);
    const version = entries.length;
    const settings = this.#settings.get(streamId)?.settings;
    const first = firstShownVersion(settings, version);
    const oldest = oldestShownAt(settings, this.#now()) ?? 0;
    const shown = entries.filter((entry) => entry.version >= first && entry.recordedAt >= oldest);
    const wanted =
      direction === 'forward'
        ? shown.filter((entry) => entry.version >= fromVersion)
        : shown.filter((entry) => entry.version <= fromVersion).toReversed();
    const page = takePage(wanted, request);
    return { events: page.map((entry) => this.#stored(entry)), version, nextVersion: wanted[page.length]?.version };
  }

  async readLog(request: contract.LogReadRequest): Promise<contract.LogPage> {
    this.#assertOpen();
    const { partition, direction, from, filter } = request;
    const until = request.until ?? (direction === 'forward' ? Number.MAX_SAFE_INTEGER : 1);
    const entries = this.#entries(partition);
    const range =
      direction === 'forward'
        ? entries.filter(({ position }) => position > from && position <= until)
        : entries.filter(({ position }) => position < from && position >= until).toReversed();
    const wanted = range.filter((entry) => isWanted(entry, filter));
    const page = takePage(wanted, request);
    const isEnd = page.length === wanted.length;
    // Everything was looked through when the page holds all that was wanted; else as far as its last event.
    const last = isEnd ? range.at(-1) : page.at(-1);
    return {
      events: page.map((entry) => this.#stored(entry)),
      scannedTo: last?.position ?? from,
      scannedEventId: last?.id ?? entries.find(({ position }) => position === from)?.id,
      isEnd,
    };
  }

  async heads(): Promise<readonly number[]> {
    this.#assertOpen();
    return this.#partitions.map((_, partition) => this.#last(partition)?.position ?? 0);
  }

  async eventAt(partition: number, position: number): Promise<contract.StoredEvent | undefined> {
    this.#assertOpen();
    const entry = this.#entries(partition).find((each) => each.position === position);
    return entry && this.#stored(entry);
  }

  async positionAtTime(partition: number, time: number): Promise<number> {
    this.#assertOpen();
    return this.#entries(partition).findLast((entry) => entry.recordedAt <= time)?.position ?? 0;
  }

  async streamInfo(streamId: string): Promise<contract.StreamInfo> {
    this.#assertOpen();
    const known = this.#settings.get(streamId);
    const entries = this.#stream(streamId);
    return {
      streamId,
      version: entries.length,
      settings: known?.settings,
      settingsVersion: known?.version ?? 0,
      lastEventId: entries.at(-1)?.id,
    };
  }

  async listStreams(request: contract.StreamListRequest): Promise<readonly contract.StreamInfo[]> {
    this.#assertOpen();
    const { category, prefix = '', includeReserved, after, limit } = request;
    const wanted = [...this.#streams.keys()].filter(
      (id) =>
        (category === undefined || categoryOf(id) === category) &&
        id.startsWith(prefix) &&
        (includeReserved || !isReserved(id)) &&
        (after === undefined || compareUtf8(id, after) > 0),
    );
    return await Promise.all(
      wanted
        .toSorted(compareUtf8)
        .slice(0, limit)
        .map((id) => this.streamInfo(id)),
    );
  }

  async keyedGet(key: string): Promise<contract.KeyedEntry | undefined> {
    this.#assertOpen();
    return this.#keyed.get(key);
  }

  async keyedScan(request: contract.KeyedScanRequest): Promise<readonly contract.KeyedEntry[]> {
    this.#assertOpen();
    return this.#keyed.scan(request);
  }

  async keyedWrite(writes: readonly contract.KeyedWrite[]): Promise<readonly Conflict[]> {
    this.#assertOpen();
    return this.#writeKeyed(writes, () => {});
  }

  #writeKeyed(writes: readonly contract.KeyedWrite[], execute: () => void): readonly Conflict[] {
    const judgement = judgeAppend({ streams: [], keyedWrites: writes }, this.#lookup);
    if (judgement.kind === 'conflict') return judgement.conflicts;
    execute();
    for (const write of writes) this.#keyed.write(write);
    return [];
  }

  wake(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async beginCopy(): Promise<void> {
    this.#assertOpen();
    if (!this.#isCopying && this.#partitions.some((entries) => entries.length > 0))
      throw new HindsightError('STORE_EXISTS', 'Events can be copied into an empty log only.');
    this.#isCopying = true;
  }

  async appendRecorded(
    events: readonly contract.RecordedWrite[],
    keyedWrites: readonly contract.KeyedWrite[] = [],
  ): Promise<void> {
    this.#assertOpen();
    if (!this.#isCopying)
      throw argumentError('INVALID_ARGUMENT', 'appendRecorded is taken only between beginCopy and endCopy.');
    for (const event of events) {
      this.#push(event);
      const copied = copiedSettings(event);
      if (copied !== undefined)
        this.#settings.set(copied.streamId, { version: this.#version(event.streamId), settings: copied.settings });
    }
    for (const write of keyedWrites) this.#keyed.write(write);
    this.#listeners.callAll();
  }

  async endCopy(): Promise<void> {
    this.#assertOpen();
    this.#isCopying = false;
  }

  async statistics(): Promise<contract.EngineStatistics> {
    this.#assertOpen();
    return { 'log.events': this.#partitions.flat().length, 'log.streams': this.#streams.size };
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#sqlTables?.close();
    this.#isClosed = true;
    this.#listeners.callAll();
  }

  readonly #lookup: Lookup = {
    keyed: (key) => this.#keyed.get(key),
    answerOf: (key) => {
      const known = this.#answers.get(key);
      const isForgotten = known?.key.expiresAt !== undefined && known.key.expiresAt <= this.#now();
      return known === undefined || isForgotten ? undefined : { digest: known.key.digest, written: known.written };
    },
    stream: (streamId) => ({
      version: this.#version(streamId),
      isTombstoned: this.#settings.get(streamId)?.settings.tombstone === true,
      lastEventId: this.#stream(streamId).at(-1)?.id,
    }),
    partitionOf: (streamId) => this.#partitionOf(streamId),
    head: (partition) => this.#last(partition)?.position ?? 0,
    progress: (progressKey) => headsOfProgress(this.#keyed.get(progressKey)?.value, this.#partitions.length),
    places: (batch) => {
      const last = [...this.#touched(batch)].map((partition) => this.#last(partition)?.recordedAt ?? 0);
      return placesOf(batch, Math.max(this.#time, ...last), this.#lookup);
    },
    eventAtVersion: (streamId, version) => {
      const entry = this.#stream(streamId)[version - 1];
      return entry && { id: entry.id, event: this.#stored(entry) };
    },
    firstMatch: ({ query, after }) => {
      for (const [partition, entries] of this.#partitions.entries()) {
        const match = entries.find(
          (entry) =>
            entry.position > (after[partition] ?? 0) &&
            !isReserved(entry.streamId) &&
            matchesQuery(query, entry.type, entry.tags),
        );
        if (match !== undefined) return { partition, position: match.position, eventId: match.id };
      }
      return undefined;
    },
  };

  #entries(partition: number): Entry[] {
    const entries = this.#partitions[partition];
    if (entries === undefined)
      throw new RangeError(`There is no partition ${partition}; the log has ${this.#partitions.length}.`);
    return entries;
  }

  #partitionOf(streamId: string): number {
    return partitionOf(streamId, this.#partitions.length);
  }

  #stream(streamId: string): readonly Entry[] {
    return this.#streams.get(streamId) ?? [];
  }

  #version(streamId: string): number {
    return this.#stream(streamId).length;
  }

  #last(partition: number): Entry | undefined {
    return this.#entries(partition).at(-1);
  }

  #stored({ streamId, version, position, recordedAt, record }: Entry): contract.StoredEvent {
    return { streamId, version, partition: this.#partitionOf(streamId), position, recordedAt, record };
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new HindsightError('CLOSED', 'The store was closed.');
  }
}
