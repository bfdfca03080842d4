/**
 * Two engines side by side: each operation is done on both, and every answer must be equal.
 */

import { isHindsightError } from '../../core/errors.ts';
import { matchesQuery } from '../../core/query.ts';
import { dataTextOf, parseRecord } from '../../core/record.ts';
import type {
  AppendAnswer,
  AppendBatch,
  KeyedWrite,
  LogFilter,
  LogReadRequest,
  StoredEvent,
  StreamEffect,
  StreamWrite,
} from '../../engine/contract.ts';
import { MemoryEngine } from '../../engine/memory.ts';
import type { ViewWrite } from '../../engine/views.ts';
import { equal, fail, holds, outcomeOf, type Outcome } from '../assertions.ts';
import { show } from '../difference.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, newEvent } from '../event-maker.ts';
import { pictureOf } from '../picture.ts';
import { readWholeLog, readWholeStream } from '../readings.ts';
import type {
  AgainPlan,
  AppendPlan,
  EffectPlan,
  KeyedWritePlan,
  Operation,
  PlacePlan,
  VersionPlan,
  ViewPlan,
} from './operation.ts';
import { Side } from './side.ts';

/** A batch as it is built for one side: positions and revisions are those of its engine. */
interface BuiltAppend {
  readonly model: AppendBatch;
  readonly tested: AppendBatch;
}

/** What plans need to know of a stream. */
interface StreamNow {
  /** The ids of its events. */
  readonly ids: readonly string[];
}

/** The engine under test beside the memory engine. */
export class Comparison {
  readonly #log: LogUnderTest;
  readonly #model: Side;
  readonly #tested: Side;
  readonly #sent = new Map<string, BuiltAppend>();
  readonly #streams = new Map<string, StreamNow>();

  constructor(log: LogUnderTest) {
    this.#log = log;
    const isClockExact = log.clock.isExact;
    const { spansPartitions } = log.engine.capabilities;
    let ids = 0;
    const newId = (): string => `model-${(ids += 1)}`;
    const { partitionCount } = log;
    this.#model = new Side(new MemoryEngine({ now: log.clock.now, newId, partitionCount, spansPartitions }), {
      isClockExact,
    });
    this.#tested = new Side(log.engine, { isClockExact });
  }

  /** Does an operation on both engines and compares the answers. */
  async do(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'append':
      case 'again':
        return await this.#appendAll([operation]);
      case 'group':
        return await this.#appendAll(operation.appends);
      case 'keyedWrite':
        return await this.#keyedWrite(operation.writes);
      case 'completeViews':
        return await this.#completeViews(operation.progressKeys);
      case 'readStream':
        return await this.#readStream(operation);
      case 'readLog':
        return await this.#readLog(operation);
      case 'time':
        return this.#log.clock.isExact
          ? this.#log.clock.set(this.#log.clock.now() + operation.micros)
          : await this.#log.clock.pass(operation.micros);
      case 'reopen':
        if (!this.#log.isDurable) return;
        await this.#log.reopen();
        return this.#tested.replaceEngine(this.#log.engine);
      default:
        return await this.#both(`The answer to ${operation.do}`, (side) => look(side, this.#model, operation));
    }
  }

  /** Compares everything that the two engines show. */
  async compareWhole(): Promise<void> {
    await this.#both('Everything that is in the log', async (side) => {
      const { partitions, streams, shown, keyed } = await pictureOf(side.engine);
      return [
        partitions.map((events) => events.map((event) => side.event(event))),
        streams,
        shown,
        keyed.map((entry) => side.entry(entry)),
      ];
    });
  }

  async #both(what: string, ask: (side: Side) => Promise<unknown>): Promise<void> {
    const model = await outcomeOf(() => ask(this.#model));
    const tested = await outcomeOf(() => ask(this.#tested));
    equal(comparable(tested), comparable(model), what);
  }

  async #appendAll(plans: readonly (AppendPlan | AgainPlan)[]): Promise<void> {
    const built = plans.flatMap((plan) => this.#build(plan));
    // On both sides without waiting in between: they are written in the order of the calls.
    const [model, tested] = await Promise.all([
      Promise.all(built.map((each) => outcomeOf(() => this.#model.engine.append(each.model)))),
      Promise.all(built.map((each) => outcomeOf(() => this.#tested.engine.append(each.tested)))),
    ]);
    equal(tested.map(kindOf), model.map(kindOf), 'How the appends were answered');
    await this.#catchUp(built.flatMap(({ model }) => keysOf(model)));
    for (const [index, { tested: batch }] of built.entries()) {
      const [expected, actual] = [model[index], tested[index]];
      if (expected === undefined || actual === undefined) return fail('An append was not answered.');
      equal(
        comparable(actual, this.#tested),
        comparable(expected, this.#model),
        `The answer to append ${index + 1} of ${built.length}`,
      );
      await this.#checkNamedEvent(batch, actual);
    }
  }

  /** A refusal for a condition names an event that does match it. */
  async #checkNamedEvent({ condition }: AppendBatch, outcome: Outcome<AppendAnswer>): Promise<void> {
    if (outcome.kind === 'rejected' || outcome.value.kind !== 'conflict' || condition === undefined) return;
    for (const conflict of outcome.value.conflicts) {
      if (conflict.kind !== 'condition') continue;
      const event = await this.#tested.eventNamed(conflict);
      const isAfter = conflict.position > (condition.after[conflict.partition] ?? 0);
      holds(
        event !== undefined && isAfter,
        `The refusal names ${show(conflict)}, which is no event after ${show(condition.after)}.`,
      );
      const { type, tags = [] } = parseRecord(event.record);
      holds(
        type === '$removed' || matchesQuery(condition.query, type, tags),
        `The refusal names ${show(event.record)}, which does not match ${show(condition.query)}.`,
      );
    }
  }

  async #catchUp(keys: readonly string[]): Promise<void> {
    await this.#model.catchUp(keys);
    await this.#tested.catchUp(keys);
    for (let partition = 0; partition < this.#log.partitionCount; partition += 1)
      equal(
        this.#tested.count(partition),
        this.#model.count(partition),
        `The number of events in partition ${partition}`,
      );
  }

  async #keyedWrite(plans: readonly KeyedWritePlan[]): Promise<void> {
    const ask = async (side: Side): Promise<readonly unknown[]> =>
      (await side.engine.keyedWrite(keyedWritesOf(side, plans))).map((conflict) => side.conflict(conflict));
    const model = await outcomeOf(() => ask(this.#model));
    const tested = await outcomeOf(() => ask(this.#tested));
    equal(comparable(tested), comparable(model), 'The answer to keyed writes');
    const keys = plans.map(({ key }) => key);
    await this.#catchUp(keys);
    for (const key of keys)
      await this.#both(`The entry ${show(key)}`, async (side) => side.entry(await side.engine.keyedGet(key)));
  }

  async #completeViews(keys: readonly string[]): Promise<void> {
    await this.#both('The answer to keyed writes', async (side) => {
      const value = JSON.stringify(await side.engine.heads());
      return await side.engine.keyedWrite(keys.map((key) => ({ key, value })));
    });
    await this.#catchUp(keys);
  }

  async #readStream({ streamId, direction, from, limit, bytesMax }: Operation & { do: 'readStream' }): Promise<void> {
    const { version } = await this.#model.engine.streamInfo(streamId);
    const end = direction === 'forward' ? 1 : Number.MAX_SAFE_INTEGER;
    const fromVersion = typeof from === 'object' ? Math.max(0, version + from.off) : end;
    await this.#both(`A ${direction} read of stream ${show(streamId)} from version ${fromVersion}`, async (side) => {
      const read = await readWholeStream(side.engine, streamId, { direction, fromVersion, limit, bytesMax });
      return { version: read.version, events: read.events.map((event) => side.event(event)) };
    });
  }

  async #readLog(operation: Operation & { do: 'readLog' }): Promise<void> {
    const { partition, direction, from, until, category, streamId, query, includeReserved, limit, bytesMax } =
      operation;
    const filter: LogFilter = {
      includeReserved,
      ...(category !== undefined && { category }),
      ...(streamId !== undefined && { streamId }),
      ...(query !== undefined && { query }),
    };
    await this.#both(`A ${direction} read of partition ${partition}`, async (side) => {
      const range: Partial<LogReadRequest> = {
        ...(from && { from: placeOf(side, this.#model, partition, from) }),
        ...(until && { until: Math.max(1, placeOf(side, this.#model, partition, until)) }),
      };
      const read = await readWholeLog(side.engine, { partition, direction, filter, limit, bytesMax, ...range });
      return {
        scannedTo: side.numberOf(partition, read.scannedTo),
        scannedEventId: read.scannedEventId,
        events: read.events.map((event) => side.event(event)),
      };
    });
  }

  #build(plan: AppendPlan | AgainPlan): readonly BuiltAppend[] {
    if (plan.do === 'again') {
      const before = this.#sent.get(plan.name);
      if (before === undefined) return [];
      const { change } = plan;
      if (change === undefined) return [before];
      return [{ model: changed(before.model, change), tested: changed(before.tested, change) }];
    }
    const built = { model: this.#batch(plan, this.#model), tested: this.#batch(plan, this.#tested) };
    this.#sent.set(plan.name, built);
    return [built];
  }

  /** The batch of a plan. Streams are looked up on the model, which answers at once. */
  #batch(plan: AppendPlan, side: Side): AppendBatch {
    const { condition, key, keyedWrites, views, effect } = plan;
    const streams = plan.streams.map((stream): StreamWrite => {
      const { ids } = this.#streamNow(stream.streamId);
      return {
        streamId: stream.streamId,
        expectedVersion: versionOf(stream.expects, ids.length),
        events: stream.events.map(newEvent),
        ...(stream.follows && { predecessorId: ids.at(stream.follows === 'last' ? -1 : -2) ?? 'never-written' }),
        ...(stream.follows === 'never' && { predecessorId: 'never-written' }),
        ...(effect && { effect: this.#effect(effect) }),
      };
    });
    const { lifeMicros, ...keyParts } = key ?? { key: '', digest: '' };
    return {
      streams,
      ...(condition && {
        condition: {
          query: condition.query,
          after: condition.after.map((place, partition) => placeOf(side, this.#model, partition, place)),
        },
      }),
      ...(key && {
        key: { ...keyParts, ...(lifeMicros !== undefined && { expiresAt: this.#log.clock.now() + lifeMicros }) },
      }),
      ...(keyedWrites && { keyedWrites: keyedWritesOf(side, keyedWrites) }),
      ...(views && { views: views.map((view) => viewOf(side, view)) }),
    };
  }

  #effect({ streamId, settings, removalBefore }: EffectPlan): StreamEffect {
    if (settings !== undefined) return { kind: 'settings', streamId, settings };
    const { ids } = this.#streamNow(streamId);
    const off = typeof removalBefore === 'object' ? removalBefore.off : 0;
    return { kind: 'removal', streamId, beforeVersion: Math.max(1, ids.length + off) };
  }

  #streamNow(streamId: string): StreamNow {
    return this.#streams.get(streamId) ?? { ids: [] };
  }

  /** Takes notice of the streams as they stand, for the plans of the next operation. */
  async prepare(operation: Operation): Promise<void> {
    const plans = operation.do === 'group' ? operation.appends : [operation];
    for (const plan of plans) {
      if (plan.do !== 'append') continue;
      const ids = [...plan.streams.map(({ streamId }) => streamId), ...(plan.effect ? [plan.effect.streamId] : [])];
      for (const streamId of ids) this.#streams.set(streamId, await this.#look(streamId));
    }
  }

  async #look(streamId: string): Promise<StreamNow> {
    const events: StoredEvent[] = [];
    for (let partition = 0; partition < this.#log.partitionCount; partition += 1)
      events.push(
        ...(await readWholeLog(this.#model.engine, { partition, filter: { streamId, includeReserved: true } })).events,
      );
    return { ids: events.map(idOf) };
  }
}

/** A batch of which one event says something else, in its data or only in its metadata. */
function changed(batch: AppendBatch, { event: number, of }: Required<AgainPlan>['change']): AppendBatch {
  let left = number;
  const streams = batch.streams.map((write) => ({
    ...write,
    events: write.events.map((event) => {
      left -= 1;
      if (left !== -1) return event;
      const { id, type, tags } = event;
      const dataText = dataTextOf(event.record);
      return of === 'data'
        ? newEvent({ id, type, tags, dataText: `[${dataText}]` })
        : newEvent({ id, type, tags, dataText, metadataText: '{"actor":"someone else"}' });
    }),
  }));
  return { ...batch, streams };
}

/** How an append ended, in a word. */
function kindOf(outcome: Outcome<AppendAnswer>): string {
  if (outcome.kind === 'fulfilled') return outcome.value.kind;
  return isHindsightError(outcome.reason) ? outcome.reason.code : show(outcome.reason);
}

/** What a look answers, seen through a side. */
async function look(side: Side, model: Side, operation: Operation): Promise<unknown> {
  const { engine } = side;
  switch (operation.do) {
    case 'eventAt':
      return side.event(
        await engine.eventAt(operation.partition, placeOf(side, model, operation.partition, operation.at)),
      );
    case 'positionAtTime': {
      // The time of an event that both hold, so that it also makes sense for an engine with a clock of its own.
      const { partition, at, offMicros } = operation;
      const event = await engine.eventAt(partition, placeOf(side, model, partition, at));
      return event && side.numberOf(partition, await engine.positionAtTime(partition, event.recordedAt + offMicros));
    }
    case 'streamInfo':
      return await engine.streamInfo(operation.streamId);
    case 'listStreams': {
      const { do: _, ...request } = operation;
      return await engine.listStreams(request);
    }
    case 'answerOf': {
      const known = await engine.answerOf(operation.key);
      return known && { digest: known.digest, written: side.written(known.written) };
    }
    case 'keyedScan': {
      const { do: _, ...request } = operation;
      return (await engine.keyedScan(request)).map((entry) => side.entry(entry));
    }
    default:
      throw new RangeError(`${operation.do} is no look.`);
  }
}

/** Positions of both sides are reckoned from the number of events that the model holds. */
function placeOf(side: Side, model: Side, partition: number, { share, off }: PlacePlan): number {
  return side.positionOf(partition, Math.round(model.count(partition) * share) + off);
}

function versionOf(plan: VersionPlan, present: number): StreamWrite['expectedVersion'] {
  return typeof plan === 'object' ? Math.max(0, present + plan.off) : plan;
}

function keyedWritesOf(side: Side, plans: readonly KeyedWritePlan[]): readonly KeyedWrite[] {
  return plans.map(({ key, value, expects }) => {
    const known = side.revisionsOf(key);
    const revisions = { present: known.at(-1) ?? 0, absent: 0, earlier: known.at(-2) ?? 0, never: 1_000_000_007 };
    return { key, value, ...(expects !== undefined && { expectedRevision: revisions[expects] }) };
  });
}

function viewOf(side: Side, { progressKey, writes }: ViewPlan): ViewWrite {
  const keyedWrites = keyedWritesOf(side, writes).map(({ value, ...write }) => ({
    ...write,
    value: value === null ? null : [value, ' ', { pending: 'version', stream: 0, event: 0 } as const],
  }));
  return { progressKey, keyedWrites, statements: [] };
}

/** The keys of the entries that an append may change. */
function keysOf({ keyedWrites = [], views = [] }: AppendBatch): readonly string[] {
  const ofViews = views.flatMap(({ progressKey, keyedWrites: writes }) => [
    progressKey,
    ...writes.map(({ key }) => key),
  ]);
  return [...keyedWrites.map(({ key }) => key), ...ofViews].filter((key) => typeof key === 'string');
}

/** An outcome as it is compared: errors by their code. */
function comparable(outcome: Outcome<unknown>, side?: Side): unknown {
  if (outcome.kind === 'rejected') {
    const { reason } = outcome;
    if (!isHindsightError(reason)) throw reason;
    return { refused: reason.code };
  }
  // The answer to an append, where a side is given.
  return side === undefined ? outcome.value : side.answer(outcome.value as AppendAnswer);
}
