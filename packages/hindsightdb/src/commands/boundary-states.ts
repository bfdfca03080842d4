/**
 * States of boundaries at places of the log, for decisions that rest on more than their entity. Commands are decided again entity
 * by entity, so that places go back and forth; states that were met on the way are kept as rungs, from the nearest of which the
 * next fold goes on.
 */

import { decodeCheckpoint, type Checkpoint } from '../core/checkpoint.ts';
import type { Decider } from '../core/decider.ts';
import { HindsightError } from '../core/errors.ts';
import { removedType, type Event, type RecordedEvent } from '../core/event.ts';
import { foldEvents, initialStateOf } from '../core/fold.ts';
import { canonicalJson } from '../core/json.ts';
import type { Query } from '../core/query.ts';
import { reasonOf } from '../core/text.ts';
import { decodeStored, recordedAs, upcastAll } from '../store/decode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { assertHolds } from '../store/places.ts';
import { readLogPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import type { KnownState, Unknown } from './entity-replay.ts';

/** A state of a boundary, and the place up to which it was folded. */
interface Rung {
  readonly position: number;
  readonly checkpoint: Checkpoint | undefined;
  readonly state: unknown;
}

/** The rungs of one boundary in the order of their places, at least `gap` positions apart. */
interface Ladder {
  readonly gap: number;
  readonly rungs: readonly Rung[];
}

/** Rungs of one boundary. Where there would be more, the gap between them grows: they stay spread over the log. */
const rungsMax = 256;
/** Boundaries whose rungs are kept; the one that was used longest ago makes room. */
const boundariesMax = 100;

/** The boundaries of one decider. */
export class BoundaryStates {
  readonly #context: StoreContext;
  readonly #decider: Pick<Decider<unknown, unknown, Event>, 'initialState' | 'evolve'>;
  readonly #signal: AbortSignal;
  readonly #ladders = new Map<string, Ladder>();

  constructor(
    context: StoreContext,
    decider: Pick<Decider<unknown, unknown, Event>, 'initialState' | 'evolve'>,
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#decider = decider;
    this.#signal = signal;
  }

  /** The state of what a query means, up to a place: folded in the order of the log. */
  async stateAt(query: Query, until: Checkpoint): Promise<KnownState> {
    try {
      await assertHolds(this.#context.engine, until);
    } catch (error) {
      if (!(error instanceof HindsightError) || !error.code.startsWith('CHECKPOINT_')) throw error;
      return { kind: 'undecidable', reason: `The place that it was decided at is not known here: ${error.message}` };
    }
    const key = canonicalJson(query);
    const ladder = this.#ladders.get(key) ?? { gap: 1, rungs: [] };
    const end = this.#positionOf(until);
    // In a log of several partitions one comes after the other, so that no state on the way is that of an earlier place.
    const start = end === undefined ? undefined : ladder.rungs.findLast(({ position }) => position <= end);
    const found: Rung[] = [];
    const folded = await this.#foldOn(query, { start, until, onRung: (rung) => found.push(rung) });
    if (end !== undefined && folded.kind === 'state') {
      found.push({ position: end, checkpoint: until, state: folded.state });
      this.#keep(key, withRungs(ladder, found));
    }
    return folded;
  }

  #positionOf(place: Checkpoint): number | undefined {
    const { places } = decodeCheckpoint(place);
    return places.length === 1 ? places[0]?.position : undefined;
  }

  #keep(key: string, ladder: Ladder): void {
    this.#ladders.delete(key);
    this.#ladders.set(key, ladder);
    if (this.#ladders.size <= boundariesMax) return;
    for (const oldest of this.#ladders.keys()) {
      this.#ladders.delete(oldest);
      return;
    }
  }

  async #foldOn(
    query: Query,
    walk: { readonly start: Rung | undefined; readonly until: Checkpoint; readonly onRung: (rung: Rung) => void },
  ): Promise<KnownState> {
    const { start, until, onRung } = walk;
    let state: unknown;
    try {
      state = start === undefined ? initialStateOf(this.#decider) : start.state;
    } catch (error) {
      return { kind: 'failed', error };
    }
    const range = {
      until,
      signal: this.#signal,
      ...(start?.checkpoint !== undefined && { after: start.checkpoint }),
    };
    for await (const { events: stored, checkpoint } of readLogPages(this.#context, { query }, range)()) {
      const read = await this.#decoded(stored);
      if (read.kind !== 'events') return read;
      try {
        state = foldEvents(this.#decider, state, recordedAs<Event>(read.events));
      } catch (error) {
        return { kind: 'failed', error };
      }
      const position = checkpoint && this.#positionOf(checkpoint);
      if (position !== undefined) onRung({ position, checkpoint, state });
    }
    return { kind: 'state', state };
  }

  async #decoded(
    stored: readonly StoredEvent[],
  ): Promise<{ readonly kind: 'events'; readonly events: readonly RecordedEvent[] } | Unknown> {
    let events: readonly RecordedEvent[];
    try {
      events = await decodeStored(this.#context, stored);
    } catch (error) {
      return { kind: 'undecidable', reason: `Events of its boundary cannot be read: ${reasonOf(error)}` };
    }
    if (events.some(({ type }) => type === removedType))
      return { kind: 'undecidable', reason: 'Contents of events of its boundary were removed.' };
    try {
      return { kind: 'events', events: upcastAll(this.#context, events) };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }
}

/** Takes in new rungs where there is room between the old ones. */
function withRungs({ gap, rungs }: Ladder, found: readonly Rung[]): Ladder {
  const all = spread(
    [...rungs, ...found].toSorted((left, right) => left.position - right.position),
    gap,
  );
  return all.length <= rungsMax ? { gap, rungs: all } : withRungs({ gap: gap * 2, rungs: all }, []);
}

function spread(rungs: readonly Rung[], gap: number): readonly Rung[] {
  const kept: Rung[] = [];
  for (const rung of rungs) {
    const before = kept.at(-1);
    if (before === undefined || rung.position >= before.position + gap) kept.push(rung);
  }
  return kept;
}
