/** From a command as it is sent to the record that is kept of it, or to the reasons for which it is refused. */

import { argumentError, HindsightError } from '../core/errors.ts';
import { jsonTextOf } from '../core/json.ts';
import { pointerOf } from '../core/standard-schema.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import { isoOfMicros, orderedMicrosOf } from '../core/time.ts';
import { ask } from '../reactions/gateway.ts';
import { digestOf } from '../store/append.ts';
import { assertObject } from '../store/argument-checks.ts';
import type { AnyStore } from '../store/context-of.ts';
import { assertOfCategory } from '../store/load-state.ts';
import type { StoreContext } from '../store/settings.ts';
import type { Command, RecordedCommand } from './command.ts';
import { decisionTime } from './command-record.ts';
import type { AnyCommands, CommandContext } from './define-commands.ts';

/** A command on its way to be accepted. */
export interface GivenCommand {
  readonly id: string;
  /** Whether the sender named it, so that it may have been sent before. */
  readonly isNamed: boolean;
  readonly given: Command;
  /** Of what the sender gave: nothing that the library or a schema makes of it counts. */
  readonly digest: string;
  /** Microseconds since 1970. */
  readonly dueAt: number | undefined;
}

/** How much longer the keys and the stream of a command are than its id and its entity. */
const prefixBytesMax = 16;

/** Checks the form of what was sent. Throws a `TypeError` or `RangeError`. */
export function givenCommand(context: StoreContext, commands: AnyCommands, given: Command): GivenCommand {
  assertObject('The command', given);
  const { limits, newId } = context;
  const { streamId, type, data, metadata, dueAt, id } = given;
  assertName('The type of a command', type, limits.typeBytesMax);
  assertName('The stream id of a command', streamId, limits.streamIdBytesMax - prefixBytesMax);
  assertNotReserved('The stream id', streamId);
  assertOfCategory(commands.category, streamId);
  if (id !== undefined) assertName('The id of a command', id, limits.idBytesMax - prefixBytesMax);
  if (metadata !== undefined) assertObject('metadata', metadata);
  const due = dueAt === undefined ? undefined : orderedMicrosOf('dueAt', dueAt);
  return {
    id: id ?? newId(),
    isNamed: id !== undefined,
    given,
    digest: digestOf([streamId, type, data ?? null, due === undefined ? null : isoOfMicros(due)]),
    dueAt: due,
  };
}

/** What `check` and `prepare` of a command are given. */
export function contextFor(
  store: AnyStore,
  { id, streamId }: Pick<RecordedCommand, 'id' | 'streamId'>,
  signal: AbortSignal,
): CommandContext {
  return {
    ask: (gateway, question) => ask(store, gateway, question, { for: id, streamId, signal }),
    signal,
  };
}

/**
 * The record of a command that may be accepted. Throws `COMMAND_REFUSED`, with the reasons, for one that may not; what a schema
 * or `check` throws by itself reaches the sender.
 */
export async function validatedCommand(
  store: AnyStore,
  commands: AnyCommands,
  command: GivenCommand,
  options: { readonly signal: AbortSignal; readonly process?: RecordedCommand['process'] },
): Promise<RecordedCommand> {
  const { context } = store;
  const { id, given, dueAt } = command;
  const { type, streamId } = given;
  const recorded: RecordedCommand = {
    id,
    type,
    streamId,
    data: plain('The data of a command', await validatedData(commands, command)),
    // What every event of the store gets, a command gets as well.
    metadata: { ...context.metadata, ...plainObject(given.metadata) },
    acceptedAt: isoOfMicros(context.now()),
    ...(dueAt !== undefined && { dueAt: isoOfMicros(dueAt) }),
    at: '',
    ...(options.process !== undefined && { process: options.process }),
  };
  const whole = { ...recorded, at: decisionTime({ dueAt: recorded.dueAt, acceptedAt: recorded.acceptedAt }) };
  const reasons = await commands.check?.(whole, contextFor(store, whole, options.signal));
  const list = reasonList(reasons);
  if (list.length > 0) throw refusedError(command, list);
  return whole;
}

async function validatedData(commands: AnyCommands, command: GivenCommand): Promise<unknown> {
  const { type, data } = command.given;
  if (!commands.schemas.has(type))
    throw refusedError(command, [
      `There is no command ${type} of the category ${commands.category}; there are ${[...commands.schemas.keys()].join(', ')}.`,
    ]);
  const schema = commands.schemas.get(type);
  if (schema === undefined) return data;
  const result = await schema['~standard'].validate(data);
  if (result.issues === undefined) return result.value;
  throw refusedError(
    command,
    result.issues.map((issue) => {
      const path = pointerOf(issue);
      return path === '' ? issue.message : `${path}: ${issue.message}`;
    }),
  );
}

/** As it will be read: what has no JSON form is not kept, and must not be decided on. */
function plain(what: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    throw argumentError('NOT_JSON', `${what} must be JSON, not ${describe(value)}: put bytes into it as text.`);
  return JSON.parse(jsonTextOf(what, value ?? null));
}

function plainObject(metadata: Command['metadata']): object {
  const value = metadata === undefined ? {} : plain('The metadata of a command', metadata);
  return typeof value === 'object' && value !== null ? value : {};
}

function reasonList(reasons: unknown): readonly string[] {
  const list: unknown = reasons === undefined ? [] : typeof reasons === 'string' ? [reasons] : reasons;
  if (Array.isArray(list) && list.every((reason): reason is string => typeof reason === 'string' && reason !== ''))
    return list;
  throw argumentError(
    'INVALID_ARGUMENT',
    `check must give a reason, a list of reasons, or undefined where the command may be accepted, not ${describe(reasons)}.`,
  );
}

function refusedError({ id, given }: GivenCommand, reasons: readonly string[]): HindsightError {
  const { type, streamId } = given;
  return new HindsightError(
    'COMMAND_REFUSED',
    `The command ${type} for ${streamId} is refused: ${reasons.map((reason) => reason.replace(/\.$/, '')).join('; ')}. Nothing was accepted.`,
    { details: { id, type, streamId, reasons } },
  );
}
