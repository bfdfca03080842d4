/**
 * Reads: each is one question, and so one state of the log; nothing is held open between two.
 */

import { firstShownVersion, oldestShownAt, type StreamSettings } from '../../core/stream-settings.ts';
import type {
  KeyedAnswer,
  KeyedEntry,
  KeyedScanRequest,
  LogPage,
  LogReadRequest,
  StoredEvent,
  StreamInfo,
  StreamListRequest,
  StreamPage,
  StreamReadRequest,
  Written,
} from '../../engine/contract.ts';
import type { Connection } from './connection.ts';
import { unescapedText } from './group.ts';
import { eventColumns, logQuery, Values } from './log-query.ts';
import { logPage, pageLength, storedEvent, type Row } from './page.ts';
import type { Tables } from './tables.ts';

/** Reads of one engine. */
export class Reader {
  readonly #connection: Connection;
  readonly #tables: Tables;
  readonly #now: (() => number) | undefined;
  readonly #partitionCount: number;

  constructor(
    connection: Connection,
    tables: Tables,
    { now, partitionCount }: { readonly now: (() => number) | undefined; readonly partitionCount: number },
  ) {
    this.#connection = connection;
    this.#tables = tables;
    this.#now = now;
    this.#partitionCount = partitionCount;
  }

  async #ask(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return await this.#connection.read(text, values);
  }

  /** What is remembered under an idempotency key that has not expired. */
  async answerOf(key: string): Promise<KeyedAnswer | undefined> {
    const [row] = await this.#ask(
      `SELECT digest, written FROM ${this.#tables.answer} WHERE key = $1
       AND (expires_at IS NULL OR expires_at > coalesce($2::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint))`,
      [key, this.#now?.() ?? null],
    );
    if (row === undefined) return undefined;
    // Written by the log's own function, in this form.
    return { digest: String(row[0]), written: JSON.parse(String(row[1])) as Written };
  }

  /** A page of a stream, without what its settings hide. */
  async readStream(request: StreamReadRequest): Promise<StreamPage> {
    const whole = await this.#streamPage(request, { first: 1, oldest: undefined });
    if (whole.settings === undefined) return whole.page;
    const first = firstShownVersion(whole.settings, whole.page.version);
    const oldest = oldestShownAt(whole.settings, this.#now?.() ?? Date.now() * 1000);
    if (first === 1 && oldest === undefined) return whole.page;
    return (await this.#streamPage(request, { first, oldest })).page;
  }

  async #streamPage(
    request: StreamReadRequest,
    shown: { readonly first: number; readonly oldest: number | undefined },
  ): Promise<{ readonly page: StreamPage; readonly settings: StreamSettings | undefined }> {
    const { streamId, direction, fromVersion, limit, bytesMax } = request;
    const { event, setting } = this.#tables;
    const values = new Values();
    const id = values.add(streamId);
    const order = direction === 'forward' ? 'ASC' : 'DESC';
    const bound = `e.version ${direction === 'forward' ? '>=' : '<='} ${values.add(fromVersion)}::bigint`;
    const young = shown.oldest === undefined ? '' : ` AND e.recorded_at >= ${values.add(shown.oldest)}::bigint`;
    const found = `SELECT * FROM ${event} e WHERE e.stream_id = ${id} AND ${bound} AND e.version >= ${values.add(shown.first)}::bigint${young}
      ORDER BY e.version ${order} LIMIT ${values.add(limit + 1)}::bigint`;
    const measured = `SELECT f.*, count(*) OVER () AS found, coalesce(sum(octet_length(record)) OVER (ORDER BY version ${order}
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (${found}) AS f`;
    const rows = await this.#ask(
      `SELECT (SELECT version FROM ${event} WHERE stream_id = ${id} ORDER BY version DESC LIMIT 1),
         (SELECT settings FROM ${setting} WHERE stream_id = ${id}), p.*
       FROM (SELECT 1) AS one LEFT JOIN (SELECT ${eventColumns}, found FROM (${measured}) AS m WHERE before <= ${values.add(bytesMax)}::bigint) AS p ON true
       ORDER BY p.version ${order}`,
      values.list,
    );
    const [version, settings] = rows[0] ?? [];
    const events = rows
      .filter((row) => row[2] !== null && row[2] !== undefined)
      .map((row) => storedEvent(row.slice(2)));
    const shownEvents = events.slice(0, pageLength(events, request));
    const last = shownEvents.at(-1);
    // Those that were found and do not fit come next, whether or not they came along.
    const isMore = last !== undefined && shownEvents.length < Number(rows[0]?.[8] ?? 0);
    return {
      page: {
        events: shownEvents,
        version: Number(version ?? 0),
        nextVersion: isMore ? last.version + (direction === 'forward' ? 1 : -1) : undefined,
      },
      settings: settingsOf(settings),
    };
  }

  /** The events of a stream from a version on, whatever its settings hide. */
  async eventsFrom(streamId: string, version: number, limit: number): Promise<readonly StoredEvent[]> {
    const rows = await this.#ask(
      `SELECT ${eventColumns} FROM ${this.#tables.event} WHERE stream_id = $1 AND version >= $2 ORDER BY version LIMIT $3`,
      [streamId, version, limit],
    );
    return rows.map(storedEvent);
  }

  /** A page of the log. */
  async readLog(request: LogReadRequest): Promise<LogPage> {
    const { text, values } = logQuery(this.#tables, request);
    return logPage(await this.#ask(text, values), request);
  }

  /** The newest position of each partition. */
  async heads(): Promise<readonly number[]> {
    const rows = await this.#ask(
      `SELECT coalesce((SELECT position FROM ${this.#tables.event} e WHERE e.partition = p ORDER BY position DESC LIMIT 1), 0)
       FROM generate_series(0, $1::int - 1) p ORDER BY p`,
      [this.#partitionCount],
    );
    return rows.map(([head]) => Number(head));
  }

  /** The event at a position. */
  async eventAt(partition: number, position: number): Promise<StoredEvent | undefined> {
    const [row] = await this.#ask(
      `SELECT ${eventColumns} FROM ${this.#tables.event} WHERE partition = $1 AND position = $2`,
      [partition, position],
    );
    return row && storedEvent(row);
  }

  /** The greatest position recorded at or before a time. Times never decrease along a partition, so it is found by halving. */
  async positionAtTime(partition: number, time: number): Promise<number> {
    let low = 0;
    let high = (await this.heads())[partition] ?? 0;
    let found = 0;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const [row] = await this.#ask(
        `SELECT position, recorded_at FROM ${this.#tables.event} WHERE partition = $1 AND position <= $2 ORDER BY position DESC LIMIT 1`,
        [partition, middle],
      );
      const [position, recordedAt] = row?.map(Number) ?? [];
      if (position === undefined || recordedAt === undefined) low = middle;
      else if (recordedAt <= time) {
        found = position;
        low = middle;
      } else high = Math.min(middle - 1, position - 1);
    }
    return found;
  }

  /** What is known of a stream. */
  async streamInfo(streamId: string): Promise<StreamInfo> {
    const [row] = await this.#ask(
      `SELECT $1::text, ${this.#infoColumns} FROM (SELECT $1::text COLLATE "C" AS stream_id) AS i ${this.#infoJoins}`,
      [streamId],
    );
    return infoOf(row ?? [streamId]);
  }

  get #infoColumns(): string {
    return 'l.version, l.id, s.settings, s.version';
  }

  get #infoJoins(): string {
    const { event, setting } = this.#tables;
    return `LEFT JOIN LATERAL (SELECT e.version, e.id FROM ${event} e WHERE e.stream_id = i.stream_id ORDER BY e.version DESC LIMIT 1) AS l ON true
      LEFT JOIN ${setting} s ON s.stream_id = i.stream_id`;
  }

  /** Streams by prefix and category: the index of streams is looked into once for each, however many events it has. */
  async listStreams({
    category,
    prefix = '',
    includeReserved,
    after,
    limit,
  }: StreamListRequest): Promise<readonly StreamInfo[]> {
    // A category is the id itself or what stands before its first dash; both begin with it.
    const start = category !== undefined && category.startsWith(prefix) ? category : prefix;
    const values = new Values();
    const startValue = values.add(start);
    const afterValue = values.add(after ?? '');
    // The last of all ids that the store has for itself.
    const behind = includeReserved
      ? 'ids.stream_id'
      : `CASE WHEN left(ids.stream_id, 1) = '$' THEN '$' || chr(1114111) ELSE ids.stream_id END`;
    const { event } = this.#tables;
    const rows = await this.#ask(
      `WITH RECURSIVE ids AS (
         (SELECT stream_id FROM ${event} WHERE stream_id >= ${startValue} AND stream_id > ${afterValue} ORDER BY stream_id LIMIT 1)
         UNION ALL
         SELECT (SELECT e.stream_id FROM ${event} e WHERE e.stream_id > ${behind} ORDER BY e.stream_id LIMIT 1)
         FROM ids WHERE ids.stream_id IS NOT NULL AND starts_with(ids.stream_id, ${startValue})
       ), wanted AS (
         SELECT stream_id FROM ids WHERE starts_with(stream_id, ${startValue}) AND starts_with(stream_id, ${values.add(prefix)})
         ${includeReserved ? '' : `AND left(stream_id, 1) <> '$'`}
         ${category === undefined ? '' : `AND split_part(stream_id, '-', 1) = ${values.add(category)}`}
         LIMIT ${values.add(limit)}::bigint
       )
       SELECT i.stream_id, ${this.#infoColumns} FROM wanted i ${this.#infoJoins} ORDER BY i.stream_id`,
      values.list,
    );
    return rows.map(infoOf);
  }

  /** An entry of the keyed store. */
  async keyedGet(key: string): Promise<KeyedEntry | undefined> {
    const [row] = await this.#ask(`SELECT key, value, revision FROM ${this.#tables.keyed} WHERE key = $1`, [key]);
    return row && entryOf(row);
  }

  /** Entries of the keyed store by prefix. */
  async keyedScan({ prefix, after, direction = 'forward', limit }: KeyedScanRequest): Promise<readonly KeyedEntry[]> {
    const values = new Values();
    const [order, beyond] = direction === 'forward' ? ['ASC', '>'] : ['DESC', '<'];
    const start = values.add(prefix);
    const behind = after === undefined ? '' : ` AND key ${beyond} ${values.add(after)}`;
    // The greatest character closes the range for the index; what begins with the prefix is asked for exactly.
    const rows = await this.#ask(
      `SELECT key, value, revision FROM ${this.#tables.keyed} WHERE key >= ${start} AND key <= ${start} || repeat(chr(1114111), 300)
       AND starts_with(key, ${start})${behind} ORDER BY key ${order} LIMIT ${values.add(Math.max(0, limit))}::bigint`,
      values.list,
    );
    return rows.map(entryOf);
  }

  /** Counts that cost little. */
  async statistics(): Promise<Readonly<Record<string, number | string>>> {
    const { event, tag, answer, keyed } = this.#tables;
    const names = [event, tag, answer, keyed];
    const rows = await this.#ask(
      `SELECT c.reltuples, pg_table_size(c.oid), pg_indexes_size(c.oid), s.n_dead_tup FROM unnest($1::text[]) WITH ORDINALITY AS t(name, place)
       JOIN pg_class c ON c.oid = t.name::regclass LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid ORDER BY place`,
      [names],
    );
    const facts: Record<string, number> = {};
    for (const [index, name] of ['events', 'tags', 'keys', 'entries'].entries()) {
      const [rowCount, tableBytes, indexBytes, dead] = rows[index]?.map(Number) ?? [];
      facts[`${name}.rowsEstimated`] = Math.max(0, rowCount ?? 0);
      facts[`${name}.tableBytes`] = tableBytes ?? 0;
      facts[`${name}.indexBytes`] = indexBytes ?? 0;
      facts[`${name}.deadRows`] = dead ?? 0;
    }
    for (const [partition, head] of (await this.heads()).entries()) facts[`log.head.${partition}`] = head;
    return facts;
  }
}

function settingsOf(text: unknown): StreamSettings | undefined {
  // Written by the engine, from settings that the store had checked.
  return typeof text === 'string' ? (JSON.parse(text) as StreamSettings) : undefined;
}

function infoOf([streamId, version, lastEventId, settings, settingsVersion]: Row): StreamInfo {
  return {
    streamId: String(streamId),
    version: Number(version ?? 0),
    settings: settingsOf(settings),
    settingsVersion: Number(settingsVersion ?? 0),
    lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
  };
}

function entryOf([key, value, revision]: Row): KeyedEntry {
  return { key: String(key), value: unescapedText(String(value)), revision: Number(revision) };
}
