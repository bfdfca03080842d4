/**
 * The order in which messages were received, so that the oldest can be forgotten. Each open inbox has a lane of its own, in
 * which it counts its messages: nobody waits for anybody, and how many a lane holds is seen from its two ends.
 */

import type { Engine, KeyedEntry, KeyedWrite } from '../store/engine-types.ts';
import { laneKey, laneOfKey, lanePrefix } from './inbox-keys.ts';

/** How much an inbox remembers. */
export interface MemoryBounds {
  /** At least so long, in microseconds. */
  readonly forMicros: number;
  /** At least so many messages. */
  readonly idsMax: number;
}

/** What a lane's entry says. */
interface Received {
  /** When, in microseconds since 1970. */
  readonly at: number;
  /** The key of the message's memory. */
  readonly memory: string;
}

/** Every so many messages the oldest are looked at, and so many of them are forgotten in one write at most. */
const pruneEvery = 64;
const forgottenAtOnceMax = 100;
const roundsMax = 5;

/** The lane of one open inbox, and the forgetting of what any lane holds. */
export class InboxLane {
  readonly #engine: Engine;
  readonly #inbox: string;
  readonly #lane: string;
  readonly #bounds: MemoryBounds;
  readonly #now: () => number;
  /** Numbers that were taken for messages which were refused. */
  readonly #free: number[] = [];
  #lastNumber = 0;
  #sincePruned = 0;

  constructor(
    engine: Engine,
    lane: { readonly inbox: string; readonly id: string; readonly bounds: MemoryBounds; readonly now: () => number },
  ) {
    this.#engine = engine;
    this.#inbox = lane.inbox;
    this.#lane = lane.id;
    this.#bounds = lane.bounds;
    this.#now = lane.now;
  }

  /** The write that puts a message behind those that this process received before. */
  next(memory: string): KeyedWrite & { readonly number: number } {
    const number = this.#free.pop() ?? (this.#lastNumber += 1);
    const received: Received = { at: this.#now(), memory };
    return { key: laneKey(this.#inbox, this.#lane, number), value: JSON.stringify(received), number };
  }

  /** Takes a number back whose write was refused. */
  release(number: number): void {
    this.#free.push(number);
  }

  /** Forgets what is too old or too much, now and then and in bounded steps. */
  async prune(): Promise<void> {
    this.#sincePruned += 1;
    if (this.#sincePruned < pruneEvery) return;
    this.#sincePruned = 0;
    for (let round = 0; round < roundsMax; round += 1) if (!(await this.#pruneOldest())) return;
  }

  /** Answers whether there may be more to forget. */
  async #pruneOldest(): Promise<boolean> {
    const lanes = await this.#lanes();
    const oldest = lanes.toSorted((left, right) => left.first.at - right.first.at)[0];
    if (oldest === undefined) return false;
    let excess = lanes.reduce((sum, { count }) => sum + count, 0) - this.#bounds.idsMax;
    const before = this.#now() - this.#bounds.forMicros;
    const prefix = lanePrefix(this.#inbox, oldest.lane);
    const entries = await this.#engine.keyedScan({ prefix, limit: forgottenAtOnceMax });
    const forgotten: KeyedWrite[] = [];
    for (const entry of entries) {
      const { at, memory } = receivedOf(entry);
      if (at >= before && excess <= 0) break;
      excess -= 1;
      forgotten.push({ key: entry.key, value: null, expectedRevision: entry.revision }, { key: memory, value: null });
    }
    if (forgotten.length === 0) return false;
    // Where another process was faster, there is nothing left to do here.
    return (await this.#engine.keyedWrite(forgotten)).length === 0;
  }

  async #lanes(): Promise<readonly { readonly lane: string; readonly count: number; readonly first: Received }[]> {
    const lanes: { readonly lane: string; readonly count: number; readonly first: Received }[] = [];
    for (let after: string | undefined; ;) {
      const prefix = lanePrefix(this.#inbox);
      const [first] = await this.#engine.keyedScan({ prefix, limit: 1, ...(after !== undefined && { after }) });
      if (first === undefined) return lanes;
      const { lane, number } = laneOfKey(first.key);
      const own = lanePrefix(this.#inbox, lane);
      const [last = first] = await this.#engine.keyedScan({ prefix: own, limit: 1, direction: 'backward' });
      lanes.push({ lane, count: laneOfKey(last.key).number - number + 1, first: receivedOf(first) });
      after = `${own}~`;
    }
  }
}

function receivedOf({ value }: KeyedEntry): Received {
  // Written by `next` alone.
  return JSON.parse(value) as Received;
}
