/** Snapshots that no present fold would use: of earlier versions of a fold, of earlier upcasters, or of folds that are gone. */

import type { Event } from '../core/event.ts';
import { categoryOf } from '../core/stream-id.ts';
import { snapshotKey, snapshotPrefix, type SnapshottedFold } from '../store/load-state.ts';
import type { StoreContext } from '../store/settings.ts';

/** Entries read at once. */
const pageSize = 500;

/** How many snapshots are kept, of a category or of all, that none of these folds would use. */
export async function countUnusedSnapshots(
  context: StoreContext,
  folds: ReadonlyMap<string, SnapshottedFold<unknown, Event>>,
  { category, signal }: { readonly category: string | undefined; readonly signal: AbortSignal | undefined },
): Promise<number> {
  const all = snapshotPrefix('').slice(0, -1);
  let count = 0;
  let after: string | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const entries = await context.engine.keyedScan({
      prefix: all + (category ?? ''),
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const { key } of entries) {
      // Behind the last slash stands what the state depends on; an id may hold slashes of its own.
      const streamId = key.slice(all.length, key.lastIndexOf('/'));
      const own = categoryOf(streamId);
      if (category !== undefined && own !== category) continue;
      const fold = folds.get(own);
      if (fold?.snapshots === undefined || snapshotKey(context, fold, streamId) !== key) count += 1;
    }
    after = entries.at(-1)?.key;
    if (entries.length < pageSize) return count;
  }
}
