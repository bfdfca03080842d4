/**
 * Causation: what led to an event and what followed from it, across streams.
 *
 * Events name their cause by `causationId` and what they belong to by `correlationId`, both in their metadata. No engine has
 * an index of them, so the log is read; records are told apart by their text, and only those that may belong are decoded.
 */

import { commandTypes } from '../core/command-types.ts';
import type { RecordedEvent } from '../core/event.ts';
import { argumentError } from '../core/errors.ts';
import { assertName } from '../core/text.ts';
import { assertFunction, assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { decodeEvents } from '../store/decode.ts';
import { positionsOf, type Place } from '../store/places.ts';
import type { LogReadOptions } from '../store/read-options.ts';
import { readLogPages, readStreamPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import { commandIn, explains, mayExplain } from './kept-commands.ts';
import { treeOf, type CausationTree } from './causation-tree.ts';

/** An event as the engine keeps it. */
type StoredEvent = Parameters<typeof decodeEvents>[1][number];

/** Which event is explained: by its id, or by its place in a stream, which is found at once. */
export type EventReference = { readonly id: string } | { readonly streamId: string; readonly version: number };

/** How causes and consequences are looked for. */
export interface CausationOptions {
  /** Look only behind this place of the log. Default: its beginning. */
  readonly after?: Place;
  /** How many events at most; beyond them the tree is cut off and says so. Default 10,000. */
  readonly eventsMax?: number;
  /** Called after each page with the number of events that were looked at, over all walks through the log. */
  readonly onProgress?: (events: number) => void;
  readonly signal?: AbortSignal;
}

const eventsMaxDefault = 10_000;

/**
 * The tree of causes and consequences that an event is part of; undefined where there is no such event. It holds all events
 * of the same correlation, and those that are connected by causation. Commands that are kept are among them; a cause that is
 * nothing of this log stands as a node without an event.
 */
export async function causationOf(
  store: AnyStore,
  reference: EventReference,
  options: CausationOptions = {},
): Promise<CausationTree | undefined> {
  const context = contextOf(store);
  assertReference(context, reference);
  assertObject('options', options);
  const { eventsMax = eventsMaxDefault, after, onProgress, signal } = options;
  assertWhole('eventsMax', eventsMax, { min: 1, max: Number.MAX_SAFE_INTEGER });
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
  if (after !== undefined) await positionsOf(context.engine, 'after', after);
  const target = await findEvent(context, reference, options);
  if (target === undefined) return undefined;
  const family = new Family(target, eventsMax);
  const isOneOrder = context.engine.identity.partitionCount === 1;
  let scanned = 0;
  const walk = async (range: LogReadOptions, isDone: () => boolean): Promise<void> => {
    if (isDone()) return;
    for await (const { events } of readLogPages(
      context,
      {},
      { ...(signal && { signal }), ...range, includeReserved: true },
    )()) {
      const candidates = events.filter(
        (stored) => mayExplain(stored) && (context.codec !== undefined || family.mayTake(stored.record)),
      );
      if (candidates.length > 0) for (const event of await decodeEvents(context, candidates)) family.take(event);
      scanned += events.length;
      onProgress?.(scanned);
      if (isDone()) return;
    }
  };
  // Causes lie before their consequences: a walk back finds the causes, and one forward what followed from each of them.
  // Where partitions have no common order this may take further rounds; they end when nothing is new. So it may where a command
  // stands behind the events that it led to, as one does that was decided when it was accepted.
  for (let known = -1; known < family.size && !family.isFull;) {
    known = family.size;
    const { lateCount } = family;
    const back = { direction: 'backward', ...(after !== undefined && { after }) } as const;
    await walk(isOneOrder ? { ...back, until: target.position } : back, () => family.isFull || !family.isMissingCauses);
    const first = isOneOrder && !family.isCorrelated ? family.firstPosition - 1 : after;
    await walk(first === undefined ? {} : { after: first }, () => family.isFull);
    if (isOneOrder && family.lateCount === lateCount) break;
  }
  return treeOf(target, family.events(), { isCutOff: family.isFull });
}

function assertReference({ limits }: StoreContext, reference: EventReference): void {
  assertObject('The event', reference);
  if ('id' in reference) assertName('The id of an event', reference.id, limits.idBytesMax);
  else {
    if (!('streamId' in reference))
      throw argumentError('INVALID_ARGUMENT', 'The event must have an id, or a streamId and a version.');
    assertName('A stream id', reference.streamId, limits.streamIdBytesMax);
    assertWhole('version', reference.version, { min: 1, max: Number.MAX_SAFE_INTEGER });
  }
}

async function findEvent(
  context: StoreContext,
  reference: EventReference,
  { after, signal }: CausationOptions,
): Promise<RecordedEvent | undefined> {
  if ('id' in reference) {
    const quoted = JSON.stringify(reference.id);
    const range = { ...(after !== undefined && { after }), ...(signal && { signal }) };
    return await firstOf(context, readLogPages(context, {}, { ...range, includeReserved: true })(), {
      mayBe: (stored) => mayExplain(stored) && stored.record.includes(quoted),
      is: (event) => event.id === reference.id && explains(event),
    });
  }
  const { streamId, version } = reference;
  const pages = readStreamPages(context, streamId, { fromVersion: version, toVersion: version })();
  return await firstOf(context, pages, { mayBe: () => true, is: () => true });
}

async function firstOf(
  context: StoreContext,
  pages: AsyncIterable<{ readonly events: readonly StoredEvent[] }>,
  wanted: { readonly mayBe: (stored: StoredEvent) => boolean; readonly is: (event: RecordedEvent) => boolean },
): Promise<RecordedEvent | undefined> {
  for await (const { events } of pages) {
    const found = (await decodeEvents(context, events.filter(wanted.mayBe))).find(wanted.is);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The events that belong together, as far as they are found. */
class Family {
  readonly #correlation: { readonly id: string; readonly quoted: string } | undefined;
  readonly #countMax: number;
  readonly #byId = new Map<string, RecordedEvent>();
  /** Causes that are named and were not found yet. Those outside never are. */
  readonly #missing = new Set<string>();
  #lateCount = 0;

  constructor(target: RecordedEvent, countMax: number) {
    // What follows from a command that names no correlation is correlated by the command itself.
    const { correlationId = commandIn(target) === undefined ? undefined : target.id } = target.metadata;
    this.#countMax = countMax;
    this.#correlation =
      typeof correlationId === 'string' ? { id: correlationId, quoted: JSON.stringify(correlationId) } : undefined;
    this.#add(target);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Whether everything of a correlation belongs, wherever it stands. */
  get isCorrelated(): boolean {
    return this.#correlation !== undefined;
  }

  /** The position of the earliest event that was found. */
  get firstPosition(): number {
    return Math.min(...this.events().map(({ position }) => position));
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#countMax;
  }

  /** How many commands were found that stand behind the events that they led to, with which they were written. */
  get lateCount(): number {
    return this.#lateCount;
  }

  get isMissingCauses(): boolean {
    return this.#missing.size > 0;
  }

  events(): readonly RecordedEvent[] {
    return [...this.#byId.values()];
  }

  /** Whether a record may belong, by its text alone. */
  mayTake(record: string): boolean {
    if (this.#correlation !== undefined && record.includes(this.#correlation.quoted)) return true;
    if (record.includes('"causationId"')) return true;
    // Looking for many texts in each record would take longer than decoding it.
    if (this.#missing.size > 8) return true;
    for (const id of this.#missing) if (record.includes(id)) return true;
    return false;
  }

  take(event: RecordedEvent): void {
    if (this.isFull || this.#byId.has(event.id) || !explains(event)) return;
    const { causationId, correlationId } = event.metadata;
    const isRelated =
      this.#missing.has(event.id) ||
      (typeof causationId === 'string' && this.#byId.has(causationId)) ||
      (this.#correlation !== undefined && correlationId === this.#correlation.id);
    if (isRelated) this.#add(event);
  }

  #add(event: RecordedEvent): void {
    this.#byId.set(event.id, event);
    if (event.type === commandTypes.handled) this.#lateCount += 1;
    this.#missing.delete(event.id);
    const { causationId } = event.metadata;
    if (typeof causationId === 'string' && !this.#byId.has(causationId)) this.#missing.add(causationId);
  }
}
