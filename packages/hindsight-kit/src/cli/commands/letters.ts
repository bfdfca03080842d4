/** `hindsight letters`: events that consumers have set aside, and what becomes of them. */

import type { Command } from 'commander';
import type { Store } from 'hindsightdb';
import {
  consumerInfo,
  listLetters,
  retryAllLetters,
  retryLetters,
  skipLetter,
  type Letter,
} from 'hindsightdb/consumers';
import { addExamples, runAction, type AddCommand, type Cli } from '../command.ts';
import { addGroup } from '../command-group.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { obeyedText } from '../consumers/consumer-advice.ts';
import { consumersOf, entityName, firstLetter, letterEntities } from '../consumers/letter-entities.ts';
import { waitForLetters } from '../consumers/letter-wait.ts';
import { errorText, showLetters, stateText } from '../consumers/show-letters.ts';
import { wholeNumber } from '../event-choice.ts';
import { CommandError, exitCodes, UsageError } from '../failure.ts';
import { timeText } from '../history/value-text.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

interface ListOptions {
  readonly limit: number;
}

interface AskOptions {
  readonly wait?: true;
  readonly all?: true;
  readonly yes?: true;
}

const limitDefault = 50;

/** Adds the group. */
export const addLetters: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'letters',
    summary: 'list events that consumers have set aside; retry or skip them',
    description:
      'An event that a consumer could not handle is set aside as a dead letter, and later events of the same entity wait behind it; everything else goes on. What is asked of letters is done, in their order, by the process that runs the consumer.',
    byDefault: (context) => list(context, undefined, { limit: limitDefault }),
  });
  const listing = group
    .command('list')
    .summary('list the entities that have letters (default)')
    .description('Lists the entities that have letters: the event that failed, how many wait behind it, and why.')
    .argument('[consumer]', 'only of this consumer')
    .option('-n, --limit <count>', 'so many entities at most', wholeNumber(1), limitDefault)
    .action((consumer: string | undefined, options: ListOptions, self: Command) =>
      runAction(cli, self, (context) => list(context, consumer, options)),
    );
  addExamples(listing, [
    { line: 'letters list order-mails', meaning: 'what could it not handle?' },
    { line: 'letters list --json', meaning: 'every letter of every consumer, one on each line' },
  ]);
  const showing = group
    .command('show')
    .summary('show why an event failed, what it holds, what waits behind it')
    .description(
      'Shows the error with its stack, the data of the event as it is read today, and the events of the entity that wait behind it.',
    )
    .argument('<consumer>', 'the name of the consumer')
    .argument('<entity>', 'the id of the stream, or what the consumer names its entities by')
    .action((consumer: string, entity: string, _options: object, self: Command) =>
      runAction(cli, self, (context) => show(context, consumer, entity)),
    );
  addExamples(showing, [{ line: 'letters show order-mails order-75', meaning: 'what is wrong with it?' }]);
  addRetry(group, cli);
  addSkip(group, cli);
  addExamples(group, [
    { line: 'letters', meaning: 'what was set aside, by whom?' },
    { line: 'letters show order-mails order-75', meaning: 'what is wrong with it?' },
    { line: 'letters retry order-mails --all --wait', meaning: 'the cause is gone: try everything again' },
  ]);
};

async function list(context: CommandContext, given: string | undefined, { limit }: ListOptions): Promise<void> {
  const { store } = await context.openStore();
  await using _ = store;
  const consumers = await consumersOf(store, given);
  const { output, palette, widthMax, signal } = context;
  if (context.isJson) {
    for (const consumer of consumers)
      for await (const letter of listLetters(store, consumer)) {
        signal.throwIfAborted();
        await output.line(JSON.stringify(letter));
      }
    return;
  }
  const rows: string[][] = [];
  let entityCount = 0;
  for (const consumer of consumers)
    for await (const { letter, waitingCount } of letterEntities(store, consumer)) {
      signal.throwIfAborted();
      entityCount += 1;
      if (rows.length === limit) continue;
      const { version, type, attempts, triedAt } = letter;
      rows.push([
        safeText(consumer),
        safeText(entityName(letter)),
        String(version),
        safeText(type),
        stateText(letter),
        countText(waitingCount),
        countText(attempts),
        triedAt === undefined ? '-' : timeText(triedAt),
        errorText(letter),
      ]);
    }
  if (rows.length === 0) {
    context.note('No letters: nothing was set aside.');
    return;
  }
  const columns = [
    { title: 'CONSUMER', paint: palette.name },
    { title: 'ENTITY', paint: palette.name },
    { title: 'VERSION', align: 'right' as const },
    { title: 'TYPE', paint: palette.type, leftOutBelow: 100 },
    { title: 'STATE', leftOutBelow: 90 },
    { title: 'WAITING', align: 'right' as const },
    { title: 'TRIED', align: 'right' as const, leftOutBelow: 120 },
    { title: 'LAST', paint: palette.faint, leftOutBelow: 120 },
    { title: 'ERROR', paint: palette.bad },
  ];
  // The consumer that was asked for is known to whoever asked.
  const from = given === undefined ? 0 : 1;
  const shown = rows.map((row) => row.slice(from));
  for (const line of tableLines(columns.slice(from), shown, { widthMax, paintTitle: palette.title }))
    await output.line(line);
  await output.flush();
  if (entityCount > rows.length)
    context.note(`There are ${countText(entityCount)} entities with letters: --limit ${entityCount}`);
}

async function show(context: CommandContext, consumer: string, entity: string): Promise<void> {
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const letters: Letter[] = [];
  for await (const letter of listLetters(store, consumer, { streamId: entity })) letters.push(letter);
  const [first, ...waiting] = letters;
  if (first === undefined) throw noLetter(consumer, entity);
  await showLetters(context, store, [first, ...waiting]);
}

function noLetter(consumer: string, entity: string): CommandError {
  return new CommandError(`Consumer ${safeText(consumer)} has no letter of ${safeText(entity)}.`, {
    advice: ['See which there are: hindsight letters list'],
  });
}

function addRetry(group: Command, cli: Cli): void {
  const retrying = group
    .command('retry')
    .summary('have the letters of an entity, or all, tried again')
    .description(
      'Has the letters of an entity tried again, in their order, until one fails. With --wait it ends with exit code 1 when one does.',
    )
    .argument('<consumer>', 'the name of the consumer')
    .argument('[entity]', 'the id of the stream, or what the consumer names its entities by')
    .option('-a, --all', 'the letters of every entity')
    .option('-w, --wait', 'wait until whoever runs the consumer has done it')
    .action((consumer: string, entity: string | undefined, options: AskOptions, self: Command) =>
      runAction(cli, self, (context) => retry(context, consumer, entity, options)),
    );
  addExamples(retrying, [
    { line: 'letters retry order-mails order-75 --wait', meaning: 'try it again, and say how it went' },
    { line: 'letters retry order-mails --all', meaning: 'try everything again' },
  ]);
}

async function retry(
  context: CommandContext,
  consumer: string,
  entity: string | undefined,
  { all, wait }: AskOptions,
): Promise<number> {
  if ((entity === undefined) === (all === undefined))
    throw new UsageError('Name the entity whose letters are to be tried again, or give --all.');
  const { store } = await context.openStore({ access: 'write', asApplication: false });
  await using _ = store;
  const entities: string[] = [];
  if (entity === undefined)
    for await (const { letter } of letterEntities(store, consumer)) entities.push(entityName(letter));
  else entities.push(entity);
  if (entity === undefined) await retryAllLetters(store, consumer);
  else await retryLetters(store, consumer, entity);
  return await finish(context, store, { consumer, entities, isWaiting: wait === true, verb: 'tried again' });
}

function addSkip(group: Command, cli: Cli): void {
  const skipping = group
    .command('skip')
    .summary('go on without an event, for good')
    .description(
      'Drops the first letter of an entity for good: the consumer never handles that event. The events that wait behind it are tried then. With --wait it ends with exit code 1 when one of them fails.',
    )
    .argument('<consumer>', 'the name of the consumer')
    .argument('<entity>', 'the id of the stream, or what the consumer names its entities by')
    .option('-w, --wait', 'wait until whoever runs the consumer has done it')
    .option('-y, --yes', 'do not ask')
    .action((consumer: string, entity: string, options: AskOptions, self: Command) =>
      runAction(cli, self, (context) => skip(context, consumer, entity, options)),
    );
  addExamples(skipping, [{ line: 'letters skip order-mails order-75', meaning: 'ask, then leave it out' }]);
}

async function skip(
  context: CommandContext,
  consumer: string,
  entity: string,
  { yes, wait }: AskOptions,
): Promise<number> {
  const { store } = await context.openStore({ access: 'write', asApplication: false });
  await using _ = store;
  await consumerInfo(store, consumer);
  const letter = await firstLetter(store, consumer, entity);
  if (letter === undefined) throw noLetter(consumer, entity);
  const { streamId, version, type } = letter;
  await confirm(context, {
    text: `Leave out ${safeText(type)}, version ${version} of ${safeText(streamId)}, so that ${safeText(consumer)} never handles it?`,
    yes,
  });
  await skipLetter(store, consumer, entity);
  return await finish(context, store, {
    consumer,
    entities: [entity],
    isWaiting: wait === true,
    verb: 'skipped',
  });
}

/** What was asked, and how it is to be told. */
interface Asked {
  readonly consumer: string;
  readonly entities: readonly string[];
  readonly isWaiting: boolean;
  readonly verb: 'tried again' | 'skipped';
}

async function finish(context: CommandContext, store: Store, asked: Asked): Promise<number> {
  const { consumer, entities, isWaiting, verb } = asked;
  const { output, palette } = context;
  const failed = isWaiting ? await waitForLetters(context, store, asked) : [];
  if (context.isJson) {
    const entityCount = entities.length;
    await context.document({ consumer, entityCount, isDone: isWaiting, failed });
  } else if (entities.length === 0) {
    context.note(`${safeText(consumer)} has no letters.`);
  } else if (!isWaiting) {
    const what =
      entities.length === 1
        ? `the first letter of ${safeText(entities[0] ?? '')}`
        : `the letters of ${countOf(entities.length, 'entity', 'entities')}`;
    await output.line(`Asked that ${what} ${entities.length === 1 ? 'is' : 'are'} ${verb}.`);
    await output.flush();
    context.note(obeyedText(await consumerInfo(store, consumer)));
  } else {
    const free = entities.length - failed.length;
    if (free > 0)
      await output.line(`${palette.good('Done:')} ${countOf(free, 'entity', 'entities')} without letters now`);
    for (const letter of failed)
      await output.line(
        `${palette.bad('Failed:')} ${safeText(letter.streamId)} ${letter.version}, ${safeText(letter.type)}: ${errorText(letter)}`,
      );
  }
  return failed.length === 0 ? exitCodes.ok : exitCodes.failure;
}
