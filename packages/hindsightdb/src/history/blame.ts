/**
 * Blame: which event set each part of a state.
 */

import type { Event, Recorded } from '../core/event.ts';
import { initialStateOf } from '../core/fold.ts';
import { argumentError } from '../core/errors.ts';
import { segmentsOf } from '../core/json-pointer.ts';
import { describe } from '../core/text.ts';
import { assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { SnapshottedFold } from '../store/load-state.ts';
import { keyTreeOf } from './element-keys.ts';
import { plainCopy } from './json-form.ts';
import { leafChanges, visitLeaves } from './leaves.ts';
import { leavesSetAgain } from './set-again.ts';
import { assertHistory, momentOf, stepPages, type HistoryOptions } from './steps.ts';

/** A leaf of a state, and the event that set it. */
export interface BlamedLeaf<Events extends Event = Event> {
  /** JSON Pointer; the key of an element stands in place of its index where the fold names element keys. */
  readonly path: string;
  readonly value: unknown;
  /** The event that last gave it this value; undefined where it is as in the initial state. Its metadata says who, and by which release. */
  readonly event: Recorded<Events> | undefined;
}

/** A leaf that was there once and is no more. */
export interface DeletedLeaf<Events extends Event = Event> {
  readonly path: string;
  /** The last value that it had. */
  readonly before: unknown;
  /** The event that took it away. */
  readonly event: Recorded<Events>;
}

/** Who set what of a state. */
export interface Blame<State, Events extends Event> {
  readonly streamId: string;
  readonly state: State;
  /** The version that the state includes. */
  readonly version: number;
  readonly isProvisional: boolean;
  /** Every leaf of the state, in its order. A leaf is a value that is no container, or an empty container. */
  readonly leaves: readonly BlamedLeaf<Events>[];
  /** Leaves that the state no longer has, the latest first. */
  readonly deletions: readonly DeletedLeaf<Events>[];
  /** How many deletions were left out for being older than those. */
  readonly deletionsLeftOut: number;
}

/** How a state is blamed. */
export interface BlameOptions extends HistoryOptions {
  /** Only what lies at or below this JSON Pointer. Default: the whole state. */
  readonly path?: string;
  /**
   * What an event does that sets a value to what it was: `'keep'` leaves the blame with the event that brought the value
   * (default); `'move'` gives it to the later one. Whether an event sets a leaf or only leaves it alone is found by folding
   * it onto states in which that leaf is another, so `'move'` takes longer: a call of `evolve` for each leaf and event.
   */
  readonly equalValues?: 'keep' | 'move';
  /** How many deletions are kept. Default 1000. */
  readonly deletionsMax?: number;
}

/** Deletions kept unless told otherwise: a state through which many keys pass would else hold a trace of each. */
const deletionsMaxDefault = 1000;

/**
 * For every leaf of a state, the event that last set it: when, by whom and by which release is in the event. By definition
 * that is the last event after which the leaf had another value than before it, or was there and had not been.
 */
export async function blame<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: BlameOptions = {},
): Promise<Blame<State, Events>> {
  const context = contextOf(store);
  assertHistory(context, fold, streamId, options);
  const { path = '', equalValues = 'keep', deletionsMax = deletionsMaxDefault, signal } = options;
  segmentsOf('path', path);
  assertWhole('deletionsMax', deletionsMax, { min: 0, max: Number.MAX_SAFE_INTEGER });
  if (equalValues !== 'keep' && equalValues !== 'move')
    throw argumentError('INVALID_ARGUMENT', `equalValues must be 'keep' or 'move', not ${describe(equalValues)}.`);
  const keys = keyTreeOf(options.elementKeys ?? fold.elementKeys);
  const isWanted = (leaf: string): boolean => path === '' || leaf === path || leaf.startsWith(`${path}/`);
  const moment = await momentOf(context, streamId, options);

  let state = initialStateOf(fold);
  let version = 0;
  const setters = new Map<string, Recorded<Events>>();
  const deletions = new Deletions<Events>(deletionsMax);
  for await (const steps of stepPages(context, fold, streamId, { moment, signal })) {
    for (const { event, before, after } of steps) {
      const { set, removed, filled } = leafChanges({ before, after }, keys);
      for (const leaf of filled) setters.delete(leaf);
      for (const [leaf, value] of removed) {
        setters.delete(leaf);
        if (isWanted(leaf)) deletions.add({ path: leaf, before: value, event });
      }
      for (const leaf of set.keys()) {
        deletions.forget(leaf);
        if (isWanted(leaf)) setters.set(leaf, event);
      }
      if (equalValues === 'move')
        for (const leaf of leavesSetAgain({ fold, event, before, after, keys, isWanted })) setters.set(leaf, event);
      state = after;
      version = Math.max(version, event.version);
    }
  }
  const leaves: BlamedLeaf<Events>[] = [];
  visitLeaves(state, keys, (leaf, value) => {
    if (isWanted(leaf)) leaves.push({ path: leaf, value: plainCopy(value), event: setters.get(leaf) });
  });
  const { isProvisional } = moment;
  return { streamId, state, version, isProvisional, leaves, ...deletions.found() };
}

/** The latest deletions, one for each leaf. */
class Deletions<Events extends Event> {
  readonly #countMax: number;
  readonly #byPath = new Map<string, DeletedLeaf<Events>>();
  #leftOut = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  add(deleted: DeletedLeaf<Events>): void {
    // Put in last: the first of the map is the one that was deleted longest ago.
    this.#byPath.delete(deleted.path);
    this.#byPath.set(deleted.path, deleted);
    if (this.#byPath.size <= this.#countMax) return;
    const [oldest] = this.#byPath.keys();
    if (oldest !== undefined) this.#byPath.delete(oldest);
    this.#leftOut += 1;
  }

  forget(path: string): void {
    this.#byPath.delete(path);
  }

  found(): { readonly deletions: readonly DeletedLeaf<Events>[]; readonly deletionsLeftOut: number } {
    return { deletions: [...this.#byPath.values()].toReversed(), deletionsLeftOut: this.#leftOut };
  }
}
