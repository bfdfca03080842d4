/**
 * Declaring the commands of a category: which there are, what is asked of them before they are accepted, and who decides them.
 */

import { assertDecider, type Decider } from '../core/decider.ts';
import { argumentError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import type { Query } from '../core/query.ts';
import type { StandardSchema } from '../core/standard-schema.ts';
import { categoryOf } from '../core/stream-id.ts';
import { describe } from '../core/text.ts';
import { assertConsumerName } from '../consumers/consumer-keys.ts';
import { checkedRetryPolicy, type CheckedRetryPolicy, type RetryPolicy } from '../consumers/retry-policy.ts';
import type { Gateway } from '../reactions/gateway.ts';
import { assertFunction, assertObject, assertWhole } from '../store/argument-checks.ts';
import type { Command, RecordedCommand } from './command.ts';

/** What is declared of a command type. Made by {@link commandType}, or written as `{ schema }`. */
export interface CommandType<Input = unknown, Output = Input> {
  /** Checks the data before the command is accepted; what it returns is what is recorded. Any Standard Schema. */
  readonly schema?: StandardSchema<Input, Output>;
}

/** Command types by name. A schema alone stands for `{ schema }`. */
export type CommandRegistry = Readonly<Record<string, CommandType | StandardSchema>>;

type InputOf<Entry> =
  Entry extends StandardSchema<infer Input, infer _Output>
    ? Input
    : Entry extends CommandType<infer Input, infer _Output>
      ? Input
      : unknown;
type OutputOf<Entry> =
  Entry extends StandardSchema<infer _Input, infer Output>
    ? Output
    : Entry extends CommandType<infer _Input, infer Output>
      ? Output
      : unknown;

/** The commands of a registry, as they are sent. */
export type CommandsOf<Registry extends CommandRegistry> = {
  [Type in keyof Registry & string]: Command<Type, InputOf<Registry[Type]>>;
}[keyof Registry & string];

/** The commands of a registry, as they are recorded. */
export type RecordedCommandsOf<Registry extends CommandRegistry> = {
  [Type in keyof Registry & string]: RecordedCommand<Type, OutputOf<Registry[Type]>>;
}[keyof Registry & string];

/** A type of command without a schema: its data are taken as they are, and are of this type while compiling. */
export function commandType<Data>(): CommandType<Data> {
  return {};
}

/** What `check` and `prepare` may do beside looking at the command. */
export interface CommandContext {
  /** Asks a gateway for this command. Asked again, the same question has the same answer. */
  readonly ask: <Question, Answer>(gateway: Gateway<Question, Answer>, question: Question) => Promise<Answer>;
  /** Aborted when the answer is of no use any more. */
  readonly signal: AbortSignal;
}

/** Why a command is not accepted: one sentence, or several; nothing or an empty list accepts it. */
export type Reasons = string | readonly string[] | undefined;

/** What is said of commands, beside their types. */
export interface CommandsOptions {
  /** Letters, digits and `._@-`; unique in the store: the consumer that processes them. Default: `<category>-commands`. */
  readonly name?: string;
  /** Keep a record of commands that were not accepted, with the reasons. Default false. */
  readonly keepRefused?: boolean;
  /** How often a command that fails is tried before it is set aside. */
  readonly retry?: RetryPolicy;
  /** For how many entities commands are prepared and decided at the same time, in each slice. Default 64. */
  readonly concurrencyMax?: number;
  /** Over how many slices the entities are spread: how many processes can work at once. Default 1, fixed at the first start. */
  readonly slices?: number;
  /** After how long without a sign another process takes a slice over, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How many letters there may be before processing stops. Default 10,000. */
  readonly lettersMax?: number;
}

/** The commands of a category as they are declared. */
export interface CommandsDefinition<
  State,
  Decided,
  Events extends Event,
  Registry extends CommandRegistry,
> extends CommandsOptions {
  /** Who decides. It must declare its category. */
  readonly decider: Decider<State, Decided, Events>;
  /** The types of commands that are accepted. */
  readonly types: Registry;
  /**
   * Looks at a valid command before it is accepted; it may ask gateways. Reasons refuse it: nothing is recorded. Where it throws,
   * the error reaches the sender.
   */
  readonly check?: (command: RecordedCommandsOf<Registry>, context: CommandContext) => Reasons | Promise<Reasons>;
  /**
   * What a decision rests on where that is more than its entity: the events that this query means, of whatever streams. The
   * decider folds these, and what it decides is written only if no other came in between.
   */
  readonly boundary?: (decided: Decided) => Query;
  /**
   * Which throws of `decide` are failures, to be tried again and set aside, and not rejections. Default: `TypeError`,
   * `ReferenceError`, `SyntaxError`, and the `RangeError` of a stack that is full.
   */
  readonly isFailure?: (error: unknown) => boolean;
}

/** What turns a record into what the decider decides. May be left out where the decider takes the record itself. */
export type Preparing<Decided, Registry extends CommandRegistry> =
  // A decider that does not look at its command takes any: nothing can be inferred of it.
  [Decided] extends [never]
    ? { readonly prepare?: Prepare<Decided, Registry> }
    : RecordedCommandsOf<Registry> extends Decided
      ? { readonly prepare?: Prepare<Decided, Registry> }
      : { readonly prepare: Prepare<Decided, Registry> };

/** Turns a record into what is decided. Pure, but for what it asks gateways: asked again they give the same answers. */
export type Prepare<Decided, Registry extends CommandRegistry> = (
  command: RecordedCommandsOf<Registry>,
  context: CommandContext,
) => Decided | Promise<Decided>;

/** The commands of a category, checked. Made by {@link defineCommands}. */
export interface Commands<
  State = unknown,
  Decided = unknown,
  Events extends Event = Event,
  Registry extends CommandRegistry = CommandRegistry,
> {
  readonly name: string;
  readonly category: string;
  readonly decider: Decider<State, Decided, Events>;
  readonly types: Registry;
  readonly schemas: ReadonlyMap<string, StandardSchema | undefined>;
  readonly check: ((command: RecordedCommand, context: CommandContext) => Reasons | Promise<Reasons>) | undefined;
  readonly prepare: ((command: RecordedCommand, context: CommandContext) => Decided | Promise<Decided>) | undefined;
  readonly boundary: ((decided: Decided) => Query) | undefined;
  readonly isFailure: (error: unknown) => boolean;
  readonly keepRefused: boolean;
  readonly retry: CheckedRetryPolicy;
  readonly concurrencyMax: number;
  /** How they are processed, as far as that was said. */
  readonly running: Pick<CommandsOptions, 'slices' | 'leaseMs' | 'lettersMax' | 'retry'>;
}

/** Commands of any types, for code that only hands them on. */
export type AnyCommands = Omit<Commands, 'decider' | 'prepare' | 'types' | 'boundary'> & {
  readonly decider: {
    readonly category?: string;
    readonly initialState: unknown;
    readonly decide: (command: never, state: never) => Event | readonly Event[];
    readonly evolve: (state: never, event: never) => unknown;
  };
  readonly types: CommandRegistry;
  readonly prepare: ((command: RecordedCommand, context: CommandContext) => unknown) | undefined;
  readonly boundary: ((decided: never) => Query) | undefined;
};

/**
 * Declares the commands of a category. Types of data are inferred from the schemas. Throws a `TypeError` where something is
 * not as it should be.
 *
 * ```ts
 * import { defineDecider, type Event, type Recorded } from 'hindsightdb';
 * import { commandType, defineCommands, type RecordedCommand } from 'hindsightdb/commands';
 *
 * type Deposited = Event<'Deposited', { cents: number }>;
 *
 * const account = defineDecider({
 *   category: 'account',
 *   initialState: { cents: 0 },
 *   decide: ({ data }: RecordedCommand<'Deposit', { cents: number }>): Deposited => ({ type: 'Deposited', data }),
 *   evolve: (state, event: Recorded<Deposited>) => ({ cents: state.cents + event.data.cents }),
 * });
 *
 * const accountCommands = defineCommands({
 *   decider: account,
 *   types: { Deposit: commandType<{ cents: number }>() },
 *   check: ({ data }) => (data.cents > 0 ? undefined : 'A deposit must be of at least one cent.'),
 * });
 * ```
 */
export function defineCommands<State, Decided, Events extends Event, const Registry extends CommandRegistry>(
  definition: CommandsDefinition<State, Decided, Events, Registry> & Preparing<Decided, Registry>,
): Commands<State, Decided, Events, Registry> {
  assertObject('definition', definition);
  const { decider, types, check, isFailure = isMistake, keepRefused = false, retry, concurrencyMax = 64 } = definition;
  assertDecider(decider);
  const { category } = decider;
  if (category === undefined)
    throw argumentError('INVALID_ARGUMENT', 'The decider of commands must declare its category.');
  const { name = consumerFor(category), slices, leaseMs, lettersMax } = definition;
  assertConsumerName(name);
  assertFunction('check', check, { isOptional: true });
  assertFunction('prepare', definition.prepare, { isOptional: true });
  assertFunction('boundary', definition.boundary, { isOptional: true });
  assertFunction('isFailure', isFailure);
  if (typeof keepRefused !== 'boolean')
    throw argumentError('INVALID_ARGUMENT', `keepRefused must be true or false, not ${describe(keepRefused)}.`);
  assertWhole('concurrencyMax', concurrencyMax, { min: 1, max: 10_000 });
  return {
    name,
    category,
    decider,
    types,
    schemas: schemasOf(types),
    // Both are only ever called with commands that were accepted under this registry.
    check: check as Commands['check'],
    prepare: definition.prepare as Commands<State, Decided>['prepare'],
    boundary: definition.boundary,
    isFailure,
    keepRefused,
    retry: checkedRetryPolicy(retry),
    concurrencyMax,
    running: {
      ...(slices !== undefined && { slices }),
      ...(leaseMs !== undefined && { leaseMs }),
      ...(lettersMax !== undefined && { lettersMax }),
      ...(retry !== undefined && { retry }),
    },
  };
}

/** Checks what a user hands in as commands. Throws a `TypeError` with `INVALID_ARGUMENT`. */
export function assertCommands(commands: unknown): void {
  if (typeof commands === 'object' && commands !== null && 'schemas' in commands && commands.schemas instanceof Map)
    return;
  throw argumentError('INVALID_ARGUMENT', `commands must be made by defineCommands(), not ${describe(commands)}.`);
}

/** The name of the consumer that processes the commands of an entity or of a category, unless another one is given. */
export function consumerFor(streamId: string): string {
  return `${categoryOf(streamId)}-commands`;
}

function schemasOf(types: unknown): ReadonlyMap<string, StandardSchema | undefined> {
  if (typeof types !== 'object' || types === null || Object.keys(types).length === 0)
    throw argumentError('INVALID_ARGUMENT', `types must be an object of command types, not ${describe(types)}.`);
  return new Map(Object.entries(types).map(([type, entry]) => [type, schemaOf(type, entry)]));
}

function schemaOf(type: string, entry: unknown): StandardSchema | undefined {
  if ((typeof entry === 'object' || typeof entry === 'function') && entry !== null) {
    const schema: unknown = '~standard' in entry ? entry : 'schema' in entry ? entry.schema : undefined;
    if (schema === undefined) return undefined;
    if ((typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema)
      // What has this member keeps to the interface that the member stands for.
      return schema as StandardSchema;
  }
  throw argumentError(
    'INVALID_ARGUMENT',
    `types.${type} must be a Standard Schema, { schema }, or commandType(), not ${describe(entry)}.`,
  );
}

/** Whether an error is one that JavaScript itself makes of a mistake in the code, and not a refusal that somebody wrote. */
export function isMistake(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError ||
    (error instanceof RangeError && error.message === 'Maximum call stack size exceeded')
  );
}
