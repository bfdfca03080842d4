/**
 * Reads: one connection on the caller's thread. Every read is one short transaction; nothing is held open between two.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { categoryOf, isReserved } from '../../core/stream-id.ts';
import { idOfRecord } from '../../core/record.ts';
import { firstShownVersion, oldestShownAt, type StreamSettings } from '../../core/stream-settings.ts';
import { compareUtf8 } from '../../core/text.ts';
import type {
  KeyedAnswer,
  Written,
  KeyedEntry,
  KeyedScanRequest,
  LogPage,
  LogReadRequest,
  StoredEvent,
  StreamInfo,
  StreamListRequest,
  StreamPage,
  StreamReadRequest,
} from '../../engine/contract.ts';
import { Finder } from './finder.ts';
import { LogWalk } from './log-walk.ts';
import { isShown, PageBuilder, storedEvent } from './page.ts';
import { prepareReaderStatements, type ReaderStatements } from './reader-statements.ts';
import { inSnapshot, numberOf, rowOf } from './rows.ts';
import { lastVersionOf, Tail } from './tail.ts';

/** How many hidden events a page passes over before it ends, empty if need be. */
const hiddenMax = 10_000;
/** How many steps a page takes through index tables before it ends, empty if need be: some tens of milliseconds. */
const stepsMax = 20_000;

/** Reads of one connection. */
export class Reader {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  readonly #tail: Tail;
  readonly #finder: Finder;
  readonly #walk: LogWalk;
  readonly #statements: ReaderStatements;

  /** The writer hands in its own tail, which holds what it has not committed yet. */
  constructor(database: DatabaseSync, now: () => number, tail: Tail = new Tail(database)) {
    this.#database = database;
    this.#now = now;
    this.#tail = tail;
    this.#finder = new Finder(database, this.#tail);
    this.#walk = new LogWalk(database);
    this.#statements = prepareReaderStatements(database);
  }

  /** The newest position; 0 where the log is empty. */
  head(): number {
    return numberOf(this.#statements.head.get(), 0);
  }

  /** The event at a position. */
  eventAt(position: number): StoredEvent | undefined {
    const row = this.#statements.byPosition.get(position);
    return row && storedEvent(row);
  }

  /** The greatest position recorded at or before a time. Times never decrease along the log, so it is found by halving. */
  positionAtTime(time: number): number {
    return inSnapshot(this.#database, () => {
      let low = 0;
      let high = this.head();
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        const row = this.#statements.timeAtOrBefore.get(middle);
        const [position, recordedAt] = row === undefined ? [0, 0] : rowOf(row).map(Number);
        if ((recordedAt ?? 0) > time) high = Math.max(low, (position ?? 0) - 1);
        else low = middle;
      }
      return numberOf(this.#statements.timeAtOrBefore.get(low), 0);
    });
  }

  /** What is remembered under an idempotency key that has not expired. */
  answerOf(key: string): KeyedAnswer | undefined {
    const row = this.#statements.answer.get(key, this.#now());
    if (row === undefined) return undefined;
    const [digest, written] = rowOf(row);
    // Written by the writer, from a value of this type.
    return { digest: String(digest), written: JSON.parse(String(written)) as Written };
  }

  /** An entry of the keyed store. */
  keyedGet(key: string): KeyedEntry | undefined {
    const row = this.#statements.keyed.get(key);
    return row && keyedEntry(row);
  }

  /** Entries of the keyed store by prefix. */
  keyedScan({ prefix, after, direction = 'forward', limit }: KeyedScanRequest): readonly KeyedEntry[] {
    const isWanted = ({ key }: KeyedEntry): boolean => key.startsWith(prefix);
    if (direction === 'backward') return takeWhile(this.#keyedBackward(prefix, after), limit, keyedEntry, isWanted);
    const { statement, values } = range(this.#statements.keyedFrom, this.#statements.keyedAfter, prefix, after);
    return takeWhile(statement.iterate(...values), limit, keyedEntry, isWanted);
  }

  /** Rows before a key or, where it stands behind all that begin with the prefix, from the last of these on. */
  #keyedBackward(prefix: string, after: string | undefined): Iterable<object> {
    const end = textBehind(prefix);
    const { keyedBefore, keyedBackward } = this.#statements;
    if (after !== undefined && (end === undefined || compareUtf8(after, end) < 0)) return keyedBefore.iterate(after);
    return end === undefined ? keyedBackward.iterate() : keyedBefore.iterate(end);
  }

  /** A page of a stream, without what its settings hide. */
  readStream(request: StreamReadRequest): StreamPage {
    return inSnapshot(this.#database, () => {
      this.#tail.refresh();
      const { streamId, direction, fromVersion } = request;
      const key = numberOf(this.#statements.streamKey.get(streamId), 0);
      const inTail = this.#tail.stream(streamId);
      const version = this.#version(streamId, key);
      const settings = this.#settings(streamId);
      const first = Math.max(
        firstShownVersion(settings?.settings, version),
        this.#firstByAge(settings?.settings, { streamId, key, version }),
      );
      const bounds =
        direction === 'forward'
          ? { low: Math.max(first, fromVersion), high: version }
          : { low: first, high: Math.min(version, fromVersion) };
      const page = new PageBuilder(request);
      const indexedVersions = version - (inTail?.positions.length ?? 0);
      const readIndexed = (low: number, high: number): void => {
        if (low > high || key === 0) return;
        const rows =
          direction === 'forward'
            ? this.#statements.streamForward.iterate(key, low, high)
            : this.#statements.streamBackward.iterate(key, low, high);
        for (const row of rows) if (!page.add(storedEvent(row))) return;
      };
      const readTail = (): void => {
        const wanted =
          inTail?.positions.slice(
            Math.max(0, bounds.low - inTail.firstVersion),
            Math.max(0, bounds.high - inTail.firstVersion + 1),
          ) ?? [];
        if (direction === 'backward') wanted.reverse();
        for (const position of wanted) {
          const event = this.eventAt(position);
          if (event === undefined || !page.add(event)) return;
        }
      };
      if (direction === 'forward') readIndexed(bounds.low, Math.min(bounds.high, indexedVersions));
      if (!page.isFull) readTail();
      if (direction === 'backward' && !page.isFull) readIndexed(bounds.low, Math.min(bounds.high, indexedVersions));
      const next = (page.events.at(-1)?.version ?? 0) + (direction === 'forward' ? 1 : -1);
      const isMore = page.events.length > 0 && (direction === 'forward' ? next <= bounds.high : next >= bounds.low);
      return { events: page.events, version, nextVersion: isMore ? next : undefined };
    });
  }

  #version(streamId: string, key: number): number {
    const inTail = this.#tail.stream(streamId);
    if (inTail !== undefined) return lastVersionOf(inTail);
    return key === 0 ? 0 : numberOf(this.#statements.streamVersion.get(key), 0);
  }

  /** The first version young enough to be shown. Times never decrease along a stream, so it is found by halving. */
  #firstByAge(
    settings: StreamSettings | undefined,
    { streamId, key, version }: { readonly streamId: string; readonly key: number; readonly version: number },
  ): number {
    const oldest = oldestShownAt(settings, this.#now());
    if (oldest === undefined) return 1;
    let low = 1;
    let high = version + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const recordedAt = this.#eventAtVersion(streamId, key, middle)?.recordedAt ?? 0;
      if (recordedAt >= oldest) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #eventAtVersion(streamId: string, key: number, version: number): StoredEvent | undefined {
    const inTail = this.#tail.stream(streamId);
    const position =
      inTail !== undefined && version >= inTail.firstVersion
        ? inTail.positions[version - inTail.firstVersion]
        : numberOf(this.#statements.positionOfVersion.get(key, version), 0);
    return position === undefined ? undefined : this.eventAt(position);
  }

  /** The event at a version of a stream. Call it inside the transaction in which the tail was refreshed. */
  eventAtVersion(streamId: string, version: number): StoredEvent | undefined {
    return this.#eventAtVersion(streamId, numberOf(this.#statements.streamKey.get(streamId), 0), version);
  }

  /** A page of the log. */
  readLog(request: LogReadRequest): LogPage {
    const { filter } = request;
    const isFiltered = filter.category !== undefined || filter.streamId !== undefined || filter.query !== undefined;
    // Walking straight through needs no snapshot over its pieces: each shows all that was committed up to its end.
    if (isFiltered) return inSnapshot(this.#database, () => this.#readFound(request));
    const page = new PageBuilder(request);
    return { ...this.readThrough(request, page), events: page.events };
  }

  /** Reads through everything in a range of the log, into a page, until it takes no more. Answers how far that was. */
  readThrough(
    request: LogReadRequest,
    page: { readonly add: (event: StoredEvent) => boolean },
  ): Omit<LogPage, 'events'> {
    const { direction, from, until, filter } = request;
    const end = direction === 'forward' ? (until ?? Number.MAX_SAFE_INTEGER) : Math.max(until ?? 1, 1);
    let last: StoredEvent | undefined;
    let hidden = 0;
    const isEnd = this.#walk.walk({ ...request, end }, (row) => {
      const event = storedEvent(row);
      if (hidden > hiddenMax) return false;
      if (!isShown(event, filter)) hidden += 1;
      else if (!page.add(event)) return false;
      last = event;
      return true;
    });
    return { scannedTo: last?.position ?? from, scannedEventId: this.#idAt(last, from), isEnd };
  }

  #readFound(request: LogReadRequest): LogPage {
    const { direction, from, until, filter } = request;
    this.#tail.refresh();
    const end =
      direction === 'forward' ? Math.min(until ?? Number.MAX_SAFE_INTEGER, this.head()) : Math.max(until ?? 1, 1);
    const found = this.#finder.find(filter, { direction, from, until: end, limit: request.limit, stepsMax });
    const page = new PageBuilder(request);
    let last: StoredEvent | undefined;
    let isCut = false;
    for (const position of found.positions) {
      const event = this.eventAt(position);
      if (event === undefined) continue;
      if (isShown(event, filter) && !page.add(event)) {
        isCut = true;
        break;
      }
      last = event;
    }
    const isEnd = found.isEnd && !isCut;
    // Where nothing was cut off, more was looked through than what matched.
    if (!isCut && found.lookedTo !== undefined)
      last = this.#statements[direction === 'forward' ? 'nearestBefore' : 'nearestAfter']
        .all(found.lookedTo)
        .map(storedEvent)[0];
    const isMoved = last !== undefined && (direction === 'forward' ? last.position > from : last.position < from);
    return {
      events: page.events,
      scannedTo: isMoved ? (last?.position ?? from) : from,
      scannedEventId: this.#idAt(isMoved ? last : undefined, from),
      isEnd,
    };
  }

  #idAt(last: StoredEvent | undefined, from: number): string | undefined {
    const event = last ?? (from > 0 && from <= Number.MAX_SAFE_INTEGER ? this.eventAt(from) : undefined);
    return event && idOfRecord(event.record);
  }

  /** Counts that cost little: positions are dense, streams are counted as of the last indexing. */
  statistics(): Readonly<Record<string, number>> {
    return {
      'log.events': numberOf(this.#statements.count.get(), 0),
      'log.head': this.head(),
      'log.streams': numberOf(this.#statements.streams.get(), 0),
      'keyed.entries': numberOf(this.#statements.keyedCount.get(), 0),
    };
  }

  /** What is known of a stream. */
  streamInfo(streamId: string): StreamInfo {
    return inSnapshot(this.#database, () => {
      this.#tail.refresh();
      return this.#info(streamId, numberOf(this.#statements.streamKey.get(streamId), 0));
    });
  }

  #info(streamId: string, key: number): StreamInfo {
    const version = this.#version(streamId, key);
    const known = this.#settings(streamId);
    const last = version === 0 ? undefined : this.#eventAtVersion(streamId, key, version);
    return {
      streamId,
      version,
      settings: known?.settings,
      settingsVersion: known?.version ?? 0,
      lastEventId: last && idOfRecord(last.record),
    };
  }

  #settings(streamId: string): { readonly version: number; readonly settings: StreamSettings } | undefined {
    const row = this.#statements.settings.get(streamId);
    if (row === undefined) return undefined;
    const [version, settings] = rowOf(row);
    // Written by the writer, from settings that the store had checked.
    return { version: Number(version), settings: JSON.parse(String(settings)) as StreamSettings };
  }

  /** Streams by prefix and category. */
  listStreams({ category, prefix = '', includeReserved, after, limit }: StreamListRequest): readonly StreamInfo[] {
    return inSnapshot(this.#database, () => {
      this.#tail.refresh();
      // A category is the id itself or what stands before its first dash; both begin with it.
      const start = category !== undefined && category.startsWith(prefix) ? category : prefix;
      const isWanted = (id: string): boolean =>
        id.startsWith(prefix) &&
        (includeReserved || !isReserved(id)) &&
        (category === undefined || categoryOf(id) === category);
      const { statement, values } = range(this.#statements.streamsFrom, this.#statements.streamsAfter, start, after);
      const indexed = takeWhile(
        statement.iterate(...values),
        limit,
        (row) => ({ id: String(rowOf(row)[0]), key: Number(rowOf(row)[1]) }),
        ({ id }) => id.startsWith(start),
        ({ id }) => isWanted(id),
      );
      const known = new Map(indexed.map(({ id, key }) => [id, key]));
      for (const streamId of this.#tail.streamIds()) {
        if (known.has(streamId) || !isWanted(streamId) || (after !== undefined && compareUtf8(streamId, after) <= 0))
          continue;
        known.set(streamId, numberOf(this.#statements.streamKey.get(streamId), 0));
      }
      const ordered = [...known].toSorted(([left], [right]) => compareUtf8(left, right)).slice(0, limit);
      return ordered.map(([id, key]) => this.#info(id, key));
    });
  }
}

function keyedEntry(row: object): KeyedEntry {
  const [key, value, revision] = rowOf(row);
  return { key: String(key), value: String(value), revision: Number(revision) };
}

/** The least text that stands behind all that begin with a prefix, in the order of UTF-8 bytes; undefined where there is none. */
function textBehind(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop())
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  return undefined;
}

/** Walks ordered texts from the greater of a prefix and what comes after a text. */
function range(
  from: StatementSync,
  after: StatementSync,
  prefix: string,
  afterText: string | undefined,
): { readonly statement: StatementSync; readonly values: readonly string[] } {
  return afterText === undefined || compareUtf8(afterText, prefix) < 0
    ? { statement: from, values: [prefix] }
    : { statement: after, values: [afterText] };
}

/** The rows while a condition holds, of these the wanted ones, so many at most. */
function takeWhile<Item>(
  rows: Iterable<object>,
  limit: number,
  convert: (row: object) => Item,
  holds: (item: Item) => boolean,
  isWanted: (item: Item) => boolean = () => true,
): readonly Item[] {
  const items: Item[] = [];
  if (limit <= 0) return items;
  for (const row of rows) {
    const item = convert(row);
    if (!holds(item)) break;
    if (isWanted(item)) items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}
