/** `hindsight append`: one event, or several from standard input, as one decision. */

import { Option, type Command } from 'commander';
import { embeddedLimits, RawJson, rawJson, type Event, type ExpectedVersion, type Store } from 'hindsightdb';
import { eventOfLine } from '../../formats/json-lines/json-lines-format.ts';
import { hasTypes } from '../../formats/import/typed-event.ts';
import { BadRowError } from '../../formats/source/bad-input.ts';
import { bufferOf } from '../../formats/source/text-source.ts';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { listOption } from '../event-choice.ts';
import { UsageError } from '../failure.ts';
import { countOf } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';
import { isObject } from '../../formats/json/json-object.ts';

interface AppendOptions {
  readonly tag?: readonly string[];
  readonly metadata?: string;
  readonly occurredAt?: string;
  readonly id?: string;
  readonly expect?: ExpectedVersion;
  readonly key?: string;
}

/** Adds the command. */
export const addAppend: AddCommand = (program, cli) => {
  const command = program
    .command('append')
    .summary('append events to a stream')
    .description(
      'Appends an event to a stream, durably. With - in place of the type, events are read from standard input, one JSON object a line ({"type":…,"data":…}) or one array, and appended together or not at all.',
    )
    .argument('<stream>', 'the id of the stream, like order-75')
    .argument('<type>', 'the type of the event, or - to read events from standard input')
    .argument('[data]', 'its data as JSON, or - to read it from standard input', 'null')
    .addOption(listOption('--tag <tag>', 'a tag; give it again for further tags'))
    .option('--metadata <json>', 'metadata of all events: {"actor":"anna"}')
    .option('--occurred-at <time>', 'when it happened, in ISO 8601 with an offset or Z')
    .option('--id <id>', 'the id of the event; default: a new UUID')
    .addOption(
      new Option(
        '--expect <version>',
        'append only if the stream is at this version, or is: none, exists, any',
      ).argParser(parseExpected),
    )
    .option('--key <key>', 'idempotency key: sent again, the append gives its first answer and writes nothing')
    .action((streamId: string, type: string, data: string, options: AppendOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        const given = await eventsOf(context, { streamId, type, data, options });
        const { store } = await context.openStore({ access: 'write' });
        await using _ = store;
        const events = hasTypes(store) ? given.map((event) => withPlainData(store, event)) : given;
        const result = await store.append(streamId, events, {
          ...(options.expect !== undefined && { expectedVersion: options.expect }),
          ...(options.key !== undefined && { key: options.key }),
        });
        if (context.isJson) return await context.document({ streamId, count: events.length, ...result });
        const { palette } = context;
        const what = result.isDuplicate
          ? 'Appended before, under the same key or ids:'
          : `Appended ${countOf(events.length, 'event')}:`;
        await context.output.line(
          `${what} ${palette.name(safeText(streamId))} is at version ${palette.strong(String(result.version))}, position ${result.position}`,
        );
      }),
    );
  addExamples(command, [
    { line: `append order-75 OrderPlaced '{"customerId":"c1"}' --tag customer:c1`, meaning: 'append one event' },
    {
      line: `append order-75 OrderPaid '{"amount":120}' --expect 1`,
      meaning: 'only if the stream is at version 1; else exit code 3',
    },
    { line: 'append order-75 - < events.jsonl', meaning: 'append the events of a file, all or none' },
  ]);
};

function parseExpected(text: string): ExpectedVersion {
  if (text === 'none' || text === 'exists' || text === 'any') return text;
  const version = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(version)) return version;
  throw new UsageError(`--expect takes a version, none, exists or any, not ${JSON.stringify(text)}.`);
}

interface Given {
  readonly streamId: string;
  readonly type: string;
  readonly data: string;
  readonly options: AppendOptions;
}

async function eventsOf(context: CommandContext, given: Given): Promise<readonly Event[]> {
  const { options, type } = given;
  const events = type === '-' ? await eventsFromInput(context, given) : [await eventFromArguments(context, given)];
  const shared = metadataOf(options.metadata);
  return events.map((event) => ({ ...event, ...(shared && { metadata: { ...shared, ...event.metadata } }) }));
}

/** What a schema says is the store's to judge and to report; only the text of data has to become data for it. */
function withPlainData({ context }: Store, event: Event): Event {
  const isJudged = context.definitions.get(event.type)?.schema !== undefined;
  return isJudged && event.data instanceof RawJson ? { ...event, data: event.data.toJSON() } : event;
}

async function eventFromArguments(context: CommandContext, { type, data, options }: Given): Promise<Event> {
  const text = data === '-' ? await inputText(context) : data;
  return {
    type,
    data: jsonArgument('data', text),
    ...(options.tag && { tags: options.tag }),
    ...(options.id !== undefined && { id: options.id }),
    ...(options.occurredAt !== undefined && { occurredAt: options.occurredAt }),
  };
}

function jsonArgument(what: string, text: string): RawJson {
  try {
    return rawJson(text);
  } catch (cause) {
    throw new UsageError(
      `The ${what} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`,
      [`A string needs its own quotes inside those of the shell: '"like this"'`],
      { cause },
    );
  }
}

function metadataOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  const value: unknown = jsonArgument('metadata', text).toJSON();
  if (isObject(value)) return value;
  throw new UsageError('The metadata must be a JSON object, like {"actor":"anna"}.');
}

async function inputText({ world }: CommandContext): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of world.stdin) {
    world.signal.throwIfAborted();
    pieces.push(bufferOf(piece));
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
}

async function eventsFromInput(context: CommandContext, given: Given): Promise<Event[]> {
  const { tag, id, occurredAt } = given.options;
  if (tag !== undefined || id !== undefined || occurredAt !== undefined)
    throw new UsageError('With events from standard input, tags, ids and times stand in the events themselves.');
  const text = await inputText(context);
  const lines = linesOfEvents(text);
  if (lines.length === 0) throw new UsageError('Standard input holds no events.');
  return lines.map((line, index) => {
    try {
      const imported = eventOfLine(withStream(line, given.streamId), embeddedLimits);
      if (imported === undefined) throw new BadRowError('It is the rest of an event whose contents were removed.');
      return imported.event;
    } catch (error) {
      if (error instanceof BadRowError || error instanceof SyntaxError)
        throw new UsageError(`Event ${index + 1} of standard input: ${error.message}`);
      throw error;
    }
  });
}

function linesOfEvents(text: string): readonly string[] {
  if (!text.trimStart().startsWith('[')) return text.split('\n').filter((line) => line.trim() !== '');
  try {
    const values: unknown = JSON.parse(text);
    return Array.isArray(values) ? values.map((value) => JSON.stringify(value)) : [];
  } catch (cause) {
    throw new UsageError(`Standard input is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
}

/** Events on standard input may name their stream, which must then be the one of the command. */
function withStream(line: string, streamId: string): string {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return line;
  const named: unknown = Reflect.get(value, 'streamId');
  if (named === undefined)
    return line.replace('{', `{"streamId":${JSON.stringify(streamId)}${Object.keys(value).length === 0 ? '' : ','}`);
  if (named === streamId) return line;
  throw new BadRowError(
    `It names the stream ${JSON.stringify(named)}, and the command says ${JSON.stringify(streamId)}; events of several streams are for hindsight import.`,
  );
}
