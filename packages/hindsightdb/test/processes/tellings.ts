/** Events that tell a process manager what to do, so that a random log leads to every combination of timers, commands and ends. */

import * as fc from 'fast-check';
import type { RecordedEvent } from '../../src/index.ts';
import {
  become,
  cancelTimer,
  defineProcess,
  endProcess,
  issue,
  simulateProcess,
  setTimer,
  type Process,
  type ProcessAction,
  type SimulatedStep,
} from '../../src/processes/index.ts';
import { stepType } from '../../src/core/event.ts';
import { stepOf } from '../../src/processes/step.ts';
import type { Store } from '../../src/store/store.ts';
import { invoiceCommands } from './billing.ts';
import { allOf } from './stepping.ts';

/** What an event tells. */
export type Wish =
  | { readonly do: 'set'; readonly timer: 'tick' | 'tock'; readonly afterMs: number }
  | { readonly do: 'cancel'; readonly timer: 'tick' | 'tock' }
  | { readonly do: 'issue' | 'end' };

/** An event to be appended. */
export interface Telling {
  /** How long after the one before it. */
  readonly gapMs: number;
  readonly key: string;
  readonly stream: string;
  readonly type: 'Told' | 'Peeked';
  readonly wishes: readonly Wish[];
  /** How often a handler fails on it, where it may. */
  readonly failures: number;
}

const keys = ['a', 'b/ü', 'c-1'] as const;
const timer = fc.constantFrom('tick' as const, 'tock' as const);

/** Random tellings; timers are due after up to so many milliseconds. */
export function tellings(options: { readonly gapMsMax: number; readonly afterMsMax: number }): fc.Arbitrary<Telling> {
  const { gapMsMax, afterMsMax } = options;
  const wish: fc.Arbitrary<Wish> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), timer, afterMs: fc.nat(afterMsMax) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), timer }) },
    { weight: 2, arbitrary: fc.constant({ do: 'issue' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'end' as const }) },
  );
  return fc.record({
    gapMs: fc.nat(gapMsMax),
    key: fc.constantFrom(...keys),
    stream: fc.constantFrom('mouth-1', 'mouth-2', 'mouth-3'),
    type: fc.constantFrom('Told' as const, 'Told' as const, 'Peeked' as const),
    wishes: fc.array(wish, { maxLength: 3 }),
    failures: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
  });
}

interface Heard extends Pick<Telling, 'key' | 'wishes'> {
  readonly failures?: number;
}

/** Has handlers fail as often as they are to, whoever calls them. */
export class Brittleness {
  readonly #tries = new Map<string, number>();

  /** Throws where this input is to fail once more. */
  meet(input: string, failures: number): void {
    const tries = this.#tries.get(input) ?? 0;
    this.#tries.set(input, tries + 1);
    if (tries < failures) throw new Error(`${input} fails`);
  }
}

/** Does as it is told, and keeps all that it has handled in its state. */
export function obedient(
  options: {
    readonly slices?: number;
    readonly leaseMs?: number;
    readonly batchSizeMax?: number;
    readonly brittleness?: Brittleness;
  } = {},
): Process<{ readonly handled: readonly string[] }> {
  const { brittleness, ...bounds } = options;
  const mayFail = ({ id, data }: RecordedEvent): void => brittleness?.meet(id, heardIn(data).failures ?? 0);
  return defineProcess({
    name: 'obedient',
    startAt: 'beginning',
    ...bounds,
    retry: { attemptsMax: 2, firstDelayMs: 1 },
    commands: [invoiceCommands],
    initialState: { handled: [] as readonly string[] },
    key: ({ data }: RecordedEvent) => heardIn(data).key,
    on: {
      Told: (event, { key, state }) => {
        mayFail(event);
        return [
          become({ handled: [...state.handled, event.id] }),
          ...heardIn(event.data).wishes.map((wish) => actionOf(wish, key)),
        ];
      },
      // Leads to something only in some states: handled again later, it could lead to something else.
      Peeked: (event, { state, timers }) => {
        mayFail(event);
        return timers.tick === undefined && state.handled.length % 2 === 1
          ? undefined
          : become({ handled: [...state.handled, event.id, ...Object.entries(timers).flat()] });
      },
    },
    timers: {
      tick: ({ state, at }) => [
        become({ handled: [...state.handled, `tick ${at}`] }),
        ...(state.handled.length % 3 === 0 ? [setTimer('tick', { afterMs: 17 })] : []),
        ...(state.handled.length % 5 === 0 ? [setTimer('tock', { at })] : []),
      ],
      tock: ({ key, state, at }) => {
        brittleness?.meet(`tock of ${key} at ${at}`, state.handled.length % 4);
        return [
          become({ handled: [...state.handled, `tock ${at}`] }),
          issue(invoiceCommands, { type: 'Remind', streamId: entityOfKey(key), data: { text: at } }),
        ];
      },
    },
    rejected: {
      Remind: ({ commandId, kind }, { state }) => [
        become({ handled: [...state.handled, `${kind} ${commandId}`] }),
        cancelTimer('tick'),
      ],
    },
  });
}

/** The entity that an instance issues its commands to. */
export function entityOfKey(key: string): string {
  return `invoice-${key}`;
}

function heardIn(data: unknown): Heard {
  // As `append` of this file writes it.
  return data as Heard;
}

function actionOf(wish: Wish, key: string): ProcessAction<never, 'tick' | 'tock'> {
  switch (wish.do) {
    case 'set':
      return setTimer(wish.timer, { afterMs: wish.afterMs });
    case 'cancel':
      return cancelTimer(wish.timer);
    case 'issue':
      return issue(invoiceCommands, { type: 'Remind', streamId: entityOfKey(key), data: { text: 'now' } });
    case 'end':
      return endProcess();
  }
}

/** Appends what is told. */
export async function tell(store: Store, { key, stream, type, wishes, failures }: Telling): Promise<void> {
  await store.append(stream, [{ type, data: { key, wishes, failures } }]);
}

/** What of a step must be the same in the simulation. */
export interface ComparedStep {
  readonly key: string;
  readonly id: string;
  readonly on: unknown;
  readonly state: unknown;
  readonly commands: unknown;
  readonly timers: unknown;
  readonly isEnded: boolean;
}

/** The steps that were recorded, by instance and in order. */
export async function recordedSteps(
  store: Store,
  name = 'obedient',
): Promise<Readonly<Record<string, readonly ComparedStep[]>>> {
  const steps: ComparedStep[] = [];
  for await (const event of store.readCategory(name)) {
    if (event.type !== stepType) continue;
    const { on, state, commands, timers, ended } = stepOf(event);
    const due = Object.fromEntries(Object.entries(timers).map(([each, { dueAt }]) => [each, dueAt]));
    const key = event.streamId.slice(name.length + 1);
    steps.push({ key, id: event.id, on, state, commands, timers: due, isEnded: ended === true });
  }
  return byKey(steps);
}

/** The steps that the log leads to. */
export async function simulatedSteps(
  store: Store,
  process: Process,
  until: string | Date,
): Promise<Readonly<Record<string, readonly ComparedStep[]>>> {
  const steps = await allOf(simulateProcess(process, store.readLog({ includeReserved: true }), { until }));
  return byKey(steps.map(compared));
}

function compared({ key, id, on, state, commands, timers, isEnded }: SimulatedStep): ComparedStep {
  return { key, id, on, state, commands, timers, isEnded };
}

function byKey(steps: readonly ComparedStep[]): Readonly<Record<string, readonly ComparedStep[]>> {
  return Object.fromEntries(Map.groupBy(steps, ({ key }) => key));
}

/** The ids of the commands that were accepted or refused, by entity and in order. */
export async function submittedCommands(store: Store): Promise<Readonly<Record<string, readonly string[]>>> {
  const holding = ['$commandAccepted', '$commandScheduled', '$commandHandled', '$commandRefused'];
  const found: { readonly entity: string; readonly id: string }[] = [];
  for await (const { type, streamId, id } of store.readLog({ includeReserved: true }))
    if (holding.includes(type)) found.push({ entity: streamId.slice('$command.'.length), id });
  return Object.fromEntries(
    [...Map.groupBy(found, ({ entity }) => entity)].map(([entity, commands]) => [entity, commands.map(({ id }) => id)]),
  );
}

/** The same as the steps of instances issue them. */
export function issuedCommands(
  steps: Readonly<Record<string, readonly ComparedStep[]>>,
): Readonly<Record<string, readonly string[]>> {
  const entries = Object.entries(steps).map(([key, ofKey]): [string, readonly string[]] => [
    entityOfKey(key),
    // As `recordedSteps` takes them from the steps.
    ofKey.flatMap(({ commands }) => (commands as readonly { readonly id: string }[]).map(({ id }) => id)),
  ]);
  return Object.fromEntries(entries.filter(([, ids]) => ids.length > 0));
}
