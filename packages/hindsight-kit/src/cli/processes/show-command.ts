/** `hindsight processes show`: one instance, as the timeline of its steps. */

import type { Command } from 'commander';
import { isHindsightError, type RecordedEvent, type Store } from 'hindsightdb';
import { commandInfo } from 'hindsightdb/commands';
import type { Letter } from 'hindsightdb/consumers';
import { changesBetween } from 'hindsightdb/history';
import { processInfo, type ProcessInfo, type StepData } from 'hindsightdb/processes';
import { addExamples, runAction, type Cli } from '../command.ts';
import { outcomeDetail, statusText } from '../command-log/outcome-text.ts';
import { firstLine } from '../consumers/consumer-text.ts';
import { firstLetter } from '../consumers/letter-entities.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../failure.ts';
import { changeLines } from '../history/change-lines.ts';
import { eventDocument, timeText } from '../history/value-text.ts';
import { countOf } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';
import { instanceStatus, paintInstance } from './list-command.ts';
import { causeText, stepIn } from './step-text.ts';

/** Adds the command to its group. */
export function addShow(group: Command, cli: Cli): void {
  const command = group
    .command('show')
    .summary('show an instance as the timeline of its steps')
    .description(
      'Shows what led to each step of an instance, what the step issued and what became of that, which timers it set or took away, and how it changed the state.',
    )
    .argument('<name>', 'the name of the process manager')
    .argument('<key>', 'the key of the instance')
    .action((name: string, key: string, _options: object, self: Command) =>
      runAction(cli, self, (context) => show(context, name, key)),
    );
  addExamples(command, [{ line: 'processes show unpaid invoice-75', meaning: 'what happened, and what comes next?' }]);
}

async function show(context: CommandContext, name: string, key: string): Promise<void> {
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const info = await processInfo(store, name, key);
  if (info === undefined)
    throw new CommandError(`${safeText(name)} has no instance ${safeText(key)}.`, {
      advice: [`See which there are: hindsight processes list ${shellWord(name)} --which all`],
    });
  const letter = await letterOf(store, name, key);
  const events = store.readStream(info.streamId);
  const { output } = context;
  if (context.isJson) {
    const steps: object[] = [];
    for await (const event of events) steps.push(eventDocument(event));
    return await context.document({ name, ...info, letter: letter ?? null, steps });
  }
  for (const line of headLines(context, name, info)) await output.line(line);
  await output.line('');
  let before: StepData | undefined;
  for await (const event of events) {
    context.signal.throwIfAborted();
    const step = stepIn(event);
    if (step === undefined) continue;
    for (const line of await stepLines(context, store, { event, step, before })) await output.line(line);
    before = step;
  }
  if (letter !== undefined) for (const line of letterLines(context, name, letter)) await output.line(line);
}

async function letterOf(store: Store, name: string, key: string): Promise<Letter | undefined> {
  try {
    return await firstLetter(store, name, key);
  } catch (error) {
    if (isHindsightError(error, 'CONSUMER_UNKNOWN')) return undefined;
    throw error;
  }
}

function headLines({ palette }: CommandContext, name: string, info: ProcessInfo): readonly string[] {
  const { key, version, timers, failing } = info;
  const fact = (what: string, value: string): string => `  ${palette.faint(what.padEnd(9))} ${value}`;
  const lines = [
    `${palette.strong(safeText(name))} for ${palette.name(safeText(key))}, ${paintInstance(palette, instanceStatus(info))} after ${countOf(version, 'step')}`,
  ];
  for (const [timer, dueAt] of Object.entries(timers)) {
    const failure = failing[timer];
    const why = failure === undefined ? '' : `, fails: ${palette.bad(firstLine(failure.error.message))}`;
    lines.push(fact('timer', `${safeText(timer)}, due ${timeText(dueAt)}${why}`));
  }
  return lines;
}

interface StepAt {
  readonly event: RecordedEvent;
  readonly step: StepData;
  readonly before: StepData | undefined;
}

async function stepLines(
  context: CommandContext,
  store: Store,
  { event, step, before }: StepAt,
): Promise<readonly string[]> {
  const { palette, widthMax } = context;
  const indent = 6;
  const line = (sign: string, text: string): string =>
    `${' '.repeat(indent)}${sign} ${cutToWidth(text, widthMax === undefined ? Number.MAX_SAFE_INTEGER : Math.max(20, widthMax - indent - 2))}`;
  const lines = [
    `${palette.strong(String(event.version).padStart(indent - 2))}  ${palette.faint(timeText(event.occurredAt ?? event.recordedAt))}  ${palette.type(causeText(step.on))}`,
  ];
  for (const { id, type, streamId, dueAt } of step.commands) {
    const due = dueAt === undefined ? '' : `, due ${timeText(dueAt)}`;
    lines.push(line('→', `${safeText(type)} for ${safeText(streamId)}${due}: ${await becameText(store, id)}`));
  }
  for (const [timer, { dueAt }] of Object.entries(step.timers))
    if (before?.timers[timer]?.dueAt !== dueAt)
      lines.push(line(palette.good('+'), `timer ${safeText(timer)}, due ${timeText(dueAt)}`));
  for (const timer of Object.keys(before?.timers ?? {}))
    if (!(timer in step.timers) && !(step.on.kind === 'timer' && step.on.timer === timer))
      lines.push(line(palette.bad('-'), `timer ${safeText(timer)}`));
  lines.push(...changeLines(changesBetween(before?.state, step.state), { palette, indent, widthMax }));
  if (step.ended === true) lines.push(line('.', 'ended'));
  return lines;
}

async function becameText(store: Store, commandId: string): Promise<string> {
  const info = await commandInfo(store, commandId);
  if (info === undefined) return 'not submitted yet';
  const detail = info.outcome === undefined ? '' : outcomeDetail(info.outcome);
  return `${statusText(info.status)}${detail === '' ? '' : `, ${detail}`}`;
}

function letterLines({ palette }: CommandContext, name: string, letter: Letter): readonly string[] {
  const place = safeText(`${shellWord(name)} ${shellWord(letter.entity ?? letter.streamId)}`);
  return [
    '',
    `${palette.bad('It does not go on:')} ${safeText(letter.type)} of ${safeText(letter.streamId)} failed: ${firstLine(letter.error?.message ?? '')}`,
    palette.faint('# why it failed'),
    `hindsight letters show ${place}`,
    palette.faint('# try it again'),
    `hindsight letters retry ${place}`,
  ];
}
