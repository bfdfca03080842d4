/**
 * The work on a batch of a slice: plan what is new, record the plans, do what is planned, record what came of it.
 *
 *     events ─ fence and journal ─┬─ over ─────────────────────────────────────────────────────┐
 *                                 ├─ planned before ──────────────┐                            │
 *                                 └─ new ─ handlers ─ journal ────┴─ effects ─ journal ─ fence and checkpoint
 */

import { abortReason } from '../core/abort.ts';
import type { FailedEvent, SliceBatch, SliceWrites } from '../consumers/consumer-spec.ts';
import { pause } from '../consumers/pause.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import { byEntity, fail, inBounded, worksOf, type EventWork } from './event-work.ts';
import { advanced, fenceWrites, reachOf, readFence, type Fence } from './fence.ts';
import { journalWrites, type EventPlan, type JournalEffect } from './journal.ts';
import { Outcomes } from './outcomes.ts';
import { performPlan } from './perform-effects.ts';
import { plannedEffects } from './plan-event.ts';
import { JournalPruning } from './prune-journal.ts';
import type { Reaction } from './reaction.ts';
import { fenceKey } from './reaction-keys.ts';
import { lookUp } from './standing.ts';

/** What a reaction works with. */
export interface ReactionStores {
  /** The log that is followed. */
  readonly log: AnyStore;
  /** Where progress, journal and answers lie. */
  readonly home: AnyStore;
  /** Called when a newer version of the reaction has planned here, and this one is to stop. Absent: it goes on. */
  readonly onOutdated: ((newest: number) => void) | undefined;
}

/** Works on the batches of a reaction. */
export class ReactionWork {
  readonly #reaction: Reaction;
  readonly #stores: ReactionStores;
  readonly #pruning: JournalPruning;

  constructor(reaction: Reaction, stores: ReactionStores) {
    this.#reaction = reaction;
    this.#stores = stores;
    this.#pruning = new JournalPruning(reaction, stores.home);
  }

  /** Handles a batch, as the runtime of consumers asks for it. */
  async handle(batch: SliceBatch): Promise<SliceWrites> {
    const { home, log, onOutdated } = this.#stores;
    const { name: reaction, version } = this.#reaction;
    const fence = await readFence(home.context.engine, reaction, batch.slice);
    if (fence !== undefined && fence.version > version && onOutdated !== undefined) {
      onOutdated(fence.version);
      await aborted(batch.signal);
    }
    const reach = reachOf(fence, log.context.engine.identity);
    const works = worksOf(batch.events);
    const origin = await lookUp({ reaction, home, batch, reach }, works);
    await this.#plan(batch, works);
    await this.#recordPlans(batch, works);
    const outcomes = await this.#perform(batch, works);
    const setAside = works.flatMap(failedEvent);
    // What is set aside may be handed on as an error, and what was done must be known then.
    const isRecordedNow = setAside.length > 0 && outcomes.length > 0;
    if (isRecordedNow) await batch.record(outcomes);
    return {
      keyedWrites: [
        ...(isRecordedNow ? [] : outcomes),
        ...this.#fenceWrites(batch, fence, reach),
        ...(origin === 'log' ? await this.#pruning.step(batch, works.length) : []),
      ],
      ...(setAside.length > 0 && { setAside }),
    };
  }

  /** The fence behind the batch. It is written with the slice's place, so that nothing between the two can be passed over. */
  #fenceWrites(batch: SliceBatch, before: Fence | undefined, reach: readonly number[]): readonly KeyedWrite[] {
    const { name, version, running } = this.#reaction;
    const { slices = 1 } = running;
    const epoch = this.#stores.log.context.engine.identity.lineage.at(-1)?.epoch ?? '';
    const after = { epoch, version, slices, positions: advanced(reach, batch.events) };
    return fenceWrites(fenceKey(name, batch.slice), before, after);
  }

  async #plan(batch: SliceBatch, works: readonly EventWork[]): Promise<void> {
    const entities = byEntity(works).filter((entity) => entity.some(({ state }) => state === 'unplanned'));
    await inBounded(entities, this.#reaction.concurrencyMax, async (entity) => {
      for (const work of entity) {
        if (work.state === 'unplanned') await this.#planOne(batch, work);
        if (work.state === 'failed') break;
      }
    });
    for (const entity of byEntity(works)) holdBehindFailed(entity);
  }

  async #planOne({ slice, signal }: SliceBatch, work: EventWork): Promise<void> {
    const { retry } = this.#reaction;
    const { home } = this.#stores;
    for (let tries = 1; ; tries += 1) {
      if (signal.aborted) throw abortReason(signal);
      try {
        const effects = await plannedEffects(this.#reaction, work.events, { home, signal });
        work.state = effects.length > 0 ? 'planned' : 'settled';
        if (effects.length === 0) return;
        work.plan = this.#planFor(slice, work, effects);
        work.isFresh = true;
        return;
      } catch (error) {
        if (signal.aborted) throw abortReason(signal);
        if (tries >= retry.attemptsMax) {
          fail(work, { error, attempts: tries });
          return;
        }
        await pause(pauseAfter(retry, tries, Math.random()), signal);
      }
    }
  }

  #planFor(slice: number, { events: [event] }: EventWork, effects: readonly JournalEffect[]): EventPlan {
    const { id: eventId, streamId, type, partition, position } = event;
    const { version } = this.#reaction;
    const plannedAt = this.#stores.home.context.now();
    return { slice, partition, position, eventId, streamId, type, version, plannedAt, effects };
  }

  /** Records what was planned just now. Nothing is done before it is durable. */
  async #recordPlans(batch: SliceBatch, works: readonly EventWork[]): Promise<void> {
    const plans = works.flatMap(({ plan, isFresh }) => (isFresh && plan !== undefined ? [plan] : []));
    if (plans.length === 0) return;
    await batch.record(await journalWrites(this.#stores.home.context, this.#reaction.name, plans));
  }

  /** Does what is planned. Answers the writes that the journal lacks. */
  async #perform(batch: SliceBatch, works: readonly EventWork[]): Promise<readonly KeyedWrite[]> {
    const outcomes = new Outcomes(this.#reaction.name, this.#stores.home, batch);
    const { now } = this.#stores.home.context;
    const performing = { reaction: this.#reaction, now, signal: batch.signal, onOutcome: outcomes.add };
    const entities = byEntity(works).filter((entity) => entity.some(({ state }) => state === 'planned'));
    try {
      await inBounded(entities, this.#reaction.concurrencyMax, async (entity) => {
        for (const work of entity) {
          if (work.state === 'failed' || work.state === 'waiting') break;
          if (work.state === 'settled') continue;
          await performPlan(performing, work);
          holdBehindFailed(entity);
          await outcomes.recorded();
        }
      });
    } catch (error) {
      await outcomes.salvage();
      throw error;
    }
    return await outcomes.rest();
  }
}

function holdBehindFailed(entity: readonly EventWork[]): void {
  const failed = entity.findIndex(({ state }) => state === 'failed');
  if (failed >= 0) for (const work of entity.slice(failed + 1)) work.state = 'waiting';
}

function failedEvent({ state, failure, events: [event] }: EventWork): readonly FailedEvent[] {
  return state === 'failed' && failure !== undefined ? [{ event, ...failure }] : [];
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  throw abortReason(signal);
}
