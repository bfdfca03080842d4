/** `hindsight commands status`: one command, what became of it, and what it waits for. */

import type { Command } from 'commander';
import type { RecordedEvent, Store } from 'hindsightdb';
import { commandInfo, type CommandInfo } from 'hindsightdb/commands';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../failure.ts';
import { cellText, eventDocument, timeText } from '../history/value-text.ts';
import { countOf } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';
import { aheadMax, hindranceText, waitOf, type CommandWait } from './command-wait.ts';
import { consumerFor } from './declared-commands.ts';
import { decidedEvents, eventText, outcomeDetail, paintStatus, statusText } from './outcome-text.ts';

/** Adds the command to its group. */
export function addStatus(group: Command, cli: Cli): void {
  const command = group
    .command('status')
    .summary('show a command and what became of it')
    .description(
      'Shows a command with its outcome and the events that were decided, or with what it waits for: its time, commands before it, a letter, a process that decides.',
    )
    .argument('<id>', 'the id of the command')
    .action((id: string, _options: object, self: Command) => runAction(cli, self, (context) => show(context, id)));
  addExamples(command, [
    { line: 'commands status order-75/pay', meaning: 'was it decided, and how?' },
    { line: 'commands status order-75/pay --json', meaning: 'for machines' },
  ]);
}

/** The error for an id under which nothing was accepted. */
export function unknownCommand(id: string): CommandError {
  return new CommandError(`No command was accepted under the id ${safeText(id)}.`, {
    advice: ['See which there are: hindsight commands list'],
  });
}

/** A command with where it stands, as its consumer has it. */
export async function findCommand(context: CommandContext, store: Store, id: string): Promise<CommandInfo | undefined> {
  const info = await commandInfo(store, id);
  if (info === undefined || info.outcome !== undefined) return info;
  return await commandInfo(store, id, { consumer: await consumerFor(context, info.command) });
}

async function show(context: CommandContext, id: string): Promise<void> {
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const info = await findCommand(context, store, id);
  if (info === undefined) throw unknownCommand(id);
  const { command, status, outcome } = info;
  const events = outcome === undefined ? [] : await decidedEvents(store, outcome);
  const wait =
    outcome === undefined
      ? await waitOf(store, command, { consumer: await consumerFor(context, command), signal: context.signal })
      : undefined;
  if (context.isJson)
    return await context.document({
      command,
      status,
      outcome: outcome ?? null,
      events: events.map((event) => eventDocument(event)),
      wait: wait === undefined ? null : { ...wait, letter: wait.letter ?? null, failedId: wait.failedId ?? null },
    });
  for (const line of commandLines(context, info)) await context.output.line(line);
  for (const line of endLines(context, info, events)) await context.output.line(line);
  if (wait !== undefined) for (const line of waitLines(context, info, wait)) await context.output.line(line);
}

type Fact = (what: string, value: string) => string;

function factOf({ palette }: CommandContext): Fact {
  return (what, value) => `  ${palette.faint(what.padEnd(9))} ${value}`;
}

function commandLines(context: CommandContext, { command, status }: CommandInfo): readonly string[] {
  const { palette } = context;
  const { id, type, streamId, data, metadata, acceptedAt, dueAt, process } = command;
  const fact = factOf(context);
  const lines = [
    `${palette.type(safeText(type))} for ${palette.name(safeText(streamId))}, ${paintStatus(palette, statusText(status))}`,
    fact('id', safeText(id)),
    fact('accepted', timeText(acceptedAt)),
  ];
  if (dueAt !== undefined) lines.push(fact('due', timeText(dueAt)));
  if (process !== undefined) lines.push(fact('issued by', `${safeText(process.name)}, for ${safeText(process.key)}`));
  for (const [name, value] of Object.entries(metadata))
    if (value !== undefined) lines.push(fact('metadata', `${safeText(name)}: ${cellText(value)}`));
  const [first = '', ...rest] = (JSON.stringify(data, null, 2) ?? '').split('\n').map(safeText);
  return [...lines, fact('data', first), ...rest.map((line) => fact('', line))];
}

/** So many of the events are shown. */
const eventsShownMax = 20;

function endLines(
  context: CommandContext,
  { outcome }: CommandInfo,
  events: readonly RecordedEvent[],
): readonly string[] {
  if (outcome === undefined) return [];
  const { palette, widthMax } = context;
  const fact = factOf(context);
  const { recordedAt, kind } = outcome;
  const detail = outcomeDetail(outcome);
  const lines = [
    fact('outcome', `${paintStatus(palette, kind)}${detail === '' ? '' : `: ${detail}`}`),
    fact('recorded', timeText(recordedAt)),
  ];
  const room = widthMax === undefined ? Number.MAX_SAFE_INTEGER : Math.max(20, widthMax - 12);
  // Cut before it is painted: colours take no room.
  const plain = { ...palette, name: (text: string) => text, type: (text: string) => text };
  for (const event of events.slice(0, eventsShownMax)) {
    const text = eventText(plain, event);
    const cut = cutToWidth(text, room);
    lines.push(fact('event', cut === text ? eventText(palette, event) : cut));
  }
  if (events.length > eventsShownMax)
    lines.push(fact('', `… and ${countOf(events.length - eventsShownMax, 'event')} more`));
  if (outcome.kind === 'decided' && events.length < outcome.events)
    lines.push(fact('', `${countOf(outcome.events - events.length, 'event')} cannot be read any more`));
  return lines;
}

function waitLines(
  context: CommandContext,
  { command, status }: CommandInfo,
  { consumer, standing, letter, failedId, aheadCount }: CommandWait,
): readonly string[] {
  const { palette } = context;
  const fact = factOf(context);
  const reasons: string[] = [];
  if (status === 'scheduled') reasons.push('until it is due');
  if (aheadCount > 0)
    reasons.push(
      `behind ${countOf(aheadCount, 'command')}${aheadCount === aheadMax ? ' or more' : ''} of ${safeText(command.streamId)}`,
    );
  if (letter !== undefined) {
    const message = (letter.error?.message ?? '').split('\n', 1)[0] ?? '';
    const which = failedId === command.id ? 'it failed' : `${safeText(failedId ?? '')} failed before it`;
    reasons.push(`${which}: ${palette.bad(safeText(message))}`);
  }
  const hindrance = hindranceText(safeText(consumer), standing);
  if (hindrance !== undefined) reasons.push(hindrance);
  if (reasons.length === 0) reasons.push('for its turn, which comes at once');
  const lines = reasons.map((reason, index) => fact(index === 0 ? 'waits' : '', reason));
  if (letter === undefined) return lines;
  const place = `${shellWord(consumer)} ${shellWord(command.streamId)}`;
  return [
    ...lines,
    '',
    palette.faint('# why it failed'),
    `hindsight letters show ${safeText(place)}`,
    palette.faint('# try it again'),
    `hindsight letters retry ${safeText(place)}`,
    palette.faint('# give it up, for good'),
    `hindsight letters skip ${safeText(place)}`,
  ];
}
