/** The engine on PostgreSQL: the contract over a pool of connections. */

import { partitionOf } from '../../core/stream-id.ts';
import { HindsightError, type Conflict } from '../../core/errors.ts';
import { copiedSettings } from '../../engine/copied-settings.ts';
import type * as contract from '../../engine/contract.ts';
import type { Connection } from './connection.ts';
import { escapedText, jsonText } from './group.ts';
import { postgresLimits } from './limits.ts';
import type { Reader } from './reader.ts';
import { repeatedAnswer } from './repetition.ts';
import type { Tables } from './tables.ts';
import { wakeWithinMs, type Wake } from './wake.ts';
import type { Writer } from './writer.ts';

/** What the engine is put together from. */
export interface PostgresEngineParts {
  readonly connection: Connection;
  readonly tables: Tables;
  readonly identity: contract.LogIdentity;
  readonly reader: Reader;
  readonly wake: Wake;
  /** Undefined where the log is open for reading only. */
  readonly writer: Writer | undefined;
  readonly now: (() => number) | undefined;
}

/** So many groups after the last time, what has expired is forgotten. */
const forgetEveryGroups = 500;
const forgetAtOnce = 5000;

/** An open log on PostgreSQL. */
export class PostgresEngine implements contract.Engine {
  readonly capabilities: contract.Capabilities = {
    engine: 'postgres',
    durability: 'power',
    spansPartitions: true,
    sharedAcrossProcesses: true,
    sql: 'none',
    wakeWithinMs,
    limits: postgresLimits,
  };
  readonly identity: contract.LogIdentity;
  readonly #parts: PostgresEngineParts;
  #forgottenAt = 0;
  #closed: Promise<void> | undefined;

  constructor(parts: PostgresEngineParts) {
    this.#parts = parts;
    this.identity = parts.identity;
  }

  async append(
    batch: contract.AppendBatch,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<contract.AppendAnswer> {
    const { reader } = this.#parts;
    const writer = this.#writer();
    if (batch.views?.some(({ statements }) => statements.length > 0) === true)
      throw new HindsightError('UNSUPPORTED', 'This engine has no SQL: its views are documents in the keyed store.');
    const answer = await writer.append(batch, options.signal);
    this.#forgetNowAndThen(writer);
    return await repeatedAnswer(batch, answer, {
      partitionCount: this.identity.partitionCount,
      eventsFrom: (streamId, version, limit) => reader.eventsFrom(streamId, version, limit),
      versionOf: async (streamId) => (await reader.streamInfo(streamId)).version,
    });
  }

  #writer(): Writer {
    const { connection, writer } = this.#parts;
    this.#assertOpen();
    connection.assertOpen();
    if (writer === undefined) throw new HindsightError('STORE_READ_ONLY', 'The store was opened for reading only.');
    return writer;
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new HindsightError('CLOSED', 'The store was closed.');
  }

  #forgetNowAndThen({ counts: { groups } }: Writer): void {
    if (groups - this.#forgottenAt < forgetEveryGroups) return;
    this.#forgottenAt = groups;
    const { connection, tables, now } = this.#parts;
    // Nobody waits for it, and the next time tries again.
    connection.write(`SELECT ${tables.forgetExpired}($1, $2)`, [now?.() ?? null, forgetAtOnce]).catch(() => undefined);
  }

  async answerOf(key: string): Promise<contract.KeyedAnswer | undefined> {
    return await this.#reader.answerOf(key);
  }

  get #reader(): Reader {
    this.#assertOpen();
    return this.#parts.reader;
  }

  async readStream(request: contract.StreamReadRequest): Promise<contract.StreamPage> {
    return await this.#reader.readStream(request);
  }

  async readLog(request: contract.LogReadRequest): Promise<contract.LogPage> {
    return await this.#reader.readLog(request);
  }

  async heads(): Promise<readonly number[]> {
    return await this.#reader.heads();
  }

  async eventAt(partition: number, position: number): Promise<contract.StoredEvent | undefined> {
    return await this.#reader.eventAt(partition, position);
  }

  async positionAtTime(partition: number, time: number): Promise<number> {
    return await this.#reader.positionAtTime(partition, time);
  }

  async streamInfo(streamId: string): Promise<contract.StreamInfo> {
    return await this.#reader.streamInfo(streamId);
  }

  async listStreams(request: contract.StreamListRequest): Promise<readonly contract.StreamInfo[]> {
    return await this.#reader.listStreams(request);
  }

  async keyedGet(key: string): Promise<contract.KeyedEntry | undefined> {
    return await this.#reader.keyedGet(key);
  }

  async keyedScan(request: contract.KeyedScanRequest): Promise<readonly contract.KeyedEntry[]> {
    return await this.#reader.keyedScan(request);
  }

  async keyedWrite(writes: readonly contract.KeyedWrite[]): Promise<readonly Conflict[]> {
    const answer = await this.#writer().append({ streams: [], keyedWrites: writes }, undefined);
    return answer.kind === 'conflict' ? answer.conflicts : [];
  }

  wake(listener: () => void): () => void {
    return this.#parts.wake.add(listener);
  }

  async beginCopy(): Promise<void> {
    await this.#change(`SELECT ${this.#parts.tables.beginCopy}()`, []);
  }

  async appendRecorded(
    events: readonly contract.RecordedWrite[],
    keyedWrites: readonly contract.KeyedWrite[] = [],
  ): Promise<void> {
    const packed = events.map((event) => {
      const { streamId, recordedAt, id, type, tags, record } = event;
      const copied = copiedSettings(event);
      return [
        streamId,
        partitionOf(streamId, this.identity.partitionCount),
        recordedAt,
        id,
        type,
        tags,
        record,
        ...(copied === undefined
          ? []
          : [JSON.stringify(copied.settings), copied.streamId, copied.settings.tombstone === true]),
      ];
    });
    const writes = keyedWrites.map(({ key, value }) => [key, value === null ? null : escapedText(value)]);
    await this.#change(`SELECT ${this.#parts.tables.copy}($1, $2)`, [jsonText(packed), jsonText(writes)]);
    this.#parts.wake.written();
  }

  async endCopy(): Promise<void> {
    await this.#change(`SELECT ${this.#parts.tables.endCopy}()`, []);
  }

  async #change(text: string, values: readonly unknown[]): Promise<void> {
    this.#writer();
    await this.#parts.connection.write(text, values);
  }

  async statistics(): Promise<contract.EngineStatistics> {
    const { writer } = this.#parts;
    const { groups = 0, appends = 0, lostAnswers = 0 } = writer?.counts ?? {};
    return {
      ...(await this.#reader.statistics()),
      ...(writer && { 'writer.groups': groups, 'writer.appends': appends, 'writer.lostAnswers': lostAnswers }),
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { writer, wake, connection } = this.#parts;
    await writer?.close();
    await wake.close();
    await connection.close();
  }
}
