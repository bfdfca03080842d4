/**
 * The store: the open handle that users hold. It validates and encodes, then calls the engine; it knows no engine by name.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import type { ExpectedVersion } from '../core/condition.ts';
import { assertFold } from '../core/decider.ts';
import { argumentError, HindsightError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import type { Query } from '../core/query.ts';
import type { StreamSettings } from '../core/stream-settings.ts';
import { assertName } from '../core/text.ts';
import type {
  Capabilities,
  CheckReport,
  EngineStatistics,
  LogIdentity,
  LongWork,
  Maintenance,
  StoredEvent,
  StreamInfo,
} from '../engine/contract.ts';
import {
  prepareAppend,
  resultOf,
  userAppend,
  type AppendOptions,
  type AppendRequest,
  type AppendResult,
  type InternalAppend,
  type PreparedAppend,
  type StoreAnswer,
} from './append.ts';
import { decodeEvents, recordedAs } from './decode.ts';
import { assertObject, assertOptionalSignal, assertPlace, assertWhole, assertWork } from './argument-checks.ts';
import { logMoment, streamMoment, type AsOf } from './as-of.ts';
import { InlineAppends } from './inline-appends.ts';
import type { InlineView } from './inline-view.ts';
import { listStreams, type ListStreamsOptions } from './list-streams.ts';
import { assertOfCategory, loadMoment, type LoadedAsOf, type SnapshottedFold } from './load-state.ts';
import { assertHolds, checkpointOf, placesAt } from './places.ts';
import { checkedQuery, type LogReadOptions, type StreamReadOptions } from './read-options.ts';
import { readLogPages, readStreamPages, type LogPage, type StreamPage } from './read.ts';
import { Reading, type PageOf } from './reading.ts';
import type { StoreContext } from './settings.ts';
import { removalAppend, settingsAppend } from './stream-operations.ts';
import { subscribePages, type SubscribeOptions, type SubscriptionPage } from './subscribe.ts';

/** Options of an append to one stream. */
export interface StreamAppendOptions extends AppendOptions {
  /** What the stream must be like. Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
}

/** Which state is loaded. */
export interface LoadOptions {
  /** As of which moment. Default: the present. */
  readonly asOf?: AsOf;
  readonly signal?: AbortSignal;
}

/**
 * An open event store. `Events` are the events that it holds, as they are read, and `Input` the same as they are given to
 * `append`; both are inferred from the schemas that the store is opened with, and are any event without them.
 *
 * Made by `openStore`. Close it when done; `await using` does so by itself.
 */
export class Store<Events extends Event = Event, Input extends Event = Events> {
  readonly #context: StoreContext;
  /** The encoding of an earlier append that has to wait; later ones wait behind it, so that calls are written in their order. */
  #encoding: Promise<unknown> | undefined;
  readonly #background = new Set<Promise<void>>();
  readonly #inline: InlineAppends | undefined;

  /** Use `openStore`. */
  constructor(context: StoreContext, inline: readonly InlineView[] = []) {
    this.#context = context;
    this.#inline = inline.length === 0 ? undefined : new InlineAppends(this, inline);
  }

  /** What the engine can do. */
  get capabilities(): Capabilities {
    return this.#context.engine.capabilities;
  }

  /** Which log this is, and its lives between restores. */
  get identity(): LogIdentity {
    return this.#context.engine.identity;
  }

  /** What features of the library are built on: the engine and the store's settings. Not for applications. */
  get context(): StoreContext {
    return this.#context;
  }

  /**
   * Appends events to a stream, durably, together or not at all, if what the options state holds.
   *
   * Resolves when the events are on stable storage, as the engine's `capabilities.durability` says. Throws a `ConflictError`
   * when a version, a condition or a keyed entry is not as stated, and for anything refused; then nothing was written. Only
   * `OUTCOME_UNKNOWN` leaves it open, and a retry under the same key is safe.
   */
  append(streamId: string, events: readonly Input[], options?: StreamAppendOptions): Promise<AppendResult>;
  /** Appends to several streams in one decision. A stream without events is only checked. */
  append(request: AppendRequest<Input>): Promise<AppendResult>;
  async append(
    target: string | AppendRequest<Input>,
    events: readonly Input[] = [],
    options: StreamAppendOptions = {},
  ): Promise<AppendResult> {
    assertObject('options', options);
    const { expectedVersion = 'any', ...rest } = options;
    const request =
      typeof target === 'object' && target !== null
        ? target
        : { ...rest, streams: [{ streamId: target, events, expectedVersion }] };
    return resultOf(this.#context.engine, await this.appendInternal(userAppend(request)));
  }

  /** An append of the library itself, answered with values. Not for applications. */
  appendInternal(append: InternalAppend): Promise<StoreAnswer> {
    const prepare = (): PreparedAppend | Promise<PreparedAppend> => prepareAppend(this.#context, append);
    const prepared = this.#encoding === undefined ? prepare() : this.#encoding.then(prepare);
    if (!(prepared instanceof Promise)) return this.#send(prepared);
    const settled = prepared.then(
      () => undefined,
      () => undefined,
    );
    this.#encoding = settled;
    void settled.then(() => {
      if (this.#encoding === settled) this.#encoding = undefined;
    });
    return prepared.then((ready) => this.#send(ready));
  }

  async #send(append: PreparedAppend): Promise<StoreAnswer> {
    if (this.#inline !== undefined) return await this.#inline.append(append);
    const { batch, signal } = append;
    const answer = await this.#context.engine.append(batch, signal === undefined ? {} : { signal });
    if (answer.kind === 'viewStale') throw new Error('The engine judged views, and the append carried none.');
    return answer;
  }

  /** What makes appends carry inline views; undefined where there are none. Not for applications. */
  get inline(): InlineAppends | undefined {
    return this.#inline;
  }

  /** Reads a stream in the order of its versions. A stream that does not exist has no events. */
  readStream<Own extends Event = Events>(
    streamId: string,
    options: StreamReadOptions = {},
  ): Reading<Recorded<Own>, StreamPage<Recorded<Own>>> {
    assertName('A stream id', streamId, this.#context.limits.streamIdBytesMax);
    return this.#reading(readStreamPages(this.#context, streamId, options));
  }

  /** Reads all streams of a category, in the order of the log. */
  readCategory<Own extends Event = Events>(
    category: string,
    options: LogReadOptions = {},
  ): Reading<Recorded<Own>, LogPage<Recorded<Own>>> {
    assertName('A category', category, this.#context.limits.streamIdBytesMax);
    return this.#reading(readLogPages(this.#context, { category }, options));
  }

  /** Reads the whole log. Across partitions no order is promised. */
  readLog<Own extends Event = Events>(options: LogReadOptions = {}): Reading<Recorded<Own>, LogPage<Recorded<Own>>> {
    return this.#reading(readLogPages(this.#context, {}, options));
  }

  /** Reads the events that a query means, in the order of the log. */
  readQuery<Own extends Event = Events>(
    query: Query,
    options: LogReadOptions = {},
  ): Reading<Recorded<Own>, LogPage<Recorded<Own>>> {
    return this.#reading(readLogPages(this.#context, { query: checkedQuery(this.#context.limits, query) }, options));
  }

  /** Reads stored records as they are, to the byte, before codec and upcasters: for proofs, copies and exact export. */
  readRecords(
    options: LogReadOptions & {
      readonly streamId?: string;
      readonly category?: string;
      readonly query?: Query;
    } = {},
  ): Reading<StoredEvent, LogPage<StoredEvent>> {
    assertObject('options', options);
    const { streamId, category, query } = options;
    const { streamIdBytesMax } = this.#context.limits;
    if (streamId !== undefined) assertName('A stream id', streamId, streamIdBytesMax);
    if (category !== undefined) assertName('A category', category, streamIdBytesMax);
    return new Reading(
      readLogPages(
        this.#context,
        {
          ...(streamId !== undefined && { streamId }),
          ...(category !== undefined && { category }),
          ...(query !== undefined && { query: checkedQuery(this.#context.limits, query) }),
        },
        options,
      ),
    );
  }

  /** The same of one stream, in the order of its versions; what its settings hide is not shown. */
  readStreamRecords(streamId: string, options: StreamReadOptions = {}): Reading<StoredEvent, StreamPage<StoredEvent>> {
    assertName('A stream id', streamId, this.#context.limits.streamIdBytesMax);
    return new Reading(readStreamPages(this.#context, streamId, options));
  }

  /**
   * Follows the log: what is there, then what is appended, without a gap or a repetition. Walk it with `for await`; a slow
   * walker holds memory flat. Ends with its signal; throws `CLOSED` when the store is closed under it.
   */
  subscribe<Own extends Event = Events>(
    options: SubscribeOptions = {},
  ): Reading<Recorded<Own>, SubscriptionPage<Recorded<Own>>> {
    return this.#reading(subscribePages(this.#context, options));
  }

  /** Follows the log as `subscribe` does, with stored records as they are. */
  subscribeRecords(options: SubscribeOptions = {}): Reading<StoredEvent, SubscriptionPage<StoredEvent>> {
    return new Reading(subscribePages(this.#context, options));
  }

  #reading<Own extends Event, Page extends PageOf<StoredEvent>>(
    pages: () => AsyncGenerator<Page>,
  ): Reading<Recorded<Own>, Omit<Page, 'events'> & PageOf<Recorded<Own>>> {
    const context = this.#context;
    return new Reading(async function* () {
      for await (const page of pages()) {
        yield { ...page, events: recordedAs<Own>(await decodeEvents(context, page.events)) };
      }
    });
  }

  /**
   * Loads the state of an entity by folding its stream, from a snapshot where there is one: its present state, or that as of
   * a version, a checkpoint, a time of recording or a time of occurrence. A stream that did not exist then gives the initial
   * state and version 0. Throws `HISTORY_HIDDEN` where truncation hides what the state depends on.
   */
  async load<State, Own extends Event>(
    fold: SnapshottedFold<State, Own>,
    streamId: string,
    options: LoadOptions = {},
  ): Promise<LoadedAsOf<State>> {
    assertFold('fold', fold);
    assertName('A stream id', streamId, this.#context.limits.streamIdBytesMax);
    assertOfCategory(fold.category, streamId);
    assertObject('options', options);
    const { asOf, signal } = options;
    assertOptionalSignal(signal);
    const moment = await streamMoment(this.#context, streamId, await logMoment(this.#context, asOf));
    return await loadMoment(this.#context, fold, streamId, { moment, signal });
  }

  /** Version and settings of a stream. One that does not exist has version 0. */
  async streamInfo(streamId: string): Promise<StreamInfo> {
    assertName('A stream id', streamId, this.#context.limits.streamIdBytesMax);
    return await this.#context.engine.streamInfo(streamId);
  }

  /** The streams, in the order of their ids' UTF-8 bytes. */
  listStreams(options: ListStreamsOptions = {}): AsyncGenerator<StreamInfo> {
    return listStreams(this.#context, options);
  }

  /** The newest place of the log: everything that is recorded lies at or before it. */
  async head(): Promise<Checkpoint> {
    const { engine } = this.#context;
    return checkpointOf(engine, await placesAt(engine, await engine.heads()));
  }

  /** The newest position of each partition; 0 where it is empty. */
  async positions(): Promise<readonly number[]> {
    return await this.#context.engine.heads();
  }

  /** The place right behind an event of this log: a reader that begins there sees what follows it. Only where there is one partition. */
  checkpointOf(event: Pick<RecordedEvent, 'position' | 'id'>): Checkpoint {
    assertObject('The event', event);
    assertWhole('position of the event', event.position, { min: 1, max: Number.MAX_SAFE_INTEGER });
    assertName('The id of an event', event.id, this.#context.limits.idBytesMax);
    if (this.identity.partitionCount > 1)
      throw argumentError(
        'INVALID_ARGUMENT',
        'An event is a place in one partition only; take the checkpoint of its page.',
      );
    return checkpointOf(this.#context.engine, [{ position: event.position, eventId: event.id }]);
  }

  /** Throws unless the checkpoint belongs to this log and still holds: `CHECKPOINT_FOREIGN`, `CHECKPOINT_AHEAD`, `CHECKPOINT_DIVERGED`. */
  async validateCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await assertHolds(this.#context.engine, checkpoint);
  }

  /**
   * Sets what reads of a stream show. The settings replace the earlier ones whole and are recorded. `expectedVersion` is
   * that of the settings (`settingsVersion` of `streamInfo`). Throws `TRUNCATION_REFUSED` as `truncate` does.
   */
  async setStreamSettings(
    streamId: string,
    settings: StreamSettings,
    options: { readonly expectedVersion?: number } = {},
  ): Promise<void> {
    assertObject('options', options);
    const { expectedVersion = 'any' } = options;
    if (expectedVersion !== 'any')
      assertWhole('expectedVersion', expectedVersion, { min: 0, max: Number.MAX_SAFE_INTEGER });
    const append = await settingsAppend(this.#context, streamId, settings, expectedVersion);
    resultOf(this.#context.engine, await this.appendInternal(append));
  }

  /**
   * Hides the events before a version from reads of the stream. Refused unless the first event that is kept is of a type
   * declared with `carriesState`, since a fold would else begin in the middle.
   */
  async truncate(streamId: string, options: { readonly before: number }): Promise<void> {
    assertObject('{ before }', options);
    const { before } = options;
    assertWhole('before', before, { min: 1, max: Number.MAX_SAFE_INTEGER });
    const { settings, settingsVersion } = await this.streamInfo(streamId);
    await this.setStreamSettings(
      streamId,
      { ...settings, truncateBefore: before },
      { expectedVersion: settingsVersion },
    );
  }

  /** Ends a stream for good: it shows nothing and takes no more events. Its version stays. */
  async tombstone(streamId: string): Promise<void> {
    const { settings, settingsVersion } = await this.streamInfo(streamId);
    await this.setStreamSettings(streamId, { ...settings, tombstone: true }, { expectedVersion: settingsVersion });
  }

  /**
   * Empties the records that truncation or a tombstone hides. Position, version, id, tags and a digest remain, and the
   * events still count for conditions; a read of the log shows them with type `$removed`. Cannot be undone; recorded.
   */
  async removeTruncated(streamId: string): Promise<void> {
    assertName('A stream id', streamId, this.#context.limits.streamIdBytesMax);
    const append = await removalAppend(this.#context, streamId);
    if (append !== undefined) resultOf(this.#context.engine, await this.appendInternal(append));
  }

  /** Measured facts about the store, by name. */
  async statistics(): Promise<EngineStatistics> {
    return await this.#context.engine.statistics();
  }

  /** Writes a consistent copy of the store to a new place, an address as `openStore` takes it, while others go on. Open it with `restoreStore`, which begins a new epoch. */
  async backup(destination: string, work: LongWork = {}): Promise<{ readonly heads: readonly number[] }> {
    assertPlace('destination', destination);
    assertWork(work);
    return await this.#maintenance('backup').backup(destination, work);
  }

  /** Reads everything and reports what is wrong with it; the first finding names the first bad place. */
  async check(work: LongWork = {}): Promise<CheckReport> {
    assertWork(work);
    return await this.#maintenance('check').check(work);
  }

  #maintenance(what: string): Maintenance {
    const { maintenance, capabilities } = this.#context.engine;
    if (maintenance === undefined)
      throw new HindsightError('UNSUPPORTED', `The ${capabilities.engine} engine has no ${what}.`);
    return maintenance;
  }

  /** Keeps work of the library that nobody awaits, such as writing a snapshot; `close` waits for it. Not for applications. */
  inBackground(work: Promise<void>): void {
    const settled: Promise<void> = work.catch(() => undefined).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }

  /** Finishes what was accepted and releases everything. Calling it again changes nothing; anything else then throws `CLOSED`. */
  async close(): Promise<void> {
    await this.#encoding;
    await this.#inline?.close();
    await Promise.all(this.#background);
    await this.#context.engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
