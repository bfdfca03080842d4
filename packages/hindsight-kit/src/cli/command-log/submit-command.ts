/** `hindsight commands submit`: one command, or many from a file or standard input. */

import { Option, type Command } from 'commander';
import { submit, type Command as Sent } from 'hindsightdb/commands';
import { isObject } from '../../formats/json/json-object.ts';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { eventDocument } from '../history/value-text.ts';
import { dueForms, dueOption } from '../time-option.ts';
import { HindranceNotes, outcomeOf, printOutcome, printSubmitted } from './await-outcome.ts';
import { noteHindrance } from './command-wait.ts';
import { commandsFor, declaredCommands } from './declared-commands.ts';
import { wholeText } from './input-text.ts';
import { decidedEvents, exitCodeOf } from './outcome-text.ts';
import { submitMany } from './submit-many.ts';

/** What is said of a submission. */
export interface SubmitOptions {
  readonly id?: string;
  readonly due?: string;
  readonly actor?: string;
  readonly metadata?: string;
  readonly name?: string;
  readonly wait?: true | number;
  readonly from?: string;
}

/** Adds the command to its group. */
export function addSubmit(group: Command, cli: Cli): void {
  const command = group
    .command('submit')
    .summary('submit a command, to be decided by whoever runs them')
    .description(
      'Has a command checked and accepted, durably; whoever runs the commands of the category decides it. One that is refused ends with exit code 1 and the reasons. Sent again under the same --id, a command is accepted once. With --from, commands are read from a file or standard input, one JSON object on each line: {"type":…,"streamId":…,"data":…,"id":…}.',
    )
    .argument('[type]', 'the type of the command, like PlaceOrder')
    .argument('[stream]', 'the entity that it is for, like order-75')
    .argument('[data]', 'its data as JSON, - for standard input, or @file')
    .option('--id <id>', 'the id of the command; default: a new UUID, by which nobody can send it again')
    .option('--due <time>', `decide it then and not before: ${dueForms}`)
    .option('--actor <name>', 'who wants it: actor in the metadata')
    .option('--metadata <json>', 'further metadata: {"correlationId":"r1"}')
    .option('--name <name>', 'the name of the commands, where several take the type')
    .addOption(
      new Option('-w, --wait [ms]', 'wait for the outcome, for so long or until Ctrl-C').argParser(wholeNumber(0)),
    )
    .option('--from <file>', 'read commands from a file, or with - from standard input')
    .action(
      (
        type: string | undefined,
        streamId: string | undefined,
        data: string | undefined,
        options: SubmitOptions,
        self: Command,
      ) =>
        runAction(cli, self, async (context) =>
          options.from === undefined
            ? await submitOne(context, { type, streamId, data, options })
            : await submitFrom(context, options.from, { given: [type, streamId, data], options }),
        ),
    );
  addExamples(command, [
    {
      line: `commands submit AddItem order-75 '{"sku":"ink","quantity":2}' --id add-ink-1`,
      meaning: 'accepted once, however often it is sent',
    },
    { line: 'commands submit ShipOrder order-75 --wait', meaning: 'and say what became of it' },
    { line: 'commands submit CancelOrder order-75 @why.json --due +2d', meaning: 'in two days, unless taken back' },
    { line: 'commands submit --from commands.jsonl --wait', meaning: 'all commands of a file' },
  ]);
}

interface One {
  readonly type: string | undefined;
  readonly streamId: string | undefined;
  readonly data: string | undefined;
  readonly options: SubmitOptions;
}

async function submitOne(context: CommandContext, { type, streamId, data, options }: One): Promise<number> {
  if (type === undefined || streamId === undefined)
    throw new UsageError('Name the type of the command and its entity, or give --from.', [
      `For example: hindsight commands submit PlaceOrder order-75 '{"customerId":"c1"}'`,
    ]);
  const { id, due, name, wait } = options;
  const dueAt = due === undefined ? undefined : dueOption('--due', due, context.world.now());
  const metadata = metadataOf(options);
  const commands = commandsFor(await declaredCommands(context), { type, streamId, name });
  const sent: Sent = {
    type,
    streamId,
    data: await dataOf(context, data),
    ...(id !== undefined && { id }),
    ...(dueAt !== undefined && { dueAt }),
    ...(metadata !== undefined && { metadata }),
  };
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const submitted = await submit(store, commands, sent, { signal: context.signal });
  if (!context.isJson) await printSubmitted(context, submitted);
  const outcome =
    wait === undefined
      ? undefined
      : await outcomeOf(
          context,
          store,
          { id: submitted.command.id, wait, consumer: commands.name },
          new HindranceNotes(context, store),
        );
  if (context.isJson)
    await context.document({
      ...submitted,
      outcome: outcome ?? null,
      events: outcome === undefined ? [] : (await decidedEvents(store, outcome)).map((event) => eventDocument(event)),
    });
  else if (outcome !== undefined) await printOutcome(context, store, outcome);
  else {
    await context.output.flush();
    if (!submitted.isDuplicate && dueAt === undefined) await noteHindrance(context, store, commands.name);
  }
  return outcome === undefined ? exitCodes.ok : exitCodeOf(outcome);
}

async function submitFrom(
  context: CommandContext,
  from: string,
  { given, options }: { readonly given: readonly (string | undefined)[]; readonly options: SubmitOptions },
): Promise<number> {
  const { id, due, actor, metadata, name, wait } = options;
  if (given.some((each) => each !== undefined))
    throw new UsageError('With --from, types, entities and data stand in the lines.');
  if ([id, due, actor, metadata].some((each) => each !== undefined))
    throw new UsageError('With --from, ids, times and metadata stand in the lines: {"id":…,"dueAt":…,"metadata":{…}}.');
  return await submitMany(context, from, { name, wait });
}

/** The data of a command: JSON, `-`, `@file`; nothing is null. */
async function dataOf(context: CommandContext, text: string | undefined): Promise<unknown> {
  if (text === undefined) return null;
  if (text === '-') return jsonArgument('data from standard input', await wholeText(context, '-'));
  if (text.startsWith('@')) {
    const file = text.slice(1);
    if (file === '') throw new UsageError('Behind the @ stands the name of a file, like @order.json.');
    return jsonArgument(`data in ${file}`, await wholeText(context, file));
  }
  return jsonArgument('data', text);
}

function jsonArgument(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(
      `The ${what} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`,
      [`A string needs its own quotes inside those of the shell: '"like this"'`],
      { cause },
    );
  }
}

function metadataOf({ actor, metadata }: SubmitOptions): Readonly<Record<string, unknown>> | undefined {
  const given = metadata === undefined ? {} : jsonArgument('metadata', metadata);
  if (!isObject(given)) throw new UsageError('The metadata must be a JSON object, like {"correlationId":"r1"}.');
  if (actor === undefined && metadata === undefined) return undefined;
  return { ...given, ...(actor !== undefined && { actor }) };
}
