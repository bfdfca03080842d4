/**
 * The storage contract: what an engine does for the store. Small and semantic. The public store validates and encodes;
 * an engine receives clean input, answers expected outcomes with values, and throws only for what goes wrong.
 */

import type { ExpectedVersion } from '../core/condition.ts';
import type { Conflict } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Query } from '../core/query.ts';
import type { StreamSettings } from '../core/stream-settings.ts';
import type { SqlPart, ViewWrite } from './views.ts';

/** An event as an engine is given it. `id`, `type` and `tags` repeat what the record says, for conditions and indexes. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  /** Without repetitions. */
  readonly tags: readonly string[];
  /** The encoded event: JSON text, kept to the byte. See `core/record.ts`. */
  readonly record: string;
}

/** An event as an engine gives it back. */
export interface StoredEvent {
  readonly streamId: string;
  readonly version: number;
  readonly partition: number;
  readonly position: number;
  /** Microseconds since 1970. */
  readonly recordedAt: number;
  readonly record: string;
}

/** What else a write to a settings stream does, in the same decision. */
export type StreamEffect =
  /** Replaces the settings of a stream. */
  | { readonly kind: 'settings'; readonly streamId: string; readonly settings: StreamSettings }
  /** Empties the records of a stream's events before a version; see `core/record.ts` for what remains of them. */
  | { readonly kind: 'removal'; readonly streamId: string; readonly beforeVersion: number };

/** The part of an append that concerns one stream. A stream occurs once in a batch. */
export interface StreamWrite {
  readonly streamId: string;
  readonly expectedVersion: ExpectedVersion;
  /**
   * The id of the event that the stream must end with. An append that was decided on events of another append, not yet
   * committed, names the last of them: the version alone could be that of a foreign append of equal length.
   */
  readonly predecessorId?: string;
  /** Empty for a check-only stream. */
  readonly events: readonly NewEvent[];
  readonly effect?: StreamEffect;
}

/** The dynamic consistency boundary: refuse when an event after these positions (one per partition) matches. */
export interface BoundaryCondition {
  readonly query: Query;
  readonly after: readonly number[];
}

/** The idempotency key of an append. */
export interface AppendKey {
  readonly key: string;
  /** Digest of what the caller gave. */
  readonly digest: string;
  /** Microseconds since 1970. The key is known before that time and unknown after it; absent: known for good. */
  readonly expiresAt?: number;
}

/** A write to the keyed store. `value: null` deletes. Revision 0 means absent; without an expectation it is written whatever is there. */
export interface KeyedWrite {
  readonly key: string;
  readonly value: string | null;
  readonly expectedRevision?: number;
}

/** An entry of the keyed store. The revision is unique among the entry's values and never used twice, also after a deletion. */
export interface KeyedEntry {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** Which entries are read, in the order of their keys' UTF-8 bytes. */
export interface KeyedScanRequest {
  readonly prefix: string;
  /** The scan begins behind this key, in its direction: forward with greater keys, backward with lesser ones. */
  readonly after?: string;
  /** Default forward. */
  readonly direction?: Direction;
  readonly limit: number;
}

/** One append: one decision, written whole or not at all. */
export interface AppendBatch {
  readonly streams: readonly StreamWrite[];
  readonly condition?: BoundaryCondition;
  readonly key?: AppendKey;
  readonly keyedWrites?: readonly KeyedWrite[];
  /** What else is written to views, in the same transaction. */
  readonly views?: readonly ViewWrite[];
}

/** Where the events of one stream went. For a check-only stream `firstVersion` is one more than `lastVersion`. */
export interface WrittenStream {
  readonly streamId: string;
  readonly partition: number;
  readonly firstVersion: number;
  readonly lastVersion: number;
}

/** Where the events of one partition went. */
export interface WrittenPartition {
  readonly partition: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly lastEventId: string;
}

/** The first answer to an append, which a retry gets again. */
export interface Written {
  readonly recordedAt: number;
  readonly streams: readonly WrittenStream[];
  readonly partitions: readonly WrittenPartition[];
}

/** What is remembered of an append under its key. */
export interface KeyedAnswer {
  readonly digest: string;
  readonly written: Written;
}

/** How an append ended. Anything else is thrown. */
export type AppendAnswer =
  | { readonly kind: 'appended'; readonly written: Written }
  /** The same append was written before, under its key or by its event ids. */
  | { readonly kind: 'duplicate'; readonly written: Written }
  /** Every check that failed: those of streams in their order, then the condition, then the keyed store. */
  | { readonly kind: 'conflict'; readonly conflicts: readonly Conflict[] }
  /** Nothing stands against the append itself, but these views are behind, or no longer what their writes were computed from. */
  | { readonly kind: 'viewStale'; readonly progressKeys: readonly string[] }
  | { readonly kind: 'keyReused'; readonly key: string }
  | { readonly kind: 'repetitionMismatch'; readonly streamId: string };

/** In which order a read goes. */
export type Direction = 'forward' | 'backward';

/** Bounds of one page; the page ends at whichever comes first. A single event may exceed `bytesMax`. A page of the log may be empty though more follows: the engine bounds how much it looks through at once. */
export interface PageBounds {
  readonly limit: number;
  readonly bytesMax: number;
}

/** Which page of a stream is read. */
export interface StreamReadRequest extends PageBounds {
  readonly streamId: string;
  readonly direction: Direction;
  /** The first version to consider, inclusive, in the direction of reading. */
  readonly fromVersion: number;
}

/** A page of a stream. */
export interface StreamPage {
  readonly events: readonly StoredEvent[];
  /** The stream's version when the page was read. */
  readonly version: number;
  /** Where the next page begins; undefined when the stream is exhausted in this direction. */
  readonly nextVersion: number | undefined;
}

/** What of a partition is wanted. Absent: everything. */
export interface LogFilter {
  readonly category?: string;
  readonly streamId?: string;
  readonly query?: Query;
  /** Also streams and types that begin with `$`. */
  readonly includeReserved: boolean;
}

/** Which page of a partition is read. */
export interface LogReadRequest extends PageBounds {
  readonly partition: number;
  readonly direction: Direction;
  /** Forward: events after this position; backward: events before it. Exclusive. */
  readonly from: number;
  /** The last position to consider, inclusive, in the direction of reading. */
  readonly until?: number;
  readonly filter: LogFilter;
}

/** A page of a partition. */
export interface LogPage {
  readonly events: readonly StoredEvent[];
  /** How far was looked, whether or not anything matched; the next page is read from here. */
  readonly scannedTo: number;
  /** The id of the event at `scannedTo`; undefined when there is none. */
  readonly scannedEventId: string | undefined;
  /** Whether the partition, or the range asked for, is exhausted in this direction. */
  readonly isEnd: boolean;
}

/** What is known of a stream; one that does not exist has version 0. */
export interface StreamInfo {
  readonly streamId: string;
  readonly version: number;
  readonly settings: StreamSettings | undefined;
  /** The version of the stream that records the settings, as of their last change; 0 where they were never set. */
  readonly settingsVersion: number;
  readonly lastEventId: string | undefined;
}

/** Which streams are listed, in the order of their ids' UTF-8 bytes. */
export interface StreamListRequest {
  /** Only streams of this category. */
  readonly category?: string;
  /** Only streams whose id begins so. */
  readonly prefix?: string;
  readonly includeReserved: boolean;
  /** The id after which the page begins, in code-unit order of UTF-8. */
  readonly after?: string;
  readonly limit: number;
}

/** One life of the log between restores. */
export interface Epoch {
  readonly epoch: string;
  /** The first position of the epoch in each partition. */
  readonly firstPositions: readonly number[];
  /** When it began, in microseconds since 1970. */
  readonly beganAt: number;
}

/** Which log it is. */
export interface LogIdentity {
  readonly logId: string;
  readonly partitionCount: number;
  /** Oldest first; never empty. */
  readonly lineage: readonly Epoch[];
}

/** What an engine can do, as data. Both answers of each are tested by the conformance kit. */
export interface Capabilities {
  /** Name of the engine, for messages. */
  readonly engine: string;
  /** Whether acknowledged events survive the end of the process, and of the machine's power. */
  readonly durability: 'none' | 'process' | 'power';
  /**
   * Whether an append, check-only streams included, and a boundary condition may touch several partitions. Where not, the
   * engine throws `UNSUPPORTED`.
   */
  readonly spansPartitions: boolean;
  /** Whether other processes can open the same log at the same time. */
  readonly sharedAcrossProcesses: boolean;
  /** Which SQL views may be written in; `'none'`: only documents, in the keyed store. */
  readonly sql: 'none' | 'sqlite';
  /** The time within which a follower hears of an append by another process, in milliseconds; 0 where there is none. */
  readonly wakeWithinMs: number;
  readonly limits: Limits;
}

/** One measured fact about an engine, for people and machines: `{ 'wal.bytes': 4096 }`. */
export type EngineStatistics = Readonly<Record<string, number | string>>;

/** An event for the privileged append that serves copying. */
export interface RecordedWrite extends NewEvent {
  readonly streamId: string;
  readonly recordedAt: number;
}

/** A storage engine, opened. */
export interface Engine {
  readonly capabilities: Capabilities;
  readonly identity: LogIdentity;

  /**
   * Writes a batch whole or not at all, durably as `capabilities` says. Keys are looked up before any condition. Appends of
   * one caller that are not awaited in between are written in the order of the calls. An abort withdraws only what is not
   * yet being written. Throws `OVERLOADED`, `OUTCOME_UNKNOWN`, `DISK_FULL`, `CLOSED` and what else goes wrong.
   */
  append(batch: AppendBatch, options?: { readonly signal?: AbortSignal }): Promise<AppendAnswer>;

  /** What the append under a key was answered first; undefined when the key is unknown or expired. */
  answerOf(key: string): Promise<KeyedAnswer | undefined>;

  readStream(request: StreamReadRequest): Promise<StreamPage>;
  readLog(request: LogReadRequest): Promise<LogPage>;
  /** The newest position of each partition; 0 where it is empty. Always that of an event which a read can see. */
  heads(): Promise<readonly number[]>;
  /** The event at a position; undefined where there is none. */
  eventAt(partition: number, position: number): Promise<StoredEvent | undefined>;
  /** The greatest position whose event was recorded at or before the time (microseconds since 1970); 0 where there is none. */
  positionAtTime(partition: number, time: number): Promise<number>;

  streamInfo(streamId: string): Promise<StreamInfo>;
  listStreams(request: StreamListRequest): Promise<readonly StreamInfo[]>;

  keyedGet(key: string): Promise<KeyedEntry | undefined>;
  keyedScan(request: KeyedScanRequest): Promise<readonly KeyedEntry[]>;
  /** Writes all or nothing; durable like an append. An empty answer means written. */
  keyedWrite(writes: readonly KeyedWrite[]): Promise<readonly Conflict[]>;

  /**
   * Calls the listener when there may be something newer than what was read, at once for this process and within
   * `wakeWithinMs` for others; it may be called without need. Returns the function that ends it.
   */
  wake(listener: () => void): () => void;

  /** Begins, or resumes, copying into this log, which must be empty at the first call; other appends are refused until `endCopy`. */
  beginCopy(): Promise<void>;
  /** Appends events with given ids and times, in order. Only between `beginCopy` and `endCopy`. */
  appendRecorded(events: readonly RecordedWrite[], keyedWrites?: readonly KeyedWrite[]): Promise<void>;
  endCopy(): Promise<void>;

  statistics(): Promise<EngineStatistics>;
  /** Exactly where `capabilities.sql` is not `'none'`. */
  readonly sql?: SqlPart;
  /** What only some engines can do. */
  readonly maintenance?: Maintenance;

  /** Finishes what was accepted, then releases everything. Calling it again changes nothing. */
  close(): Promise<void>;
}

/** Progress of long work. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** How long work is followed and ended. An abort leaves nothing half-done behind. */
export interface LongWork {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** A fault that a check found. */
export interface CheckFinding {
  /** Stable, for machines: `checksum-mismatch`, `version-gap`, `record-unreadable`, `index-mismatch`, `database-page`. */
  readonly kind: string;
  readonly message: string;
  readonly partition?: number;
  readonly position?: number;
}

/** What a check found. */
export interface CheckReport {
  readonly eventCount: number;
  readonly streamCount: number;
  /** In the order of the log, at most a hundred; the first names the first bad place. */
  readonly findings: readonly CheckFinding[];
}

/** Operations that only some engines offer. */
export interface Maintenance {
  /** Writes a consistent copy of the log to a new place while others go on. */
  backup(destination: string, work?: LongWork): Promise<{ readonly heads: readonly number[] }>;
  /** Reads everything and names what is wrong. */
  check(work?: LongWork): Promise<CheckReport>;
}
