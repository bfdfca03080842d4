/**
 * The same steps without a store: what a process manager would have done about events of the past, or about events that never
 * happened. Nothing is written and nothing is issued; time goes by the events.
 */

import { argumentError, HindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { microsOf } from '../core/time.ts';
import { ask as askGateway, replayingGateway } from '../reactions/gateway.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { advance, type Asking, type Step } from './advance.ts';
import { StandingTime } from './standing-time.ts';
import { keyOf, type LogInput, type ProcessInput } from './input.ts';
import { dueTimer, freshInstance, withHandled, type Instance } from './instance.ts';
import { assertProcess, type Process } from './process.ts';
import type { IssuedCommand, StepCause } from './step.ts';
import { TimerOrder } from './timer-order.ts';

/** How a process manager is simulated. */
export interface SimulateOptions {
  /** Until when timers fire behind the last event: ISO 8601 or a `Date`. Default: the time of the last event. */
  readonly until?: string | Date;
  /** A store whose recorded answers of gateways are given again. Default: a question throws `GATEWAY_UNANSWERED`. */
  readonly answersOf?: AnyStore;
  readonly signal?: AbortSignal;
}

/** A step that was simulated. */
export interface SimulatedStep<State = unknown> {
  readonly key: string;
  /** The id that the step has, or would have. */
  readonly id: string;
  /** The time of what led to it: ISO 8601. */
  readonly at: string;
  readonly on: StepCause;
  /** The state after it. */
  readonly state: State;
  readonly commands: readonly IssuedCommand[];
  /** When the timers that are pending after it are due, by name. */
  readonly timers: Readonly<Record<string, string>>;
  readonly isEnded: boolean;
}

/**
 * Takes the steps that a process manager takes when these events are all that happens, in the order of their times. Events come in
 * the order in which they were recorded, as `store.readLog()` gives them; with `includeReserved` it also hears of rejections.
 * Memory holds every instance that was ever begun. Throws what a handler throws.
 *
 * ```ts
 * import type { Store } from 'hindsightdb';
 * import { simulateProcess, type Process } from 'hindsightdb/processes';
 *
 * async function remindersOf(store: Store, unpaid: Process): Promise<number> {
 *   let reminders = 0;
 *   for await (const { commands } of simulateProcess(unpaid, store.readLog(), { until: new Date() }))
 *     reminders += commands.length;
 *   return reminders;
 * }
 * ```
 */
export async function* simulateProcess<State>(
  process: Process<State>,
  events: Iterable<RecordedEvent> | AsyncIterable<RecordedEvent>,
  options: SimulateOptions = {},
): AsyncGenerator<SimulatedStep<State>> {
  assertProcess(process);
  assertObject('options', options);
  const { until, answersOf, signal = new AbortController().signal } = options;
  assertOptionalSignal(signal);
  const end = until === undefined ? undefined : microsOf('until', until);
  const simulation = new Simulation(process, askingOf(answersOf, signal));
  let now = Number.NEGATIVE_INFINITY;
  for await (const stored of byStoredEvent(events)) {
    signal.throwIfAborted();
    const time = microsOf('recordedAt', stored[0].recordedAt);
    if (end !== undefined && time > end) break;
    for await (const step of simulation.fireUntil(time)) yield shown(step);
    for (const step of await simulation.take(stored)) yield shown(step);
    now = Math.max(now, time);
  }
  for await (const step of simulation.fireUntil(end ?? now)) yield shown(step);
}

function askingOf(answersOf: AnyStore | undefined, signal: AbortSignal): Asking {
  if (answersOf !== undefined) contextOf(answersOf);
  return {
    signal,
    ask: async (gateway, question, about) => {
      if (answersOf !== undefined)
        return await askGateway(answersOf, replayingGateway(gateway), question, { ...about, signal });
      throw new HindsightError(
        'GATEWAY_UNANSWERED',
        `A simulation does not ask the gateway ${gateway.name}; give it the store with the recorded answers as answersOf.`,
        { details: { gateway: gateway.name, for: about.for } },
      );
    },
  };
}

/** A step of an instance. */
interface KeyedStep {
  readonly key: string;
  readonly step: Step;
}

class Simulation {
  readonly #process: Process;
  readonly #asking: Asking;
  readonly #instances = new Map<string, Instance>();
  readonly #order = new TimerOrder();

  constructor(process: Process, asking: Asking) {
    this.#process = process;
    this.#asking = asking;
  }

  /** Fires what is due at or before a time, in the order of time. */
  async *fireUntil(until: number): AsyncGenerator<KeyedStep> {
    const standing = new StandingTime(this.#process.name);
    for (let { first } = this.#order; first !== undefined && first.due <= until; { first } = this.#order) {
      this.#order.removeFirst();
      this.#asking.signal.throwIfAborted();
      const instance = this.#instances.get(first.key);
      const due = instance && dueTimer(instance, first.due);
      // A timer that was moved or cancelled stands somewhere else by now, or nowhere.
      if (instance === undefined || due === undefined) continue;
      standing.pass(first.key, due);
      const step = await advance(this.#process, instance, due, this.#asking);
      if (step !== undefined) yield this.#taken(first.key, step);
    }
  }

  /** Hands a stored event to the instances that it is for. */
  async take(events: readonly [RecordedEvent, ...RecordedEvent[]]): Promise<readonly KeyedStep[]> {
    const steps: KeyedStep[] = [];
    for (const { key, input } of inputsOf(this.#process, events)) {
      const instance = this.#instances.get(key) ?? freshInstance(this.#process, key);
      if (instance.isEnded) continue;
      const step = await advance(this.#process, instance, input, this.#asking);
      if (step !== undefined) steps.push(this.#taken(key, step));
      else if (instance.streamVersion > 0) this.#instances.set(key, withHandled(instance, events[0]));
    }
    return steps;
  }

  #taken(key: string, step: Step): KeyedStep {
    this.#instances.set(key, step.after);
    const next = dueTimer(step.after, Number.POSITIVE_INFINITY);
    if (next !== undefined) this.#order.add({ due: microsOf('dueAt', next.pending.dueAt), key });
    return { key, step };
  }
}

/** What an event is to each instance that it is for: upcasters may have made events of several instances of it. */
function inputsOf(
  process: Process,
  events: readonly RecordedEvent[],
): readonly { readonly key: string; readonly input: LogInput & ProcessInput }[] {
  const byKey = Map.groupBy(events, (event) => keyOf(process, event));
  return [...byKey].flatMap(([key, [first, ...rest]]) =>
    key === undefined || first === undefined
      ? []
      : [{ key, input: { kind: 'log', events: [first, ...rest] } as const }],
  );
}

/** Events of one stored event come one after the other. */
async function* byStoredEvent(
  events: Iterable<RecordedEvent> | AsyncIterable<RecordedEvent>,
): AsyncGenerator<readonly [RecordedEvent, ...RecordedEvent[]]> {
  let group: [RecordedEvent, ...RecordedEvent[]] | undefined;
  let last = Number.NEGATIVE_INFINITY;
  for await (const event of events) {
    if (group !== undefined && group[0].streamId === event.streamId && group[0].version === event.version) {
      group.push(event);
      continue;
    }
    const time = microsOf('recordedAt', event.recordedAt);
    if (time < last)
      throw argumentError(
        'INVALID_ARGUMENT',
        `The events of a simulation must come in the order in which they were recorded, and ${event.id} comes before the one in front of it.`,
      );
    last = time;
    if (group !== undefined) yield group;
    group = [event];
  }
  if (group !== undefined) yield group;
}

function shown<State>({ key, step }: KeyedStep): SimulatedStep<State> {
  const { id, at, data, after } = step;
  const { on, commands, timers } = data;
  return {
    key,
    id,
    at,
    on,
    // What the handlers of this process manager made.
    state: after.state as State,
    commands,
    timers: Object.fromEntries(Object.entries(timers).map(([timer, { dueAt }]) => [timer, dueAt])),
    isEnded: after.isEnded,
  };
}
