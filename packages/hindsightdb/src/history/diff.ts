/**
 * The difference between two moments of one entity.
 */

import type { Event } from '../core/event.ts';
import type { ElementKeys } from '../core/fold.ts';
import { assertObject } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { logMoment, streamMoment, type AsOf } from '../store/as-of.ts';
import { loadMoment, type LoadedAsOf, type SnapshottedFold } from '../store/load-state.ts';
import { collectChanges, type Change } from './changes.ts';
import { keyTreeOf } from './element-keys.ts';
import { assertHistory } from './steps.ts';

/** Which two moments are compared. */
export interface DiffOptions {
  readonly from: AsOf;
  /** Default: the present. It may lie before `from`: then the changes lead back. */
  readonly to?: AsOf;
  /** How the elements of arrays are told apart. Default: as the fold says. */
  readonly elementKeys?: ElementKeys;
  readonly signal?: AbortSignal;
}

/** Two states of an entity and what differs. */
export interface EntityDiff<State> {
  readonly streamId: string;
  readonly from: LoadedAsOf<State>;
  readonly to: LoadedAsOf<State>;
  readonly changes: readonly Change[];
}

/**
 * How an entity changed from one moment to another. An entity that did not exist at a moment has its initial state and
 * version 0 there. Throws `HISTORY_HIDDEN` where truncation hides what a state depends on.
 */
export async function diff<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: DiffOptions,
): Promise<EntityDiff<State>> {
  const context = contextOf(store);
  assertHistory(context, fold, streamId, options);
  assertObject('from', options.from);
  const keys = keyTreeOf(options.elementKeys ?? fold.elementKeys);
  const { signal } = options;
  const load = async (what: 'from' | 'to', asOf: AsOf | undefined): Promise<LoadedAsOf<State>> => {
    const moment = await streamMoment(context, streamId, await logMoment(context, asOf, what));
    return await loadMoment(context, fold, streamId, { moment, signal });
  };
  const from = await load('from', options.from);
  const to = await load('to', options.to);
  return { streamId, from, to, changes: collectChanges({ before: from.state, after: to.state }, keys) };
}
