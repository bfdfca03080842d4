/**
 * Lanes: the commands of each entity in their order, and turns between the entities, so that neither a slow command nor an entity
 * with many of them holds the others back.
 *
 *     order-1   A1 A2 A3 ─┐
 *     order-2   B1 ───────┼─ turns ── decide, several of one lane ahead of the commit ── outcomes
 *     order-3   C1 C2 ────┘
 */

import { abortReason } from '../core/abort.ts';
import { isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { RecentMap } from '../core/recent-map.ts';
import type { Settled } from '../consumers/consumer-spec.ts';
import { pause } from '../consumers/pause.ts';
import { pauseAfter, type CheckedRetryPolicy } from '../consumers/retry-policy.ts';
import { isPassing } from '../consumers/slice-failure.ts';
import { entityOf } from './command-record.ts';
import { HeldBack } from './job.ts';

/** A command in its lane. */
export interface LaneItem {
  /** What made it ready to be decided: its acceptance, or that its time has come. */
  readonly event: RecordedEvent;
  readonly signal: AbortSignal;
}

/** Holds those back that come behind a failure. */
export interface Chain {
  isBroken: boolean;
}

/** Does the work on one command. Resolves when its outcome is durable; throws where it failed. */
export type DecideItem = (item: LaneItem, chain: Chain) => Promise<void>;
/** Makes a command ready, in the order of its lane. Answers what decides it; undefined: its outcome is known already. */
export type PrepareItem = (item: LaneItem) => Promise<DecideItem | undefined> | DecideItem | undefined;

/** What lanes work with. */
export interface LaneSettings {
  readonly retry: CheckedRetryPolicy;
  /** How many lanes have their turn at the same time. */
  readonly concurrencyMax: number;
  readonly prepare: PrepareItem;
  /** How many commands of one lane are decided in one turn, ahead of the commit. */
  readonly turnMax: number;
  /** Whether a command that failed has an outcome all the same, by somebody else. */
  readonly isOver: (item: LaneItem) => Promise<boolean>;
}

interface Waiting extends LaneItem {
  readonly settle: (settled: Settled) => void;
  readonly giveUp: (error: unknown) => void;
}

interface Lane {
  items: Waiting[];
  isAtWork: boolean;
  /** How often the first one was tried, and failed. */
  failures: number;
  /** The events of those that were set aside while the slice is held; empty where none was. */
  readonly setAside: Set<string>;
  /** Ends when the slice is given up. */
  heldUnder: AbortSignal | undefined;
}

/** How many lanes with nothing to decide are remembered at least. */
const lanesMin = 1000;

/** Whether a lane must be found by what comes next for its entity. */
function isInUse({ items, setAside, isAtWork }: Lane): boolean {
  return items.length > 0 || setAside.size > 0 || isAtWork;
}

/** The lanes of the entities that have something to decide. */
export class CommandLanes {
  readonly #settings: LaneSettings;
  readonly #lanes = new RecentMap<string, Lane>(lanesMin, isInUse);
  readonly #ready: Lane[] = [];
  #atWork = 0;

  constructor(settings: LaneSettings) {
    this.#settings = settings;
  }

  /** Puts a command behind those of its entity. Resolves when there is nothing left to do about it. */
  add(item: LaneItem): Promise<Settled> {
    const entity = entityOf(item.event);
    const lane = this.#lanes.get(entity) ?? this.#open(entity);
    // Held anew, the slice knows by its letters what waits.
    if (lane.heldUnder !== item.signal) lane.setAside.clear();
    lane.heldUnder = item.signal;
    // What comes behind one that was set aside waits; that very one comes again when somebody asks for it.
    if (lane.setAside.size > 0 && !lane.setAside.delete(item.event.id)) {
      lane.setAside.add(item.event.id);
      return Promise.resolve({ kind: 'waiting' });
    }
    const settled = new Promise<Settled>((resolve, reject) => {
      lane.items.push({ ...item, settle: resolve, giveUp: reject });
      this.#makeReady(lane);
    });
    // A slice that is given up before it has taken up its batch looks at none of them.
    settled.catch(() => undefined);
    return settled;
  }

  /** Somebody has dropped a command of the entity that was set aside. */
  forget({ id, streamId }: Pick<RecordedEvent, 'id' | 'streamId'>): void {
    this.#lanes.get(entityOf({ streamId }))?.setAside.delete(id);
  }

  #open(entity: string): Lane {
    const lane: Lane = {
      items: [],
      isAtWork: false,
      failures: 0,
      setAside: new Set<string>(),
      heldUnder: undefined,
    };
    this.#lanes.set(entity, lane);
    return lane;
  }

  #makeReady(lane: Lane): void {
    if (lane.isAtWork || lane.items.length === 0) return;
    lane.isAtWork = true;
    this.#ready.push(lane);
    this.#next();
  }

  #next(): void {
    while (this.#atWork < this.#settings.concurrencyMax) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      this.#atWork += 1;
      void this.#takeTurn(lane);
    }
  }

  async #takeTurn(lane: Lane): Promise<void> {
    const failure = await this.#decideSome(lane);
    this.#atWork -= 1;
    this.#next();
    if (failure !== undefined) await this.#recover(lane, failure);
    lane.isAtWork = false;
    this.#makeReady(lane);
  }

  /** Decides the first commands of a lane, up to the first that fails. What is not over is put back. */
  async #decideSome(lane: Lane): Promise<{ readonly error: unknown } | undefined> {
    giveUp(lane, abandoned);
    const { turnMax } = this.#settings;
    const items = lane.items.slice(0, turnMax);
    lane.items = lane.items.slice(turnMax);
    const chain: Chain = { isBroken: false };
    const deciding: Promise<void>[] = [];
    for (const item of items) {
      if (chain.isBroken) break;
      try {
        // Most are ready at once, and are then decided in one group.
        const preparing = this.#settings.prepare(item);
        const decide = preparing instanceof Promise ? await preparing : preparing;
        const decided = decide?.(item, chain) ?? Promise.resolve();
        // Looked at below. One that fails while the next is made ready must not count as unhandled until then.
        decided.catch(() => undefined);
        deciding.push(decided);
      } catch (error) {
        chain.isBroken = true;
        deciding.push(Promise.reject(error instanceof Error ? error : new Error(String(error), { cause: error })));
      }
    }
    const results = await Promise.allSettled(deciding);
    const first = results.findIndex(({ status }) => status === 'rejected');
    const overCount = first < 0 ? results.length : first;
    for (const item of items.slice(0, overCount)) item.settle({ kind: 'handled' });
    lane.items = [...items.slice(overCount), ...lane.items];
    if (overCount > 0) lane.failures = 0;
    const failed = results[overCount];
    return failed?.status === 'rejected' ? { error: failed.reason } : undefined;
  }

  /** After the first command of a lane failed: waits until it can be tried again, or sets it aside. */
  async #recover(lane: Lane, { error }: { readonly error: unknown }): Promise<void> {
    const { retry, isOver } = this.#settings;
    const [item] = lane.items;
    // One that was only held back is tried again at once.
    if (item === undefined || error instanceof HeldBack) return;
    lane.failures += 1;
    try {
      if (isHindsightError(error, 'CLOSED')) {
        giveUp(lane, () => error);
        return;
      }
      if (item.signal.aborted) return;
      if (!isPassing(error)) {
        if (await isOverUnlessUnknown(isOver, item)) {
          lane.items.shift();
          lane.failures = 0;
          item.settle({ kind: 'handled' });
          return;
        }
        if (lane.failures >= retry.attemptsMax) {
          this.#setAside(lane, error);
          return;
        }
      }
      await pause(pauseAfter(retry, lane.failures, Math.random()), item.signal);
    } catch {
      // It was not to be waited for any longer: the next turn meets that again.
    }
  }

  #setAside(lane: Lane, error: unknown): void {
    const [first, ...behind] = lane.items.splice(0);
    for (const { event } of [first, ...behind].filter((item) => item !== undefined)) lane.setAside.add(event.id);
    first?.settle({ kind: 'failed', error, attempts: lane.failures });
    for (const item of behind) item.settle({ kind: 'waiting' });
    lane.failures = 0;
  }
}

/** Where the store does not tell, the command is tried again, or set aside, as one that is not over. */
async function isOverUnlessUnknown(isOver: LaneSettings['isOver'], item: LaneItem): Promise<boolean> {
  try {
    return await isOver(item);
  } catch {
    return false;
  }
}

/** Why nothing is to be done about a command here any more: its slice is somebody else's, or was handed out anew. */
function abandoned({ signal }: LaneItem): unknown {
  return signal.aborted ? abortReason(signal) : undefined;
}

/** Takes commands out of a lane. Whoever holds their slice is handed them again. */
function giveUp(lane: Lane, reasonFor: (item: LaneItem) => unknown): void {
  lane.items = lane.items.filter((item) => {
    const reason = reasonFor(item);
    if (reason !== undefined) item.giveUp(reason);
    return reason === undefined;
  });
}
