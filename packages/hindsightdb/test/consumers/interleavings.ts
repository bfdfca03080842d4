/**
 * Consumers under any interleaving of appends, crashes, freezes, restarts, pauses and failures, watched from below: what is
 * recorded is judged at the moment when it is written.
 */

import assert from 'node:assert/strict';
import {
  pauseConsumer,
  resumeConsumer,
  retryAllLetters,
  startConsumer,
  type Consumer,
} from '../../src/consumers/index.ts';
import { runConsumer } from '../../src/consumers/run-consumer.ts';
import { sliceOf } from '../../src/consumers/slice-entry.ts';
import { mortalHandle, type MortalHandle } from '../../src/conformance/engine-with.ts';
import { decodeCheckpoint } from '../../src/core/checkpoint.ts';
import type { Engine, KeyedWrite } from '../../src/engine/contract.ts';
import { storeOver, type RecordedEvent, type Store } from '../../src/index.ts';
import { alteredEngine } from '../conformance/altered-engine.ts';
import { LaterQueues } from './later-queues.ts';
import { eventually, lettersOf, nameOf, pauseMs } from './scenes.ts';

/** What happens next. */
export type Step =
  /** An event of an entity, whose handling fails so often at first. */
  | { readonly kind: 'append'; readonly entity: number; readonly failures: number }
  | { readonly kind: 'start' | 'stop' | 'halt' | 'crash' | 'freeze' | 'thaw'; readonly member: number }
  | { readonly kind: 'pause' | 'resume' | 'retryLetters' }
  /** Time for the members to work. */
  | { readonly kind: 'wait'; readonly milliseconds: number };

/** How the consumer is set up. */
export interface Setup {
  readonly slices: number;
  readonly batchSizeMax: number;
  readonly concurrencyMax: number;
  readonly isSlow: boolean;
  /** Whether work outlasts its batch, and how much of it there may be in a slice. */
  readonly unsettledMax?: number;
}

const consumerName = 'tried';
const leaseMs = 200;

interface Member {
  readonly handle: MortalHandle;
  readonly consumer: Consumer;
}

/** A run: steps in their order, then a calm in which everything must come right. */
export class Interleaving {
  readonly #setup: Setup;
  /** The clock of leases, which a crash moves beyond them. */
  #micros = Date.UTC(2026, 2, 1) * 1000;
  readonly #watched: Engine;
  readonly #store: Store;
  readonly #appended: RecordedEvent[] = [];
  readonly #handled: string[] = [];
  readonly #isHandled = new Set<string>();
  readonly #failuresLeft = new Map<string, number>();
  /** The places of the events that are letters. */
  readonly #letters = new Set<string>();
  readonly #slices = new Map<string, { readonly token: number; readonly position: number }>();
  readonly #members = new Map<number, Member>();
  readonly #gone: Promise<void>[] = [];
  readonly #faults: string[] = [];

  constructor(engine: Engine, setup: Setup) {
    this.#setup = setup;
    this.#watched = alteredEngine(engine, { keyedWrite: (writes) => this.#write(engine, writes) });
    this.#store = this.#storeOver(this.#watched);
  }

  /** Takes the steps, lets everything come to rest, and judges. */
  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const step of steps) await this.#take(step);
      await this.#calm();
    } finally {
      for (const { handle, consumer } of this.#members.values()) {
        handle.thaw();
        await consumer.stop({ timeoutMs: 0 });
      }
      await Promise.all(this.#gone);
    }
    assert.deepEqual(this.#faults, []);
    const all = this.#appended.map(nameOf).toSorted();
    assert.deepEqual([...this.#isHandled].toSorted(), all, 'every event is handled at least once');
  }

  #storeOver(engine: Engine): Store {
    return storeOver(engine, { now: () => this.#micros, newId: () => crypto.randomUUID() });
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        return await this.#append(`order-${step.entity}`, step.failures);
      case 'start':
        return await this.#start(step.member);
      case 'stop':
      case 'halt':
      case 'crash':
        return await this.#end(step.member, step.kind);
      case 'freeze':
        this.#members.get(step.member)?.handle.freeze();
        this.#micros += 2 * leaseMs * 1000;
        return;
      case 'thaw':
        return this.#members.get(step.member)?.handle.thaw();
      case 'pause':
        return await this.#ask(() => pauseConsumer(this.#store, consumerName));
      case 'resume':
        return await this.#ask(() => resumeConsumer(this.#store, consumerName));
      case 'retryLetters':
        return await this.#ask(() => retryAllLetters(this.#store, consumerName));
      case 'wait':
        return await pauseMs(step.milliseconds);
      default:
        step satisfies never;
    }
  }

  /** Where nobody has started the consumer yet there is nothing to ask of it. */
  async #ask(work: () => Promise<unknown>): Promise<void> {
    if ((await this.#watched.keyedGet(`consumer/${consumerName}`)) !== undefined) await work();
  }

  async #append(streamId: string, failures: number): Promise<void> {
    await this.#store.append(streamId, [{ type: 'Happened', data: failures }]);
    const events = await this.#store.readStream(streamId).toArray();
    const last = events.at(-1);
    assert.ok(last);
    this.#appended.push(last);
    this.#failuresLeft.set(nameOf(last), failures);
  }

  async #start(member: number): Promise<void> {
    if (this.#members.has(member)) return;
    const handle = mortalHandle(this.#watched);
    const consumer = await this.#consumer(this.#storeOver(handle.engine));
    this.#members.set(member, { handle, consumer });
  }

  async #consumer(store: Store): Promise<Consumer> {
    const { isSlow, unsettledMax, slices, ...rest } = this.#setup;
    if (unsettledMax !== undefined) return await this.#laterConsumer(store, unsettledMax);
    return await startConsumer(store, {
      slices,
      name: consumerName,
      startAt: 'beginning',
      leaseMs,
      retry: { attemptsMax: 2, firstDelayMs: 1 },
      ...rest,
      handle: async (event) => {
        if (isSlow) await pauseMs(1);
        this.#handle(event);
      },
    });
  }

  async #laterConsumer(store: Store, unsettledMax: number): Promise<Consumer> {
    const { isSlow, slices, batchSizeMax } = this.#setup;
    const queues = new LaterQueues({
      entityOf: ({ streamId }) => streamId,
      attemptsMax: 2,
      // Some entities are slow.
      pauseOf: ({ streamId }) => (isSlow ? Number(streamId.slice(-1)) * 6 - 6 : 0),
      work: (event) => this.#handle(event),
    });
    return await runConsumer(store, {
      kind: 'commands',
      name: consumerName,
      startAt: 'beginning',
      filter: {},
      leaseMs,
      sliceCount: slices,
      batchSizeMax,
      unsettledMax,
      onFailure: 'setAside',
      retry: { attemptsMax: 2, firstDelayMs: 1 },
      handle: async (batch) => {
        const writes = await queues.handle(batch);
        // All members of a run together, where one was lost and goes on a little.
        if (queues.count > unsettledMax * slices * 2)
          this.#faults.push(`${queues.count} events were under way, though ${unsettledMax} may be in each slice`);
        return writes;
      },
    });
  }

  #handle(event: RecordedEvent): void {
    const name = nameOf(event);
    // Handled is what was begun in order: the one before must have been handled by somebody.
    if (event.version > 1 && !this.#isHandled.has(`${event.streamId} ${event.version - 1}`))
      this.#faults.push(`${name} was handed out before the event before it was handled`);
    const left = this.#failuresLeft.get(name) ?? 0;
    if (left > 0) {
      this.#failuresLeft.set(name, left - 1);
      throw new Error(`${name} fails ${left} times more`);
    }
    this.#handled.push(name);
    this.#isHandled.add(name);
  }

  async #end(number: number, kind: 'stop' | 'halt' | 'crash'): Promise<void> {
    const member = this.#members.get(number);
    if (member === undefined) return;
    this.#members.delete(number);
    if (kind !== 'crash') {
      member.handle.thaw();
      // A halt waits for nothing that is at hand.
      await member.consumer.stop(kind === 'halt' ? { timeoutMs: 0 } : {});
      return;
    }
    member.handle.die();
    member.handle.thaw();
    this.#gone.push(member.consumer.stop({ timeoutMs: 0 }));
    this.#micros += 2 * leaseMs * 1000;
  }

  async #calm(): Promise<void> {
    for (const number of this.#members.keys()) await this.#end(number, 'stop');
    this.#micros += 2 * leaseMs * 1000;
    await this.#start(0);
    await resumeConsumer(this.#store, consumerName);
    const last = this.#members.get(0);
    await last?.consumer.waitFor(await this.#store.head(), { timeoutMs: 20_000 });
    await eventually('The end of the letters', async () => {
      const letters = await lettersOf(this.#store, consumerName);
      const isAsked = letters.some(({ state }) => state === 'retry');
      if (letters.length > 0 && !isAsked) await retryAllLetters(this.#store, consumerName);
      return letters.length === 0;
    });
  }

  /** Every write passes here, whoever makes it, and is judged once it is written. */
  async #write(engine: Engine, writes: readonly KeyedWrite[]): Promise<Awaited<ReturnType<Engine['keyedWrite']>>> {
    const conflicts = await engine.keyedWrite(writes);
    if (conflicts.length > 0) return conflicts;
    for (const { key, value } of writes.filter((write) => write.key.startsWith('letter/'))) {
      const place = placeOfLetter(key);
      if (value !== null) this.#letters.add(place);
      else if (this.#letters.delete(place)) this.#judgeLetter(place);
    }
    for (const { key, value } of writes) if (key.startsWith('slice/') && value !== null) this.#judgeSlice(key, value);
    return conflicts;
  }

  #judgeLetter(place: string): void {
    // What was appended a moment ago may be handled before the run has heard of it.
    const event = this.#appended.find((each) => placeOf(each) === place);
    if (event !== undefined && !this.#isHandled.has(nameOf(event)))
      this.#faults.push(`The letter of ${nameOf(event)} was let go, and it was not handled`);
  }

  #judgeSlice(key: string, value: string): void {
    const { token, checkpoint } = JSON.parse(value) as { readonly token: number; readonly checkpoint: string | null };
    const places = checkpoint === null ? [] : decodeCheckpoint(checkpoint).places;
    const position = places.reduce((sum, place) => sum + place.position, 0);
    const before = this.#slices.get(key) ?? { token: 0, position: 0 };
    if (token < before.token) this.#faults.push(`A holder with token ${token} recorded after one with ${before.token}`);
    if (position < before.position) this.#faults.push(`${key} went back from ${before.position} to ${position}`);
    this.#slices.set(key, { token, position });
    const slice = Number(key.slice(key.lastIndexOf('/') + 1));
    for (const event of this.#appended) {
      const isPassed = event.position <= (places[event.partition]?.position ?? 0);
      const isOfSlice = sliceOf(event.streamId, this.#setup.slices) === slice;
      const name = nameOf(event);
      if (isPassed && isOfSlice && !this.#isHandled.has(name) && !this.#letters.has(placeOf(event)))
        this.#faults.push(`${key} passed ${name}, which is neither handled nor a letter`);
    }
  }
}

function placeOf({ partition, position }: RecordedEvent): string {
  return `${partition} ${position}`;
}

function placeOfLetter(key: string): string {
  const [partition, position] = key.slice(key.lastIndexOf('/') + 1).split('-');
  return `${Number(partition)} ${Number(position)}`;
}
