/** The work on one instance: its inputs in order, each tried again where its handler fails, each step recorded before the next. */

import { abortReason } from '../core/abort.ts';
import type { FailedEvent } from '../consumers/consumer-spec.ts';
import { pause } from '../consumers/pause.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import { isPassing } from '../consumers/slice-failure.ts';
import { isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { idOfRecord } from '../core/record.ts';
import { microsOf } from '../core/time.ts';
import { ask } from '../reactions/gateway.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { advance, type Asking, type Step } from './advance.ts';
import { keyOf, type LogInput, type ProcessInput } from './input.ts';
import { dueTimer, withHandled, type Instance } from './instance.ts';
import { appendStep, loadInstance, type StepAnswer } from './instance-steps.ts';
import type { Issuing } from './issuing.ts';
import type { Process } from './process.ts';
import { StandingTime } from './standing-time.ts';
import { timerWrites } from './timer-writes.ts';

/** What the work on an instance needs. */
export interface InstanceSettings {
  readonly store: AnyStore;
  readonly process: Process;
  readonly slice: number;
  readonly issuing: Issuing;
  readonly signal: AbortSignal;
}

/** A failure of the store, which is nobody's mistake and ends the work on the batch. */
export class StoreFailure extends Error {}

/** Works on one instance of a slice that is held. */
export class InstanceWork {
  readonly #settings: InstanceSettings;
  readonly #asking: Asking;
  #instance: Instance | undefined;

  constructor(settings: InstanceSettings) {
    this.#settings = settings;
    const { store, signal } = settings;
    this.#asking = {
      signal,
      ask: (gateway, question, about) => ask(store, gateway, question, { ...about, signal }),
    };
  }

  /** Handles events of the log in their order. Answers which one failed for good; those behind it are not handled. */
  async take(entity: string, inputs: readonly LogInput[]): Promise<FailedEvent | undefined> {
    for (const input of inputs) {
      const [event] = input.events;
      const failure = await this.#tried(async () => {
        // Where the key cannot be told, this says why.
        await this.#takeEvent(keyOf(this.#settings.process, event) ?? entity, input);
      });
      if (failure !== undefined) return { event, ...failure };
    }
    return undefined;
  }

  /** Fires the timers of an instance that are due at or before a time. Throws what a handler throws. Answers how many fired. */
  async fireUntil(key: string, until: number): Promise<number> {
    const { process } = this.#settings;
    const standing = new StandingTime(process.name);
    let count = 0;
    for (;;) {
      const instance = await this.#present(key);
      const due = dueTimer(instance, until);
      if (due === undefined) return count;
      standing.pass(key, due);
      await this.#step(instance, due);
      count += 1;
    }
  }

  async #takeEvent(key: string, input: LogInput): Promise<void> {
    const [event] = input.events;
    for (;;) {
      const before = await this.#present(key);
      if (before.isEnded || (await this.#isHandled(before, event))) return;
      await this.fireUntil(key, microsOf('recordedAt', event.recordedAt));
      const instance = await this.#present(key);
      if (instance.isEnded || (await this.#step(instance, input))) return;
    }
  }

  /** Takes a step. Answers false where the instance is not what it was: somebody else has gone on with it. */
  async #step(instance: Instance, input: ProcessInput): Promise<boolean> {
    const { process, signal } = this.#settings;
    if (signal.aborted) throw abortReason(signal);
    const step = await advance(process, instance, input, this.#asking);
    if (step === undefined) {
      if (input.kind === 'log') this.#instance = withHandled(instance, input.events[0]);
      return true;
    }
    // Until it is known what became of the step, the instance is not known either.
    this.#instance = undefined;
    const answer = await ofStore(this.#append(instance, step));
    if (answer !== 'appended') return answer === 'recorded';
    await ofStore(this.#settings.issuing.submit(step, signal));
    this.#instance = step.after;
    return true;
  }

  async #append(instance: Instance, step: Step): Promise<StepAnswer> {
    const { store, process, slice, issuing, signal } = this.#settings;
    const place = { process: process.name, slice };
    const timers = await timerWrites(contextOf(store), place, { before: instance, after: step.after });
    return await appendStep(
      store,
      process,
      { instance, step },
      { keyedWrites: [...timers, ...issuing.noteOf(step)], signal },
    );
  }

  /** The instance as it is. Taken up for the first time, what its last step issued is submitted again where that is not certain. */
  async #present(key: string): Promise<Instance> {
    if (this.#instance !== undefined) return this.#instance;
    const { store, process, issuing, signal } = this.#settings;
    await ofStore(issuing.submitNotedOf(key, signal));
    this.#instance = await ofStore(loadInstance(store, process, key));
    return this.#instance;
  }

  /** Whether an event was handled before. The place that the instance names counts as long as that event stands there. */
  async #isHandled({ handled }: Instance, { partition, position, id }: RecordedEvent): Promise<boolean> {
    const place = handled[partition];
    if (place === undefined || place === null || position > place.position) return false;
    if (position === place.position) return id === place.eventId;
    const stored = await contextOf(this.#settings.store).engine.eventAt(partition, place.position);
    return stored !== undefined && idOfRecord(stored.record) === place.eventId;
  }

  async #tried(work: () => Promise<void>): Promise<Omit<FailedEvent, 'event'> | undefined> {
    const { process, signal } = this.#settings;
    for (let attempts = 1; ; attempts += 1) {
      if (signal.aborted) throw abortReason(signal);
      try {
        await work();
        return undefined;
      } catch (error) {
        if (signal.aborted) throw abortReason(signal);
        if (error instanceof StoreFailure) throw error.cause;
        this.#instance = undefined;
        if (attempts >= process.retry.attemptsMax) return { error, attempts };
        await pause(pauseAfter(process.retry, attempts, Math.random()), signal);
      }
    }
  }
}

/** Tells failures of the store that pass by themselves, and its end, from what is the input's fault. */
async function ofStore<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!isPassing(error) && !isHindsightError(error, 'CLOSED')) throw error;
    throw new StoreFailure('The store failed.', { cause: error });
  }
}
