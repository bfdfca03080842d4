/**
 * Deciding recorded commands again by other code, on the states that they met, and comparing what comes out with what was
 * written. See docs/decisions/0022.
 *
 *     events     1   2   3   4   5      the stream of the entity, folded once
 *              │       │       │
 *     outcomes on 0    on 2    on 4     each decided again where it stands, and compared with the events behind it
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import { EventLoop } from '../store/event-loop.ts';
import type { OutcomeDetails, RecordedCommand } from './command.ts';
import { decideAgain, type DecidedAgain } from './decide-again.ts';
import type { AnyCommands } from './define-commands.ts';
import { BoundaryStates } from './boundary-states.ts';
import { EntityReplay, type KnownState } from './entity-replay.ts';
import {
  changesOf,
  decidedEvent,
  differenceOf,
  failedWith,
  type RecordedDecision,
  type Redecided,
  type Redecision,
} from './redecision.ts';
import { checkedRedecide, type AnyDecider, type CheckedRedecide, type RedecideOptions } from './redecide-options.ts';
import { selectEntities, type WantedEntity } from './redecide-selection.ts';
import { settledCommands, type SettledCommand } from './settled-commands.ts';

/** What deciding again found. */
export interface RedecideReport {
  /** How many entities were looked at. */
  readonly entityCount: number;
  /** How many commands were decided again: those with the same decision, and those with another. */
  readonly decidedCount: number;
  readonly sameCount: number;
  readonly differentCount: number;
  /** How many could not be decided again; that is no pass. */
  readonly undecidableCount: number;
  /** Commands that nothing decided. */
  readonly skipped: {
    readonly cancelled: number;
    readonly abandoned: number;
    /** Accepted or scheduled, and without an outcome yet. */
    readonly undecided: number;
  };
  /** Commands that would be decided otherwise or could not be decided, by entity and version; `differencesMax` at most. */
  readonly differences: readonly Redecision[];
  /** What a sample was chosen by. */
  readonly seed: string;
}

/**
 * Decides recorded commands again, by a definition of commands or by a bare decider, and reports every decision that would be
 * another: in the events by type, data or tags, or in whether the command is refused. For each command the entity is folded
 * with the new `evolve` up to the version that the command was decided on; gateways give the answers that are recorded.
 *
 * Nothing is written. A command without an answer that it asks for, or with a state that truncation, a tombstone or the codec
 * hides, is undecidable. What the rules throw by mistake is a difference. Memory holds one entity's state and a page of its
 * events; where a range or a number of commands is asked for, also the ids of those entities.
 */
export async function redecide(
  store: AnyStore,
  against: AnyCommands | AnyDecider,
  options: RedecideOptions = {},
): Promise<RedecideReport> {
  const context = contextOf(store);
  const checked = await checkedRedecide(context, against, options);
  const run = new Redecide(store, checked);
  const { signal, onProgress } = checked;
  const { entityCount, entities } = await selectEntities(context, checked.wanted, signal);
  const eventLoop = new EventLoop();
  let done = 0;
  for await (const entity of entities) {
    signal.throwIfAborted();
    await run.entity(entity, eventLoop);
    done += 1;
    if (done % progressEvery === 0) onProgress?.({ done, total: Math.max(done, entityCount), commands: run.seenCount });
  }
  onProgress?.({ done, total: done, commands: run.seenCount });
  return run.report(done);
}

/** Entities between two reports of progress. */
const progressEvery = 64;

type DecidedDetails = Extract<OutcomeDetails, { readonly on: number }>;
type Undecidable = Extract<DecidedAgain, { readonly kind: 'undecidable' }>;

/** A bare decider knows of no events but those of its entity. */
const onBoundary: Undecidable = {
  kind: 'undecidable',
  reason: 'It was decided on a boundary, which a bare decider does not draw: try what defineCommands makes.',
};

/** A decision as it was recorded, and as it would be. */
interface Both {
  readonly kind: 'both';
  readonly was: RecordedDecision;
  readonly would: Redecided;
}

/** Deciding again, under way. */
class Redecide {
  readonly #store: AnyStore;
  readonly #options: CheckedRedecide;
  readonly #boundaries: BoundaryStates;
  readonly #differences: Redecision[] = [];
  readonly #skipped = { cancelled: 0, abandoned: 0, undecided: 0 };
  #sameCount = 0;
  #differentCount = 0;
  #undecidableCount = 0;

  constructor(store: AnyStore, options: CheckedRedecide) {
    this.#store = store;
    this.#options = options;
    this.#boundaries = new BoundaryStates(store.context, options.rules.decider, options.signal);
  }

  /** How many commands were looked at. */
  get seenCount(): number {
    const { cancelled, abandoned, undecided } = this.#skipped;
    return this.#sameCount + this.#differentCount + this.#undecidableCount + cancelled + abandoned + undecided;
  }

  report(entityCount: number): RedecideReport {
    return {
      entityCount,
      decidedCount: this.#sameCount + this.#differentCount,
      sameCount: this.#sameCount,
      differentCount: this.#differentCount,
      undecidableCount: this.#undecidableCount,
      skipped: { ...this.#skipped },
      differences: this.#differences,
      seed: this.#options.wanted.seed,
    };
  }

  /** Decides the wanted commands of an entity again, in the order in which they were decided. */
  async entity({ streamId, fromVersion, ids }: WantedEntity, eventLoop: EventLoop): Promise<void> {
    const { context } = this.#store;
    const { rules, signal } = this.#options;
    const replay = new EntityReplay(context, rules.decider, { streamId, signal });
    for await (const settled of settledCommands(context, streamId, { fromVersion, signal })) {
      if (!this.#isWanted(settled, ids)) continue;
      const found = await this.#judge(replay, streamId, settled);
      if (found !== undefined) await this.#tell(found);
      await eventLoop.turnWhenDue();
    }
  }

  #isWanted({ id, command, accepted }: SettledCommand, ids: ReadonlySet<string> | undefined): boolean {
    const { after, until, types } = this.#options.wanted;
    const { partition, position } = accepted;
    if (position > (until[partition] ?? 0) || position <= (after?.[partition] ?? 0)) return false;
    if (ids !== undefined) return ids.has(id);
    return types === undefined || command === undefined || types.has(command.type);
  }

  /** What there is to tell of a command; undefined where it is decided as before, or was never decided. */
  async #judge(replay: EntityReplay, streamId: string, settled: SettledCommand): Promise<Redecision | undefined> {
    const { id, command, outcome, unreadable } = settled;
    const on = outcome !== undefined && 'on' in outcome.details ? outcome.details.on : undefined;
    const which = { commandId: id, streamId, command, on };
    const undecidable = (reason: string): Redecision => ({ kind: 'undecidable', ...which, reason });
    if (outcome === undefined) {
      if (unreadable !== undefined) return undecidable(`Its record cannot be read: ${unreadable}`);
      this.#skipped.undecided += 1;
      return undefined;
    }
    const { details, at } = outcome;
    if (details.kind === 'cancelled' || details.kind === 'abandoned') {
      this.#skipped[details.kind] += 1;
      return undefined;
    }
    if (command === undefined) return undecidable(`Its record cannot be read: ${unreadable ?? ''}`);
    const both = await this.#decideBoth(replay, command, { details, at });
    if (both.kind === 'undecidable') return undecidable(both.reason);
    const { was, would } = both;
    const kind = differenceOf(was, would, this.#options);
    if (kind !== undefined) return { kind, ...which, was, would, changes: changesOf(was, would) };
    this.#sameCount += 1;
    return undefined;
  }

  /** What was decided, and what would be; or why that cannot be told. */
  async #decideBoth(
    replay: EntityReplay,
    command: RecordedCommand,
    { details, at }: { readonly details: DecidedDetails; readonly at: StoredEvent },
  ): Promise<Both | Undecidable> {
    const { rules, signal, isBare } = this.#options;
    const version = details.on;
    const eventCount = details.kind === 'decided' ? details.events : 0;
    if (isBare && details.after !== undefined) return onBoundary;
    const isOnEntity = rules.boundary === undefined;
    if (!isOnEntity) replay.passTo(version);
    const basis: KnownState = isOnEntity ? await replay.stateAt(version) : { kind: 'state', state: undefined };
    if (basis.kind === 'undecidable') return basis;
    const written = await replay.eventsBehind(version, eventCount);
    if (written.kind === 'undecidable') return written;
    const events = written.kind === 'events' ? written.events.map(decidedEvent) : [];
    const was: RecordedDecision =
      details.kind === 'decided' ? { kind: 'decided', events } : { kind: 'rejected', error: details.error };
    if (basis.kind === 'failed') return { kind: 'both', was, would: failedWith(basis.error) };
    if (written.kind === 'failed') return { kind: 'both', was, would: failedWith(written.error) };
    // The outcome was written right behind the events, in one append with them.
    const place = { partition: at.partition, position: at.position - eventCount, recordedAt: at.recordedAt };
    const boundary = isOnEntity ? undefined : (details.after ?? (await this.#placeBefore(place)));
    const on = { state: basis.state, version, at: place, ...(boundary !== undefined && { boundary }) };
    const would = await decideAgain(this.#store, rules, command, { on, boundaries: this.#boundaries, signal });
    return would.kind === 'undecidable' ? would : { kind: 'both', was, would };
  }

  /** Everything that was there before an append, for a decision that drew no boundary of its own. */
  async #placeBefore(first: Pick<StoredEvent, 'partition' | 'position'>): Promise<Checkpoint> {
    const { engine } = this.#store.context;
    const before = (await engine.heads()).map((head, partition) =>
      partition === first.partition ? first.position - 1 : head,
    );
    return checkpointOf(engine, await placesAt(engine, before));
  }

  async #tell(found: Redecision): Promise<void> {
    if (found.kind === 'undecidable') this.#undecidableCount += 1;
    else this.#differentCount += 1;
    const { onDifference, differencesMax } = this.#options;
    await onDifference?.(found);
    if (this.#differences.length < differencesMax) this.#differences.push(found);
  }
}
