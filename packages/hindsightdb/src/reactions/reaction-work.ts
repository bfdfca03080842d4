/**
 * The work on a batch of a slice: plan what is new, record the plans, do what is planned, record what came of it.
 *
 *     events ─ fence and journal ─┬─ below the fence, nothing left ────────────────────────────┐
 *                                 ├─ planned before ───────────────┐                           │
 *                                 └─ new ─ handlers ─ journal ─────┴─ effects ─ journal ─ checkpoint
 */

import { abortReason } from '../core/abort.ts';
import { letterKey } from '../consumers/consumer-keys.ts';
import type { FailedEvent, SliceBatch, SliceWrites } from '../consumers/consumer-spec.ts';
import { pause } from '../consumers/pause.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { AnyStore } from '../store/context-of.ts';
import { byEntity, fail, inBounded, worksOf, type EventWork } from './event-work.ts';
import { advanced, decodeFence, encodeFence, isBelow, reachOf, type Fence } from './fence.ts';
import { journalWrites, isDone, plansOf, type EventPlan, type JournalEffect } from './journal.ts';
import { performPlan } from './perform-effects.ts';
import { plannedEffects } from './plan-event.ts';
import { JournalPruning } from './prune-journal.ts';
import type { Reaction } from './reaction.ts';
import { fenceKey, journalKey } from './reaction-keys.ts';

/** While a batch takes long, outcomes are recorded this often: so much is done again after a crash, at most. */
const recordEveryMs = 250;

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
    const works = worksOf(batch.events);
    const fence = await this.#fence(batch.slice);
    if (fence.newest > this.#reaction.version && this.#stores.onOutdated !== undefined) {
      this.#stores.onOutdated(fence.newest);
      await aborted(batch.signal);
    }
    const isLetter = await this.#lookUp(batch, works, fence.reach);
    await this.#plan(batch, works);
    const planned = await this.#recordPlans(batch, works, fence);
    const outcomes = await this.#perform(batch, works);
    const setAside = works.flatMap(failedEvent);
    // What is set aside may be handed back as an error, and what was done must be known then.
    const isRecordedNow = setAside.length > 0 && outcomes.length > 0;
    if (isRecordedNow) await batch.record(outcomes);
    const pruned = isLetter ? [] : await this.#pruning.step(batch, works.length);
    return {
      keyedWrites: [...(isRecordedNow ? [] : outcomes), ...planned, ...pruned],
      ...(setAside.length > 0 && { setAside }),
    };
  }

  async #fence(slice: number): Promise<Standing> {
    const { home, log } = this.#stores;
    const entry = await home.context.engine.keyedGet(fenceKey(this.#reaction.name, slice));
    const fence = entry === undefined ? undefined : decodeFence(entry);
    return { fence, reach: reachOf(fence, log.context.engine.identity), newest: fence?.version ?? 0 };
  }

  /** Sets where each event stands. Answers whether the batch is a letter that is tried again. */
  async #lookUp(batch: SliceBatch, works: readonly EventWork[], reach: readonly number[]): Promise<boolean> {
    const { engine } = this.#stores.home.context;
    const { name } = this.#reaction;
    let isLetter = false;
    for (const work of works) {
      const [event] = work.events;
      // Above the fence nothing was planned.
      if (!isBelow(reach, event)) continue;
      const plan = await this.#planOf(batch.slice, work);
      // A letter may be of an event that was never planned: its entity was set aside when it was met.
      const letter = await engine.keyedGet(letterKey(name, batch.slice, event));
      isLetter ||= letter !== undefined;
      if (work.state === 'failed') continue;
      if (plan?.effects !== undefined) {
        work.plan = plan;
        work.state = isDone(plan) ? 'settled' : 'planned';
      } else if (plan === undefined && letter === undefined) work.state = 'settled';
    }
    return isLetter;
  }

  /** The plan of an event in the journal. One that cannot be read is the failure of its event. */
  async #planOf(slice: number, work: EventWork): Promise<EventPlan | undefined> {
    const { context } = this.#stores.home;
    const [{ partition, position, id }] = work.events;
    const place = { slice, partition, position };
    const entry = await context.engine.keyedGet(journalKey(this.#reaction.name, slice, place));
    if (entry === undefined) return undefined;
    try {
      const [plan] = await plansOf(context, [{ entry, place }]);
      // An entry of another event at this place is of a past that the log has no more.
      return plan?.eventId === id ? plan : undefined;
    } catch (error) {
      fail(work, { error, attempts: 1 });
      return undefined;
    }
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
    const { retry, version } = this.#reaction;
    const { home } = this.#stores;
    for (let tries = 1; ; tries += 1) {
      if (signal.aborted) throw abortReason(signal);
      try {
        const effects = await plannedEffects(this.#reaction, work.events, { home, signal });
        work.state = effects.length > 0 ? 'planned' : 'settled';
        if (effects.length === 0) return;
        work.plan = this.#planFor(slice, work, { version, effects });
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

  #planFor(
    slice: number,
    { events: [event] }: EventWork,
    { version, effects }: { readonly version: number; readonly effects: readonly JournalEffect[] | undefined },
  ): EventPlan {
    const { id: eventId, streamId, type, partition, position } = event;
    const plannedAt = this.#stores.home.context.now();
    return { slice, partition, position, eventId, streamId, type, version, plannedAt, effects };
  }

  /**
   * Records what was planned, and the fence with it. Where nothing is to be done, the fence can wait for the checkpoint, and is
   * answered. An event that could not be planned leaves a note: the fence passes it, and it must not look as if it had none.
   */
  async #recordPlans(
    batch: SliceBatch,
    works: readonly EventWork[],
    { fence, reach }: Standing,
  ): Promise<readonly KeyedWrite[]> {
    const { home, log } = this.#stores;
    const { name, version } = this.#reaction;
    const plans = works.flatMap((work) => {
      if (work.plan !== undefined) return work.isFresh ? [work.plan] : [];
      const isUnplanned = work.state === 'failed' || work.state === 'waiting';
      return isUnplanned ? [this.#planFor(batch.slice, work, { version, effects: undefined })] : [];
    });
    const epoch = log.context.engine.identity.lineage.at(-1)?.epoch ?? '';
    const next: Fence = { epoch, version, positions: advanced(reach, batch.events) };
    const value = encodeFence(next);
    const fenceWrites =
      fence !== undefined && encodeFence(fence) === value ? [] : [{ key: fenceKey(name, batch.slice), value }];
    if (plans.length === 0) return fenceWrites;
    await batch.record([...(await journalWrites(home.context, name, plans)), ...fenceWrites]);
    return [];
  }

  /** Does what is planned. Answers the writes that the journal lacks. */
  async #perform(batch: SliceBatch, works: readonly EventWork[]): Promise<readonly KeyedWrite[]> {
    const outcomes = new Outcomes(this.#reaction.name, this.#stores.home, batch);
    const { now } = this.#stores.home.context;
    const entities = byEntity(works).filter((entity) => entity.some(({ state }) => state === 'planned'));
    try {
      await inBounded(entities, this.#reaction.concurrencyMax, async (entity) => {
        for (const work of entity) {
          if (work.state === 'failed' || work.state === 'waiting') break;
          if (work.state === 'settled') continue;
          const performing = { reaction: this.#reaction, now, signal: batch.signal, onOutcome: outcomes.add };
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

/** The fence of a slice, how far it reaches in the log as it is now, and who has planned. */
interface Standing {
  readonly fence: Fence | undefined;
  readonly reach: readonly number[];
  readonly newest: number;
}

/** What came of effects and is not in the journal yet. */
class Outcomes {
  readonly #reaction: string;
  readonly #home: AnyStore;
  readonly #batch: SliceBatch;
  readonly #unrecorded = new Set<EventWork>();
  #recordedAtMs = performance.now();
  #recording: Promise<void> | undefined;

  constructor(reaction: string, home: AnyStore, batch: SliceBatch) {
    this.#reaction = reaction;
    this.#home = home;
    this.#batch = batch;
  }

  /** Notes that the plan of an event says more than the journal. */
  readonly add = (work: EventWork): void => void this.#unrecorded.add(work);

  /** Records what came of effects where that was not done for a while. */
  async recorded(): Promise<void> {
    if (this.#recording === undefined && performance.now() - this.#recordedAtMs >= recordEveryMs)
      this.#recording = this.#record().finally(() => {
        this.#recording = undefined;
        this.#recordedAtMs = performance.now();
      });
    await this.#recording;
  }

  /** The writes that are left for the checkpoint. */
  async rest(): Promise<readonly KeyedWrite[]> {
    const plans = [...this.#unrecorded].flatMap(({ plan }) => plan ?? []);
    return await journalWrites(this.#home.context, this.#reaction, plans);
  }

  /** Records what was done before the work ended early, if that can be: what is not recorded is done again. */
  async salvage(): Promise<void> {
    await this.#record().catch(() => undefined);
  }

  async #record(): Promise<void> {
    const works = [...this.#unrecorded];
    if (works.length === 0) return;
    const writes = await this.rest();
    for (const work of works) this.#unrecorded.delete(work);
    try {
      await this.#batch.record(writes);
    } catch (error) {
      for (const work of works) this.#unrecorded.add(work);
      throw error;
    }
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
