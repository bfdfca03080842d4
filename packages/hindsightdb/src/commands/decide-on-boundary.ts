/**
 * Deciding on a boundary that is wider than one entity: the state is folded from all events that a query means, and the append is
 * refused when another one came in between (the dynamic consistency boundary). Then it is decided anew.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { decisionOf, type Decider } from '../core/decider.ts';
import { conflictError, type Conflict } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import { foldEvents, initialStateOf } from '../core/fold.ts';
import { canonicalJson } from '../core/json.ts';
import type { Query } from '../core/query.ts';
import { RecentMap } from '../core/recent-map.ts';
import { resultOf, type StoreAnswer } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import { decodeEvents, recordedAs } from '../store/decode.ts';
import { encodeEvents } from '../store/encode.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import { readLogPages } from '../store/read.ts';
import { checkedQuery } from '../store/read-options.ts';
import type { StoreContext } from '../store/settings.ts';
import type { Store } from '../store/store.ts';
import type { OutcomeDetails } from './command.ts';
import type { KeptDecision } from './decide-kept.ts';
import { HeldBack, recordedError } from './job.ts';

/** How often a command is decided anew because something of its boundary came in between. */
const retries = 100;

/** A decision, before it is written. */
interface Decided {
  readonly events: readonly Event[];
  readonly details: OutcomeDetails;
}

/** Decides on the events that the query means, up to the present end of the log. As `decideKept` otherwise. */
export async function decideOnBoundary(
  store: AnyStore,
  decider: Decider<unknown, unknown, Event>,
  query: Query,
  decision: KeptDecision,
): Promise<void> {
  const { context } = store;
  const { recording, signal, streamId } = decision;
  const boundary = checkedQuery(context.limits, query);
  let conflicts: readonly Conflict[] = [];
  for (let tries = 0; tries <= retries; tries += 1) {
    signal.throwIfAborted();
    const { engine } = context;
    const after = checkpointOf(engine, await placesAt(engine, await engine.heads()));
    const { version } = await engine.streamInfo(streamId);
    const state = await boundaryState(context, decider, boundary, after);
    const { events, details } = decide(decider, state, { decision, on: version, after });
    const encoded = await encodeEvents(context, {
      streamId,
      events,
      metadata: decision.metadata,
      isReservedAllowed: false,
    });
    if (recording.isHeldBack()) throw new HeldBack();
    // Every store has the members that this needs, whatever events it declares.
    const answer: StoreAnswer = await (store as Store).appendInternal({
      isReservedAllowed: true,
      streams: [{ streamId, encoded, expectedVersion: version }, recording.streamFor(details)],
      condition: { failIfEventsMatch: boundary, after },
      key: recording.key,
      contentDigest: recording.digest,
      signal,
    });
    if (answer.kind === 'appended' || answer.kind === 'duplicate') {
      recording.onWritten(answer.written, answer.kind, details);
      return;
    }
    if (answer.kind !== 'conflict') resultOf(engine, answer);
    else ({ conflicts } = answer);
    if (conflicts.some(({ kind }) => kind === 'tombstone')) break;
  }
  throw conflictError(conflicts);
}

function decide(
  decider: Decider<unknown, unknown, Event>,
  state: unknown,
  { decision, on, after }: { readonly decision: KeptDecision; readonly on: number; readonly after: Checkpoint },
): Decided {
  try {
    const events = decisionOf(decider.decide(decision.decided, state));
    return { events, details: { kind: 'decided', on, events: events.length, after } };
  } catch (error) {
    if (!decision.recording.isRejection(error)) throw error;
    return { events: [], details: { kind: 'rejected', on, error: recordedError(error), after } };
  }
}

interface Kept {
  readonly state: unknown;
  readonly after: Checkpoint;
}

/** What was folded last, by decider and query: only what came since is read. It holds nothing that the log does not. */
const folded = new WeakMap<object, WeakMap<object, RecentMap<string, Kept>>>();
const queriesMin = 1000;

async function boundaryState(
  context: StoreContext,
  decider: Decider<unknown, unknown, Event>,
  query: Query,
  until: Checkpoint,
): Promise<unknown> {
  const known = keptStates(context, decider);
  const key = canonicalJson(query);
  const before = known.get(key);
  const state = await foldBoundary(context, decider, query, {
    until,
    ...(before !== undefined && { state: before.state, after: before.after }),
  });
  known.set(key, { state, after: until });
  return state;
}

function keptStates({ engine }: StoreContext, decider: object): RecentMap<string, Kept> {
  const ofEngine = folded.get(engine) ?? new WeakMap<object, RecentMap<string, Kept>>();
  folded.set(engine, ofEngine);
  const ofDecider = ofEngine.get(decider) ?? new RecentMap<string, Kept>(queriesMin);
  ofEngine.set(decider, ofDecider);
  return ofDecider;
}

/** The state of a boundary at a place: the fold over the events that the query means, in the order of the log. */
async function foldBoundary(
  context: StoreContext,
  decider: Pick<Decider<unknown, unknown, Event>, 'initialState' | 'evolve'>,
  query: Query,
  range: { readonly until: Checkpoint; readonly after?: Checkpoint; readonly state?: unknown },
): Promise<unknown> {
  const { until, after } = range;
  let state = after === undefined ? initialStateOf(decider) : range.state;
  for await (const page of readLogPages(context, { query }, { until, ...(after !== undefined && { after }) })())
    state = foldEvents(decider, state, recordedAs<Event>(await decodeEvents(context, page.events)));
  return state;
}
