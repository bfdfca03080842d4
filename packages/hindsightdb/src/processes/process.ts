/**
 * Process managers: what is to follow from several events, in time. Handlers return actions as data; each input that leads to any is
 * one recorded step. See docs/decisions/0021.
 */

import type { RecordedError } from '../commands/command.ts';
import type { AnyCommands } from '../commands/define-commands.ts';
import type { StartAt } from '../consumers/consumer-spec.ts';
import { functionsOf, narrowedTo } from '../consumers/declared-functions.ts';
import { checkedRetryPolicy, type CheckedRetryPolicy, type RetryPolicy } from '../consumers/retry-policy.ts';
import { assertStartAt } from '../consumers/start-place.ts';
import { argumentError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import { jsonTextOf } from '../core/json.ts';
import { embeddedLimits } from '../core/limits.ts';
import { normalizeQuery, type Query } from '../core/query.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import type { Gateway } from '../reactions/gateway.ts';
import { assertFunction, assertKeyedName, assertObject, assertWhole } from '../store/argument-checks.ts';
import type { ProcessActions } from './action.ts';

/** What a handler knows beside its input. */
export interface ProcessContext<State = unknown, Timer extends string = string> {
  /** Which instance it is. */
  readonly key: string;
  /** Its state before this input. */
  readonly state: State;
  /** Its timers that are pending, and when they are due: ISO 8601. */
  readonly timers: Readonly<Partial<Record<Timer, string>>>;
  /** The time of the input: when the event was recorded, or when the timer was due. ISO 8601. There is no other clock. */
  readonly at: string;
  /** Asks a gateway for this input. Asked again, the same question has the same answer. */
  readonly ask: <Question, Answer>(gateway: Gateway<Question, Answer>, question: Question) => Promise<Answer>;
  /** Aborted when the answer is of no use any more. */
  readonly signal: AbortSignal;
}

/** A command of the process manager that was not carried out. */
export interface Rejection<Type extends string = string> {
  readonly commandId: string;
  readonly type: Type;
  /** The entity that it was for. */
  readonly streamId: string;
  /** Whether the decider or a check refused it, somebody took it back, or it failed and was given up. */
  readonly kind: 'rejected' | 'cancelled' | 'abandoned';
  readonly error?: RecordedError;
  /** Why it was taken back, in the words of whoever did. */
  readonly reason?: string;
}

/** To which instance an event belongs. Of a method's type, so that it may say what data it expects of its events. */
export type KeyOf<Own extends RecordedEvent> = { of(event: Own): string | undefined }['of'];

/** What every process manager says of itself. `Own` are the events that it handles. */
export interface ProcessOptions<Own extends RecordedEvent = RecordedEvent> {
  /** Letters, digits and `._@`; the category of its instances' streams, and unique in the store. */
  readonly name: string;
  /** Which version this code is, from 1. Raise it with whatever the handlers want. Default 1. */
  readonly version?: number;
  /** Only events that this query means, and of those the types that have a handler. */
  readonly query?: Query;
  /** Where it begins when it is started for the first time. There is no default: for all that ever happened, or from now on. */
  readonly startAt: StartAt;
  /**
   * To which instance an event belongs: a text of at most 900 bytes that does not begin with `?`; undefined: it is not for this
   * process manager. Default: the event's stream.
   */
  readonly key?: KeyOf<Own>;
  /** The commands that it may issue. */
  readonly commands?: readonly AnyCommands[];
  /** How often a handler that fails is tried before the event is set aside. */
  readonly retry?: RetryPolicy;
  /** How many instances are worked on at the same time, in each slice. Default 8. */
  readonly concurrencyMax?: number;
  /** Over how many slices the instances are spread: how many processes can work at once. Default 1, fixed at the first start. */
  readonly slices?: number;
  /** After how long without a sign another process takes a slice over, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How many events are read at once. Default 200. */
  readonly batchSizeMax?: number;
  /** How many letters it may have before it stops. Default 10,000. */
  readonly lettersMax?: number;
}

/** What a handler returns, at once or later. */
export type Answered<State, Timer extends string> =
  | ProcessActions<State, Timer>
  | Promise<ProcessActions<State, Timer>>;

/** What is to follow from an event. Of a method's type, so that a handler may say what data it expects of its event. */
export type OnEvent<Type extends string, State, Timer extends string> = {
  handle(event: RecordedEvent<Type>, context: ProcessContext<State, Timer>): Answered<State, Timer>;
}['handle'];

/** What a process manager declares beside its handlers for events. */
export interface ProcessParts<
  State,
  Timer extends string,
  Own extends RecordedEvent = RecordedEvent,
> extends ProcessOptions<Own> {
  /** The state of an instance before its first input. Default: none. */
  readonly initialState?: State | (() => State);
  /** What is done when a timer fires. Only timers that are named here can be set. */
  readonly timers?: {
    readonly [Name in Timer]: (
      context: ProcessContext<NoInfer<State>, NoInfer<Timer>>,
    ) => Answered<NoInfer<State>, NoInfer<Timer>>;
  };
  /** What is done when a command that it issued was not carried out, by the type of the command. */
  readonly rejected?: {
    readonly [Type in string]: (
      rejection: Rejection,
      context: ProcessContext<NoInfer<State>, NoInfer<Timer>>,
    ) => Answered<NoInfer<State>, NoInfer<Timer>>;
  };
  /** Makes the state of an earlier version one of this version, before an instance goes on. Default: it is taken as it is. */
  readonly migrate?: (state: unknown, fromVersion: number) => NoInfer<State>;
}

/** A process manager as it is declared. `Type` has the event types that it handles. */
export interface ProcessDefinition<Type extends string, State, Timer extends string> extends ProcessParts<
  State,
  Timer
> {
  /** What is to follow from an event, by its type. Pure, but for what it asks gateways through its context. */
  readonly on: { readonly [Each in Type]: OnEvent<Each, NoInfer<State>, NoInfer<Timer>> };
}

/** A handler without its types: what it is handed, and what it knows beside that. */
export type Handler<Given> = (given: Given, context: ProcessContext) => unknown;

/** A process manager, checked. Made by {@link defineProcess}. */
export interface Process<State = unknown> {
  readonly name: string;
  readonly version: number;
  readonly query: Query;
  readonly startAt: StartAt;
  readonly key: (event: RecordedEvent) => string | undefined;
  readonly initialState: () => State;
  readonly migrate: ((state: unknown, fromVersion: number) => unknown) | undefined;
  readonly commands: ReadonlyMap<string, AnyCommands>;
  readonly retry: CheckedRetryPolicy;
  readonly concurrencyMax: number;
  /** How it is run, as far as it said so. */
  readonly running: Pick<ProcessOptions, 'slices' | 'leaseMs' | 'batchSizeMax' | 'lettersMax'>;
  readonly on: ReadonlyMap<string, Handler<RecordedEvent>>;
  readonly timers: ReadonlyMap<string, (context: ProcessContext) => unknown>;
  readonly rejected: ReadonlyMap<string, Handler<Rejection>>;
}

/**
 * Declares a process manager. The types of events and of the state come from the annotations of the functions and from
 * `initialState`; a timer that is not declared does not compile. Throws a `TypeError` where it is none.
 *
 * ```ts
 * import { defineDecider, type Event, type Recorded } from 'hindsightdb';
 * import { commandType, defineCommands } from 'hindsightdb/commands';
 * import { defineProcess, endProcess, issue, setTimer } from 'hindsightdb/processes';
 *
 * type Sent = Event<'InvoiceSent', { cents: number }>;
 * type Reminded = Event<'InvoiceReminded', null>;
 *
 * const invoice = defineDecider({
 *   category: 'invoice',
 *   initialState: null,
 *   decide: (): Reminded => ({ type: 'InvoiceReminded', data: null }),
 *   evolve: (state, _event: Recorded<Sent | Reminded>) => state,
 * });
 * const invoiceCommands = defineCommands({ decider: invoice, types: { Remind: commandType<null>() } });
 *
 * const unpaid = defineProcess({
 *   name: 'unpaid',
 *   startAt: 'beginning',
 *   commands: [invoiceCommands],
 *   on: {
 *     InvoiceSent: () => setTimer('overdue', { afterMs: 14 * 24 * 3_600_000 }),
 *     InvoicePaid: () => endProcess(),
 *   },
 *   timers: { overdue: ({ key }) => issue(invoiceCommands, { type: 'Remind', streamId: key, data: null }) },
 * });
 * ```
 */
export function defineProcess<Type extends string, State = undefined, Timer extends string = never>(
  definition: ProcessDefinition<Type, State, Timer>,
): Process<State> {
  assertObject('definition', definition);
  const { name, version = 1, query, startAt, key = streamOf, migrate, initialState, retry } = definition;
  const { concurrencyMax = 8, commands = [] } = definition;
  assertProcessName(name);
  assertWhole('version', version, { min: 1, max: 1_000_000 });
  assertStartAt(startAt);
  assertFunction('key', key);
  assertFunction('migrate', migrate, { isOptional: true });
  assertWhole('concurrencyMax', concurrencyMax, { min: 1, max: 10_000 });
  const on = functionsOf<Handler<RecordedEvent>>('on', definition.on);
  if (on.size === 0) throw argumentError('INVALID_ARGUMENT', 'on must have a handler for at least one event type.');
  for (const type of on.keys()) {
    assertName('An event type of on', type, embeddedLimits.typeBytesMax);
    assertNotReserved('The event type', type);
  }
  const issuable = commandsOf(commands);
  for (const { category } of issuable.values())
    if (category === name)
      throw argumentError(
        'INVALID_ARGUMENT',
        `A process manager cannot be named ${JSON.stringify(name)}: its streams would be among the entities of the category that it issues commands to.`,
      );
  const rejected = functionsOf<Handler<Rejection>>('rejected', definition.rejected ?? {});
  for (const type of rejected.keys())
    if (![...issuable.values()].some(({ schemas }) => schemas.has(type)))
      throw argumentError('INVALID_ARGUMENT', `rejected.${type} is of no command that the declared commands have.`);
  const timers = functionsOf<(context: ProcessContext) => unknown>('timers', definition.timers ?? {});
  for (const timer of timers.keys()) assertKeyedName('The name of a timer', timer);
  return {
    name,
    version,
    query:
      query === undefined ? [{ types: [...on.keys()] }] : narrowedTo(on, normalizeQuery(query), 'the process manager'),
    startAt,
    key,
    // Without an initial state there is none, and then the type says undefined.
    initialState: initialStateOf(initialState as State | (() => State)),
    migrate,
    commands: issuable,
    retry: checkedRetryPolicy(retry),
    concurrencyMax,
    running: runningOf(definition),
    on,
    timers,
    rejected,
  };
}

/** Handlers for every event of a union, or for some of them. */
export type ProcessHandlersFor<Events extends Event, State, Timer extends string> = {
  readonly [Type in Events['type']]?: (
    event: Recorded<Extract<Events, { readonly type: Type }>>,
    context: ProcessContext<State, Timer>,
  ) => Answered<State, Timer>;
};

/** `defineProcess` for the events of a union: handlers need no annotation. */
export type ProcessMaker<Events extends Event> = <State = undefined, Timer extends string = never>(
  definition: ProcessParts<State, Timer, Recorded<Events>> & {
    readonly on: ProcessHandlersFor<Events, NoInfer<State>, NoInfer<Timer>>;
  },
) => Process<State>;

/** `defineProcess` for the events of a union, so that handlers need no annotation: `processesOf<ShopEvent>()({ … })`. */
export function processesOf<Events extends Event>(): ProcessMaker<Events> {
  return (definition) => {
    const { on, ...rest } = definition;
    const given: Readonly<Record<string, unknown>> = { ...on };
    // The handlers of a union take their events one by one; they are checked like any others.
    return defineProcess({ ...rest, on: given as Record<string, () => undefined> });
  };
}

/** Throws a `TypeError` unless the value was made by `defineProcess`. */
export function assertProcess(process: unknown): asserts process is Process {
  assertObject('process', process);
  if (!(Reflect.get(process, 'timers') instanceof Map && Reflect.get(process, 'rejected') instanceof Map))
    throw argumentError('INVALID_ARGUMENT', 'process must be made by defineProcess().');
}

/** Throws a `TypeError` unless the value can be the name of a process manager: it is a category. */
export function assertProcessName(name: unknown): asserts name is string {
  assertKeyedName('The name of a process manager', name);
  if (name.includes('-'))
    throw argumentError(
      'INVALID_ARGUMENT',
      `The name of a process manager is the category of its streams and has no dash, as ${describe(name)} has.`,
    );
}

function streamOf({ streamId }: RecordedEvent): string {
  return streamId;
}

function initialStateOf<State>(initialState: State | (() => State)): () => State {
  // A state survives a JSON round trip, so that it is no function.
  const given = typeof initialState === 'function' ? (initialState as () => State) : () => initialState;
  if (typeof initialState !== 'function') plainState(initialState);
  // Each instance has one of its own, whatever handlers do to it, and sees it as it will be read.
  return () => plainState(given()) as State;
}

/** A state as it is read back once it is recorded. */
export function plainState(state: unknown): unknown {
  return state === undefined ? undefined : JSON.parse(jsonTextOf('The state of a process manager', state));
}

function commandsOf(commands: readonly AnyCommands[]): ReadonlyMap<string, AnyCommands> {
  const given: unknown = commands;
  if (!Array.isArray(given))
    throw argumentError('INVALID_ARGUMENT', `commands must be an array of commands, not ${describe(given)}.`);
  for (const each of commands) {
    assertObject('An element of commands', each);
    if (!(Reflect.get(each, 'schemas') instanceof Map))
      throw argumentError('INVALID_ARGUMENT', 'Each element of commands must be made by defineCommands().');
  }
  const byName = new Map(commands.map((each) => [each.name, each]));
  if (byName.size === commands.length) return byName;
  throw argumentError('INVALID_ARGUMENT', 'Two elements of commands have the same name.');
}

function runningOf({ slices, leaseMs, batchSizeMax, lettersMax }: ProcessOptions): Process['running'] {
  return {
    ...(slices !== undefined && { slices }),
    ...(leaseMs !== undefined && { leaseMs }),
    ...(batchSizeMax !== undefined && { batchSizeMax }),
    ...(lettersMax !== undefined && { lettersMax }),
  };
}
