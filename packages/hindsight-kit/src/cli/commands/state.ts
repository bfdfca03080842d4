/** `hindsight state`: the state of an entity, or of the entities of a category, now or as of an earlier moment. */

import type { Command } from 'commander';
import { Option } from 'commander';
import { categoryOf, type LoadedAsOf, type Store } from 'hindsightdb';
import { addExamples, runAction, type AddCommand, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { UsageError } from '../failure.ts';
import { printCategory } from '../history/category-states.ts';
import { foldFor, skipHiddenOption } from '../history/entity-fold.ts';
import { parseFieldPaths, type FieldPath } from '../history/field-path.ts';
import {
  addMomentOptions,
  findMoment,
  isOfOccurrence,
  type FoundMoment,
  type MomentOptions,
} from '../history/moment-options.ts';
import { whyNothing } from '../history/nothing-found.ts';
import { fieldsOf, stateLines } from '../history/state-text.ts';
import { plainState } from '../history/value-text.ts';
import { parseWhere } from '../history/where.ts';
import { safeText } from '../terminal/text-width.ts';

interface StateOptions extends MomentOptions {
  readonly category?: string;
  readonly asOf?: string;
  readonly at?: number;
  readonly where?: string;
  readonly fields?: string;
  readonly limit?: number;
  readonly skipHidden?: true;
}

/** Adds the command, and its other name. */
export const addState: AddCommand = (program, cli) => {
  declare(program.command('state'), cli);
  declare(program.command('load', { hidden: true }), cli);
};

function declare(command: Command, cli: Cli): void {
  command
    .summary('show the state of an entity, now or at any moment')
    .description(
      'Folds a stream with the decider that hindsight.config.ts names for its category, and shows the state. Without a decider the data of the events are merged. With --category the entities of a category are listed with their states.',
    )
    .argument('[stream]', 'the id of a stream; or name a --category')
    .option('-a, --as-of <moment>', 'the state as of this moment: a version, a time, a release')
    .addOption(new Option('--at <version>', 'the same, for a version').argParser(wholeNumber(0)))
    .option('-f, --fields <paths>', 'only these fields: total,customer.name or /total,/customer/name')
    .option('-c, --category <name>', 'the entities of a category, as a table')
    .option('-w, --where <expression>', "with --category: only those of which it holds: state.status === 'open'")
    .option('-n, --limit <count>', 'with --category: so many at most', wholeNumber(0))
    .addOption(skipHiddenOption());
  addMomentOptions(command).action((streamId: string | undefined, options: StateOptions, self: Command) =>
    runAction(cli, self, async (context) => {
      if ((streamId === undefined) === (options.category === undefined))
        throw new UsageError('Name a stream, or a category with --category.');
      if (options.at !== undefined && options.asOf !== undefined)
        throw new UsageError('--at and --as-of cannot be given together.');
      const fields = options.fields === undefined ? undefined : parseFieldPaths('--fields', options.fields);
      if (streamId !== undefined) return await stateOfEntity(context, streamId, { ...options, paths: fields });
      await stateOfCategory(context, options.category ?? '', { ...options, paths: fields });
    }),
  );
  const name = command.name();
  addExamples(command, [
    { line: `${name} order-75`, meaning: 'the present state' },
    { line: `${name} order-75 --as-of 3 --json`, meaning: 'the state as of version 3, for machines' },
    { line: `${name} order-75 --as-of "yesterday 18:00"`, meaning: 'as it was recorded by then' },
    { line: `${name} order-75 --as-of "before release 2.4"`, meaning: 'before that release first wrote' },
    {
      line: `${name} --category order --where "state.status === 'open'" --as-of 2026-03-01 -f status,total`,
      meaning: 'the open orders as they stood when the first of March began',
    },
  ]);
}

type EntityOptions = StateOptions & { readonly paths: readonly FieldPath[] | undefined };

async function stateOfEntity(context: CommandContext, streamId: string, options: EntityOptions): Promise<void> {
  if (options.where !== undefined || options.limit !== undefined)
    throw new UsageError('--where and --limit go with --category.');
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const { fold, foldedBy } = await foldFor(context, categoryOf(streamId));
  const text = options.at === undefined ? options.asOf : String(options.at);
  const found = await findMoment(context, store, { what: '--as-of', text }, options);
  const { asOf } = found;
  const loaded = await store.load(fold, streamId, { ...(asOf !== undefined && { asOf }), signal: context.signal });
  if (context.isJson)
    return await context.document({
      streamId,
      ...(asOf !== undefined && { asOf }),
      version: loaded.version,
      ...(loaded.isProvisional && { isProvisional: true }),
      foldedBy,
      state: options.paths === undefined ? plainState(loaded.state) : fieldsOf(loaded.state, options.paths),
    });
  await printEntity(context, store, { streamId, found, loaded, paths: options.paths });
}

interface LoadedEntity {
  readonly streamId: string;
  readonly found: FoundMoment;
  readonly loaded: LoadedAsOf<unknown>;
  readonly paths: readonly FieldPath[] | undefined;
}

async function printEntity(
  context: CommandContext,
  store: Store,
  { streamId, found, loaded, paths }: LoadedEntity,
): Promise<void> {
  const { palette, output } = context;
  const why = await whyNothing(store, streamId, { version: loaded.version, asOf: found.asOf });
  if (why !== undefined) context.note(why);
  const { asOf, text } = found;
  const isOccurrence = isOfOccurrence(found);
  const version = isOccurrence ? '' : ` at version ${palette.strong(String(loaded.version))}`;
  const when =
    asOf === undefined || 'version' in asOf ? '' : palette.faint(`${isOccurrence ? ':' : ','} ${safeText(text)}`);
  await output.line(`${palette.name(safeText(streamId))}${version}${when}`);
  for (const line of stateLines(context, loaded.state, paths)) await output.line(line);
}

async function stateOfCategory(context: CommandContext, category: string, options: EntityOptions): Promise<void> {
  if (options.at !== undefined)
    throw new UsageError('--at is a version, and each entity of a category has versions of its own: use --as-of.');
  const where = options.where === undefined ? undefined : parseWhere(options.where);
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const chosen = await foldFor(context, category);
  const given = { what: '--as-of', text: options.asOf, subject: 'category' } as const;
  const found = await findMoment(context, store, given, options);
  await printCategory(context, store, category, {
    chosen,
    found,
    where,
    fields: options.paths,
    limit: options.limit,
    hidden: options.skipHidden === true ? 'skip' : 'refuse',
  });
}
