/**
 * The judgement of the views that an append carries: is each complete up to the events that are about to be written, and
 * still what its writes were computed from? Pure.
 */

import type { AppendBatch } from './contract.ts';
import { filledWrite, type PlaceLookup, type Places } from './pending-facts.ts';
import type { ViewWrite } from './views.ts';

/** What an engine looks up to judge views. */
export interface ViewLookup extends PlaceLookup {
  keyed(key: string): { readonly revision: number } | undefined;
  /** Up to where a view is complete, as its entry says; undefined where there is none, or one that says something else. */
  progress(progressKey: string): readonly number[] | undefined;
  /** Where the events of the batch will go. */
  places(batch: AppendBatch): Places;
}

/** The progress keys of the views of a batch that are behind, or no longer what their writes were computed from. */
export function staleViews(batch: AppendBatch, lookup: ViewLookup): readonly string[] {
  const { views = [] } = batch;
  if (views.length === 0) return [];
  const touched = batch.streams
    .filter(({ events }) => events.length > 0)
    .map(({ streamId }) => lookup.partitionOf?.(streamId) ?? 0);
  const stale = views.filter((view) => {
    const heads = lookup.progress(view.progressKey);
    const isComplete = heads !== undefined && touched.every((partition) => heads[partition] === lookup.head(partition));
    return !isComplete || !holdsRevisions(view, batch, lookup);
  });
  return [...new Set(stale.map(({ progressKey }) => progressKey))];
}

function holdsRevisions(view: ViewWrite, batch: AppendBatch, lookup: ViewLookup): boolean {
  return view.keyedWrites.every((write) => {
    if (write.expectedRevision === undefined) return true;
    const key = typeof write.key === 'string' ? write.key : filledWrite(write, lookup.places(batch)).key;
    return (lookup.keyed(key)?.revision ?? 0) === write.expectedRevision;
  });
}

/** What a progress entry says: a position for each partition. Undefined for anything else. */
export function headsOfProgress(value: string | undefined, partitionCount: number): readonly number[] | undefined {
  if (value === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    const isWhole = Array.isArray(parsed) && parsed.length === partitionCount && parsed.every(isPosition);
    return isWhole ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isPosition(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
