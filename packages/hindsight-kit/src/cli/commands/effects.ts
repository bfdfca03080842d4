/** `hindsight effects`: the journal of a reaction: what was planned, what is done, what failed. */

import { Option, type Command } from 'commander';
import { consumerInfo } from 'hindsightdb/consumers';
import { listEffects, type ListedEffect, type ListEffectsOptions } from 'hindsightdb/reactions';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import { firstLine } from '../consumers/consumer-text.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { CommandError } from '../failure.ts';
import { jsonText, timeText } from '../history/value-text.ts';
import { countText } from '../terminal/quantities.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

interface EffectsOptions {
  readonly state?: 'planned' | 'done';
  readonly stream?: string;
  readonly event?: string;
  readonly limit: number;
}

const limitDefault = 50;

/** Adds the command. */
export const addEffects: AddCommand = (program, cli) => {
  const command = program
    .command('effects')
    .summary('show what a reaction has planned and done')
    .description(
      'Shows the effect journal of a reaction, in the order of the log: what was planned for which event, whether it is done, under which key, and why it failed. What was done is kept for as long as the reaction says.',
    )
    .argument('<reaction>', 'the name of the reaction')
    .addOption(new Option('--state <state>', 'only what is planned, or what is done').choices(['planned', 'done']))
    .option('--stream <id>', 'only for events of this stream')
    .option('--event <id>', 'only for this event')
    .option('-n, --limit <count>', 'so many at most', wholeNumber(1), limitDefault)
    .action((name: string, options: EffectsOptions, self: Command) =>
      runAction(cli, self, (context) => show(context, name, options)),
    );
  addExamples(command, [
    { line: 'effects order-mails', meaning: 'what did it do?' },
    { line: 'effects order-mails --state planned', meaning: 'what is still to be done, and why?' },
    { line: 'effects order-mails --stream order-75 --json', meaning: 'of one order, with the keys, for machines' },
  ]);
};

async function show(
  context: CommandContext,
  name: string,
  { state, stream, event, limit }: EffectsOptions,
): Promise<void> {
  // What effects are done with may have passed through the codec of the application.
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const { kind } = await consumerInfo(store, name);
  if (kind !== 'reaction')
    throw new CommandError(`${safeText(name)} is a ${kind}, and only a reaction has effects.`, {
      advice: ['See which there are: hindsight consumers list'],
    });
  const wanted: ListEffectsOptions = {
    signal: context.signal,
    ...(state !== undefined && { state }),
    ...(stream !== undefined && { streamId: stream }),
    ...(event !== undefined && { eventId: event }),
  };
  const effects: ListedEffect[] = [];
  let hasMore = false;
  for await (const effect of listEffects(store, name, wanted)) {
    if (effects.length === limit) {
      hasMore = true;
      break;
    }
    effects.push(effect);
  }
  const { output } = context;
  if (context.isJson) for (const effect of effects) await output.line(JSON.stringify(effect));
  else if (effects.length > 0) for (const line of effectLines(context, effects)) await output.line(line);
  await output.flush();
  if (effects.length === 0) context.note('Nothing of that is in the journal.');
  if (hasMore) context.note(`There are more: --limit ${limit * 10}`);
}

function effectLines({ palette, widthMax }: CommandContext, effects: readonly ListedEffect[]): readonly string[] {
  const columns = [
    { title: 'POSITION', align: 'right' as const },
    { title: 'STREAM', paint: palette.name },
    { title: 'EVENT', paint: palette.type, leftOutBelow: 100 },
    { title: 'EFFECT', paint: palette.strong },
    { title: 'STATE', paint: (text: string) => (text === 'done' ? palette.good(text) : palette.warning(text)) },
    { title: 'TRIED', align: 'right' as const, leftOutBelow: 120 },
    { title: 'TIME', paint: palette.faint, leftOutBelow: 80 },
    { title: 'DATA, OR WHY IT FAILED' },
  ];
  const rows = effects.map((effect) => {
    const { position, streamId, type, name, state, attempts, plannedAt, doneAt, error, data } = effect;
    return [
      countText(position),
      safeText(streamId),
      safeText(type),
      safeText(name),
      state,
      countText(attempts),
      timeText(doneAt ?? plannedAt),
      state === 'planned' && error !== undefined ? firstLine(error.message) : jsonText(data),
    ];
  });
  return tableLines(columns, rows, { widthMax, paintTitle: palette.title });
}
