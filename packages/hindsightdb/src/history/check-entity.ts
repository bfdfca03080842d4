/** Folding an entity event by event, to name the event at which that fails, and comparing its snapshot on the way. */

import { removedType, type Event, type Recorded, type RecordedEvent } from '../core/event.ts';
import { initialStateOf } from '../core/fold.ts';
import { whileReplaying } from '../core/replay.ts';
import { reasonOf } from '../core/text.ts';
import { decodeEvents, recordedAs } from '../store/decode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { readSnapshot, type Loaded, type SnapshottedFold } from '../store/load-state.ts';
import { readStreamPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import { collectChanges } from './changes.ts';
import { keyTreeOf } from './element-keys.ts';
import { findingAt, type HistoryFinding } from './history-finding.ts';

/** What became of an entity. */
export interface CheckedEntity {
  /** How many events were folded. */
  readonly eventCount: number;
  readonly isSnapshotCompared: boolean;
  readonly finding: HistoryFinding | undefined;
}

/** Folds what a load would fold: what the settings of the stream show. The first finding is the only one. */
export async function checkEntity(
  context: StoreContext,
  fold: SnapshottedFold<unknown, Event>,
  streamId: string,
  signal: AbortSignal | undefined,
): Promise<CheckedEntity> {
  let snapshot: Loaded<unknown> | undefined = await readSnapshot(context, fold, streamId);
  let state = initialStateOf(fold);
  let eventCount = 0;
  let isSnapshotCompared = false;
  let before: StoredEvent | undefined;
  const answer = (finding?: HistoryFinding): CheckedEntity => ({ eventCount, isSnapshotCompared, finding });
  const compare = (loaded: Loaded<unknown>, at: StoredEvent): HistoryFinding | undefined => {
    snapshot = undefined;
    isSnapshotCompared = true;
    return snapshotFinding(fold, loaded, { state, at });
  };
  for await (const { events: stored } of readStreamPages(context, streamId, signal === undefined ? {} : { signal })()) {
    const [first] = stored;
    if (first === undefined) continue;
    if (before === undefined && snapshot !== undefined && !(await isComparable(context, snapshot, first)))
      snapshot = undefined;
    let events: readonly RecordedEvent[];
    try {
      events = await decodeEvents(context, stored);
    } catch {
      // The judgement of single events has named the one that fails.
      return answer();
    }
    for (const event of recordedAs<Event>(events)) {
      if (snapshot !== undefined && event.version > snapshot.version) {
        const { version } = snapshot;
        const finding = compare(snapshot, stored.findLast((each) => each.version <= version) ?? before ?? first);
        if (finding !== undefined) return answer(finding);
      }
      try {
        state = evolved(fold, state, event);
      } catch (error) {
        // Nobody folds what is left of removed contents.
        if (event.type === removedType) return answer();
        return answer(findingAt(event, { kind: 'fold', type: event.type, message: reasonOf(error) }));
      }
      eventCount += 1;
    }
    before = stored.at(-1);
  }
  if (snapshot === undefined || before === undefined || before.version < snapshot.version) return answer();
  return answer(compare(snapshot, before));
}

function evolved(fold: SnapshottedFold<unknown, Event>, state: unknown, event: Recorded<Event>): unknown {
  return whileReplaying(() => fold.evolve(state, event));
}

/**
 * Whether the events that are shown say what a snapshot must hold. They do not where count or age hides the beginning: what
 * the snapshot was made of is not all there any more.
 */
async function isComparable({ engine }: StoreContext, snapshot: Loaded<unknown>, first: StoredEvent): Promise<boolean> {
  if (first.version === 1) return true;
  const { settings } = await engine.streamInfo(first.streamId);
  return first.version === settings?.truncateBefore && snapshot.version >= first.version;
}

function snapshotFinding(
  fold: SnapshottedFold<unknown, Event>,
  { state: kept, version }: Loaded<unknown>,
  { state, at }: { readonly state: unknown; readonly at: StoredEvent },
): HistoryFinding | undefined {
  const changes = collectChanges({ before: kept, after: state }, keyTreeOf(fold.elementKeys));
  if (changes.length === 0) return undefined;
  const [{ path } = { path: '' }] = changes;
  const places = changes.length === 1 ? 'one place' : `${changes.length} places`;
  const message = `The snapshot at version ${version} differs from a fold of the events in ${places}, first at ${path === '' ? 'the whole state' : path}.`;
  return findingAt({ ...at, version }, { kind: 'snapshot', type: '', message, changes });
}
