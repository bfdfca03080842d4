/**
 * The check of a store: everything is read once, in the order of the log, against what the format promises. What it costs in
 * memory grows with the number of streams, not of events.
 */

import type { DatabaseSync } from 'node:sqlite';
import { categoryOf } from '../../core/stream-id.ts';
import type { CheckFinding, CheckReport, Progress } from '../../engine/contract.ts';
import { checksumOf } from './checksum.ts';
import { labelsOf, type Labels } from './labels.ts';
import { inSnapshot, numberOf, prepareArrays, rowOf } from './rows.ts';
import { Tail } from './tail.ts';

const findingsMax = 100;
const eventsPerProgress = 5_000;

/** Checks one state of the file. */
export function checkStore(database: DatabaseSync, onProgress: (progress: Progress) => void): CheckReport {
  return inSnapshot(database, () => new Check(database, onProgress).run());
}

/** Where something was found. */
interface Place {
  readonly partition: number;
  readonly position: number;
}

class Check {
  readonly #database: DatabaseSync;
  readonly #onProgress: (progress: Progress) => void;
  readonly #findings: CheckFinding[] = [];
  readonly #versions = new Map<string, number>();
  #streamRows = 0;
  #tags = 0;

  constructor(database: DatabaseSync, onProgress: (progress: Progress) => void) {
    this.#database = database;
    this.#onProgress = onProgress;
  }

  run(): CheckReport {
    // Events first: a damaged page shows there as the first bad place of the log, which says more than a page number.
    const eventCount = this.#attempt('record-unreadable', () => this.#checkEvents()) ?? 0;
    this.#attempt('index-mismatch', () => this.#checkCounts(eventCount));
    this.#attempt('database-page', () => this.#checkPages());
    return { eventCount, streamCount: this.#versions.size, findings: this.#findings };
  }

  /** SQLite itself stops at pages that it cannot read; that is a finding like any other. */
  #attempt<Result>(kind: string, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#find({ kind, message: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  }

  #find(finding: CheckFinding): void {
    if (this.#findings.length < findingsMax) this.#findings.push(finding);
  }

  #checkEvents(): number {
    const { streamsIndexedTo, indexedTo } = this.#progress();
    const total = numberOf(prepareArrays(this.#database, 'SELECT count(*) FROM event').get(), 0);
    const lookups = new IndexLookups(this.#database);
    let count = 0;
    let lastRecordedAt = 0;
    let lastPosition = 0;
    try {
      for (const row of prepareArrays(
        this.#database,
        'SELECT position, stream_id, version, recorded_at, record, checksum FROM event ORDER BY position',
      ).iterate()) {
        const [position, streamId, version, recordedAt, record, checksum] = rowOf(row);
        const at = { partition: 0, position: Number(position) };
        lastPosition = at.position;
        const event = {
          ...at,
          streamId: String(streamId),
          version: Number(version),
          recordedAt: Number(recordedAt),
          record: String(record),
        };
        if (checksumOf(event) !== Number(checksum))
          this.#find({
            ...at,
            kind: 'checksum-mismatch',
            message: `The event at position ${at.position} is not as it was written.`,
          });
        this.#checkVersion(String(streamId), Number(version), at);
        if (Number(recordedAt) < lastRecordedAt)
          this.#find({
            ...at,
            kind: 'time-decreases',
            message: `The event at position ${at.position} was recorded before the one in front of it.`,
          });
        lastRecordedAt = Number(recordedAt);
        const labels = this.#labels(String(record), at);
        const inStream = { streamId: String(streamId), version: Number(version) };
        // Rows beyond the mark belong to a batch that was on its way.
        if (lookups.holdsStream(inStream, at.position)) this.#streamRows += 1;
        else if (at.position <= streamsIndexedTo) this.#missing('stream', at);
        if (labels !== undefined && at.position <= indexedTo)
          this.#checkLabels(lookups, categoryOf(inStream.streamId), labels, at);
        count += 1;
        if (count % eventsPerProgress === 0) this.#onProgress({ done: count, total });
      }
    } catch (error) {
      this.#find({
        kind: 'record-unreadable',
        partition: 0,
        position: lastPosition + 1,
        message: `The log cannot be read beyond position ${lastPosition}: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
    this.#onProgress({ done: count, total: Math.max(total, count) });
    return count;
  }

  #checkVersion(
    streamId: string,
    version: number,
    at: { readonly partition: number; readonly position: number },
  ): void {
    const expected = (this.#versions.get(streamId) ?? 0) + 1;
    if (version !== expected)
      this.#find({
        ...at,
        kind: 'version-gap',
        message: `The event at position ${at.position} has version ${version} in ${JSON.stringify(streamId)}, where ${expected} is due.`,
      });
    this.#versions.set(streamId, version);
  }

  #labels(record: string, at: { readonly partition: number; readonly position: number }): Labels | undefined {
    try {
      return labelsOf(record);
    } catch (error) {
      this.#find({
        ...at,
        kind: 'record-unreadable',
        message: `The record at position ${at.position} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      });
      return undefined;
    }
  }

  #checkLabels(lookups: IndexLookups, category: string, labels: Labels, at: Place): void {
    this.#tags += new Set(labels.tags).size;
    const missing = lookups.missing(category, labels, at.position);
    if (missing !== undefined) this.#missing(missing, at);
  }

  #missing(what: string, at: Place): void {
    this.#find({
      ...at,
      kind: 'index-mismatch',
      message: `The event at position ${at.position} is not found by its ${what}.`,
    });
  }

  /** How far the index tables reach. */
  #progress(): { readonly streamsIndexedTo: number; readonly indexedTo: number } {
    const tail = new Tail(this.#database);
    tail.refresh();
    return { streamsIndexedTo: tail.streamsIndexedTo, indexedTo: tail.indexedTo };
  }

  /** Every event was found in the index tables; when these hold no more rows than that, they hold nothing false. */
  #checkCounts(eventCount: number): void {
    const count = (sql: string): number => numberOf(prepareArrays(this.#database, sql).get(), 0);
    const indexed = count(
      `SELECT count(*) FROM event WHERE position <= (SELECT value FROM progress WHERE name = 'indexed')`,
    );
    const expected = { stream_event: this.#streamRows, kind_event: indexed, tag_event: this.#tags };
    for (const [table, rows] of Object.entries(expected)) {
      const found = count(`SELECT count(*) FROM ${table}`);
      if (found !== rows)
        this.#find({
          kind: 'index-mismatch',
          message: `Table ${table} holds ${found} rows where the log calls for ${rows} (of ${eventCount} events).`,
        });
    }
  }

  #checkPages(): void {
    for (const row of prepareArrays(this.#database, `PRAGMA integrity_check(${findingsMax})`).all()) {
      const message = String(rowOf(row)[0]);
      if (message !== 'ok') this.#find({ kind: 'database-page', message });
    }
  }
}

/** Finds an event in each index table. */
class IndexLookups {
  readonly #stream;
  readonly #kind;
  readonly #tag;

  constructor(database: DatabaseSync) {
    this.#stream = prepareArrays(
      database,
      'SELECT 1 FROM stream_event WHERE stream = (SELECT key FROM stream WHERE stream_id = ?) AND version = ? AND position = ?',
    );
    this.#kind = prepareArrays(
      database,
      'SELECT 1 FROM kind_event WHERE kind = (SELECT key FROM kind WHERE category = ? AND type = ?) AND position = ?',
    );
    this.#tag = prepareArrays(
      database,
      'SELECT 1 FROM tag_event WHERE tag = (SELECT key FROM tag WHERE tag = ?) AND position = ?',
    );
  }

  /** Whether the stream index holds the event. */
  holdsStream(
    { streamId, version }: { readonly streamId: string; readonly version: number },
    position: number,
  ): boolean {
    return this.#stream.get(streamId, version, position) !== undefined;
  }

  /** The other index that does not hold the event, in words; undefined when all do. */
  missing(category: string, labels: Labels, position: number): string | undefined {
    if (this.#kind.get(category, labels.type, position) === undefined) return 'kind';
    const tag = labels.tags.find((each) => this.#tag.get(each, position) === undefined);
    return tag === undefined ? undefined : `tag ${JSON.stringify(tag)}`;
  }
}
