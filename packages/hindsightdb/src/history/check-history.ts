/**
 * Checking a history: can this code work with everything that is stored? Every event decodes, upcasts and satisfies its schema,
 * every entity folds, and every snapshot that would be used says what the events say.
 *
 * Events are looked at in the order of the log, entities one after another behind that, since only one of them is then in
 * memory. So an entity's events are read twice; what is long about it is decoding, and not reading.
 */

import { assertFold } from '../core/decider.ts';
import { argumentError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import type { ElementKeys } from '../core/fold.ts';
import { categoryOf } from '../core/stream-id.ts';
import { assertName } from '../core/text.ts';
import { assertFunction, assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { EventLoop } from '../store/event-loop.ts';
import { assertOfCategory, type SnapshottedFold } from '../store/load-state.ts';
import { checkpointOf, placesAt, positionsOf, type Place } from '../store/places.ts';
import { readLogPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import { checkEntity } from './check-entity.ts';
import { streamIdsOf } from './entities.ts';
import { Findings, type HistoryFinding } from './history-finding.ts';
import { judgeEvents } from './judge-event.ts';
import { countUnusedSnapshots } from './unused-snapshots.ts';

/** A fold of any state over any events. Every decider is one. */
export interface AnyFold {
  readonly category?: string;
  readonly initialState: unknown;
  readonly evolve: (state: never, event: never) => unknown;
  readonly version?: number | string;
  readonly snapshots?: object;
  readonly elementKeys?: ElementKeys;
}

/** Folds, each by the category whose entities it folds. */
export type FoldsByCategory = Readonly<Record<string, AnyFold>>;

/** What of the history is checked, and how that is followed and ended. */
export interface CheckHistoryOptions {
  /** Only this category. Default: everything, the store's own events included. */
  readonly category?: string;
  /** Only events after this place, and the entities that they are of. The ids of these are kept in memory. */
  readonly after?: Place;
  /** Only events up to this place. Entities are folded as they are now. */
  readonly until?: Place;
  /** How many findings are reported; all are counted. Default 100. */
  readonly findingsMax?: number;
  /** Called now and then; a total of 0 means that there was nothing to do. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** What a check of the history found. */
export interface HistoryReport {
  /** How many stored events were looked at. */
  readonly eventCount: number;
  /** How many entities were folded. */
  readonly entityCount: number;
  /** How many snapshots were compared with a fold. */
  readonly snapshotCount: number;
  /** How many snapshots there are that none of the given folds would use. */
  readonly unusedSnapshotCount: number;
  readonly findingCount: number;
  /** The first of them in the order of the log, `findingsMax` at most. */
  readonly findings: readonly HistoryFinding[];
}

/**
 * Checks that this code can work with the stored history: with the event definitions, upcasters and codec that the store was
 * opened with, and with these folds. Events are validated as they are read, so that a schema which turns data into another
 * shape must accept that shape, too.
 *
 * Nothing is written. Removed contents, and what truncation or a tombstone hides from a fold, are no findings. An entity that
 * does not fold is one finding, and so is one whose snapshot differs. What the folds throw is caught; what the engine throws is not.
 */
export async function checkHistory(
  store: AnyStore,
  folds: FoldsByCategory,
  options: CheckHistoryOptions = {},
): Promise<HistoryReport> {
  const context = contextOf(store);
  const folding = checkedFolds(folds);
  assertCheck(context, options);
  const { category, findingsMax = 100, signal } = options;
  const chosen = new Map([...folding].filter(([name]) => category === undefined || name === category));
  const check = new HistoryCheck(context, chosen, options);
  const findings = new Findings(findingsMax);
  await check.events(findings);
  await check.entities(findings);
  const unusedSnapshotCount = await countUnusedSnapshots(context, chosen, { category, signal });
  const { eventCount, entityCount, snapshotCount } = check;
  return {
    eventCount,
    entityCount,
    snapshotCount,
    unusedSnapshotCount,
    findingCount: findings.count,
    findings: findings.first,
  };
}

function checkedFolds(folds: FoldsByCategory): ReadonlyMap<string, SnapshottedFold<unknown, Event>> {
  assertObject('folds', folds);
  return new Map(
    Object.entries(folds).map(([category, fold]) => {
      if (categoryOf(category) !== category || category === '')
        throw argumentError('INVALID_ARGUMENT', `folds.${category} must stand under the name of a category.`);
      assertFold(`fold of ${category}`, fold);
      assertOfCategory(fold.category, category);
      // It is handed what the streams of its category hold, and states of its own making.
      return [category, fold as SnapshottedFold<unknown, Event>];
    }),
  );
}

function assertCheck({ limits }: StoreContext, options: CheckHistoryOptions): void {
  assertObject('options', options);
  const { category, findingsMax, onProgress, signal } = options;
  if (category !== undefined) assertName('A category', category, limits.streamIdBytesMax);
  if (findingsMax !== undefined) assertWhole('findingsMax', findingsMax, { min: 0, max: 1_000_000 });
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
}

/** Entities between two reports of progress. */
const progressEvery = 64;

/** A check under way. */
class HistoryCheck {
  readonly #context: StoreContext;
  readonly #folds: ReadonlyMap<string, SnapshottedFold<unknown, Event>>;
  readonly #options: CheckHistoryOptions;
  readonly #eventLoop: EventLoop = new EventLoop();
  /** Entities of the range, where there is one. */
  readonly #touched: Map<string, Set<string>> | undefined;
  /** Events of the categories that are folded. */
  #foldedTotal = 0;
  #positionsTotal = 0;
  eventCount = 0;
  entityCount = 0;
  snapshotCount = 0;

  constructor(
    context: StoreContext,
    folds: ReadonlyMap<string, SnapshottedFold<unknown, Event>>,
    options: CheckHistoryOptions,
  ) {
    this.#context = context;
    this.#folds = folds;
    this.#options = options;
    const isRange = options.after !== undefined || options.until !== undefined;
    this.#touched = isRange ? new Map([...folds.keys()].map((category) => [category, new Set<string>()])) : undefined;
  }

  /** Judges every event of the range. */
  async events(findings: Findings): Promise<void> {
    const { engine } = this.#context;
    const { after, until, category, signal } = this.#options;
    const heads = await engine.heads();
    const first = after === undefined ? heads.map(() => 0) : await positionsOf(engine, 'after', after);
    const asked = until === undefined ? heads : await positionsOf(engine, 'until', until);
    const last = asked.map((position, partition) => Math.min(position, heads[partition] ?? 0));
    const lengths = last.map((position, partition) => Math.max(0, position - (first[partition] ?? 0)));
    this.#positionsTotal = sumOf(lengths);
    const pages = readLogPages(this.#context, category === undefined ? {} : { category }, {
      ...(after !== undefined && { after }),
      until: checkpointOf(engine, await placesAt(engine, last)),
      includeReserved: true,
      ...(signal !== undefined && { signal }),
    });
    for await (const { events } of pages()) {
      for (const finding of await judgeEvents(this.#context, events)) findings.add(finding);
      for (const { streamId } of events) this.#note(streamId);
      this.eventCount += events.length;
      const at = events.at(-1);
      if (at !== undefined) {
        const behind = sumOf(lengths.slice(0, at.partition));
        this.#report(behind + at.position - (first[at.partition] ?? 0));
      }
      await this.#eventLoop.turnWhenDue();
    }
    this.#report(this.#positionsTotal);
  }

  #note(streamId: string): void {
    const category = categoryOf(streamId);
    if (!this.#folds.has(category)) return;
    this.#foldedTotal += 1;
    this.#touched?.get(category)?.add(streamId);
  }

  /** Folds every entity of the range, one after another. */
  async entities(findings: Findings): Promise<void> {
    const { signal } = this.#options;
    let foldedCount = 0;
    for (const [category, fold] of this.#folds) {
      for await (const streamId of this.#touched?.get(category) ?? streamIdsOf(this.#context, category)) {
        signal?.throwIfAborted();
        const { eventCount, isSnapshotCompared, finding } = await checkEntity(this.#context, fold, streamId, signal);
        if (finding !== undefined) findings.add(finding);
        this.entityCount += 1;
        if (isSnapshotCompared) this.snapshotCount += 1;
        foldedCount += eventCount;
        if (this.entityCount % progressEvery === 0)
          this.#report(this.#positionsTotal * (1 + Math.min(1, foldedCount / this.#foldedTotal)));
        await this.#eventLoop.turnWhenDue();
      }
    }
    if (this.#folds.size > 0) this.#report(2 * this.#positionsTotal);
  }

  /** Folding counts as much as judging did. */
  #report(done: number): void {
    const total = this.#positionsTotal * (this.#folds.size > 0 ? 2 : 1);
    this.#options.onProgress?.({ done: Math.min(Math.floor(done), total), total });
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
