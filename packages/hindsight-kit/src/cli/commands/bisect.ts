/** `hindsight bisect`: the event after which something first held, of an entity or of all entities of a category. */

import type { Command } from 'commander';
import { categoryOf, type AsOf, type Store } from 'hindsightdb';
import { bisect, changesBetween } from 'hindsightdb/history';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { printCategoryBisect } from '../history/category-bisect.ts';
import { changeLines } from '../history/change-lines.ts';
import { foldFor, skipHiddenOption } from '../history/entity-fold.ts';
import { addMomentOptions, findMoment, type MomentOptions } from '../history/moment-options.ts';
import { eventDocument, eventTimeText, plainState, writerText } from '../history/value-text.ts';
import { parseWhere, type Where, type WhereSubject } from '../history/where.ts';
import { safeText } from '../terminal/text-width.ts';

interface BisectOptions extends MomentOptions {
  readonly where: string;
  readonly category?: string;
  readonly asOf?: string;
  readonly skipHidden?: true;
}

/** Adds the command. */
export const addBisect: AddCommand = (program, cli) => {
  const command = program
    .command('bisect')
    .summary('find the event after which something first held')
    .description(
      'Finds the first event after which an expression holds of the state. With --category: all entities for which it ever held, with that event of each, and how many of these events each release wrote.',
    )
    .argument('[stream]', 'the id of a stream; or name a --category')
    .requiredOption('-w, --where <expression>', 'JavaScript over state, version, event and streamId: state.total < 0')
    .option('-c, --category <name>', 'all entities of a category')
    .option('-a, --as-of <moment>', 'look at what there was as of this moment')
    .addOption(skipHiddenOption());
  addMomentOptions(command).action((streamId: string | undefined, options: BisectOptions, self: Command) =>
    runAction(cli, self, async (context) => {
      const { category } = options;
      if ((streamId === undefined) === (category === undefined))
        throw new UsageError('Name a stream, or a category with --category.');
      const where = parseWhere(options.where);
      const { store } = await context.openStore({ asApplication: true });
      await using _ = store;
      const subject = category === undefined ? 'entity' : 'category';
      const found = await findMoment(context, store, { what: '--as-of', text: options.asOf, subject }, options);
      const hidden = options.skipHidden === true ? 'skip' : 'refuse';
      if (category !== undefined) return await printCategoryBisect(context, store, category, { where, found, hidden });
      await bisectEntity(context, store, streamId ?? '', { where, asOf: found.asOf });
    }),
  );
  addExamples(command, [
    { line: 'bisect order-75 --where "state.total < 0"', meaning: 'the event that made the total negative' },
    {
      line: 'bisect --category order --where "state.total < 0"',
      meaning: 'all orders whose total ever was negative, and the releases that made it so',
    },
    {
      line: `bisect -c order -w "state.status === 'open' && event.metadata.actor === 'bob'" --json`,
      meaning: 'the event can be asked about as well; as JSON Lines',
    },
  ]);
};

async function bisectEntity(
  context: CommandContext,
  store: Store,
  streamId: string,
  { where, asOf }: { readonly where: Where; readonly asOf: AsOf | undefined },
): Promise<void> {
  const { fold, foldedBy } = await foldFor(context, categoryOf(streamId));
  const found = await bisect(
    store,
    fold,
    streamId,
    (state, event) => holds(where, { streamId, version: event?.version ?? 0, state, event }),
    { ...(asOf !== undefined && { asOf }), signal: context.signal },
  );
  const changes =
    found === undefined ? [] : changesBetween(found.before, found.after, { elementKeys: fold.elementKeys });
  if (context.isJson)
    return await context.document({
      streamId,
      version: found?.version ?? null,
      event: found?.event === undefined ? null : eventDocument(found.event),
      changes,
      foldedBy,
      state: found === undefined ? null : plainState(found.after),
    });
  const { palette, output, widthMax } = context;
  const name = palette.name(safeText(streamId));
  if (found === undefined) {
    const { version } = await store.streamInfo(streamId);
    return context.note(
      version === 0 ? `There is no stream ${JSON.stringify(streamId)}.` : `It never held for ${safeText(streamId)}.`,
    );
  }
  const { event, version } = found;
  if (event === undefined) return await output.line(`${name}  it holds before any event already`);
  await output.line(`${name}  first held after version ${palette.strong(String(version))}`);
  const writer = writerText(event);
  const words = [
    palette.type(safeText(event.type)),
    palette.faint(eventTimeText(event)),
    ...(writer === '' ? [] : [writer]),
  ];
  await output.line(words.join('  '));
  for (const line of changeLines(changes, { palette, indent: 2, widthMax })) await output.line(line);
}

/** What cannot be asked of the state before any event does not hold of it; behind an event it is a mistake. */
function holds(where: Where, subject: WhereSubject): boolean {
  try {
    return where(subject);
  } catch (error) {
    if (subject.event === undefined) return false;
    throw error;
  }
}
