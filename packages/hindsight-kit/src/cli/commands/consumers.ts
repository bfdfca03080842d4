/** `hindsight consumers`: whatever follows the log under a name, and operating it. */

import type { Command } from 'commander';
import type { Store } from 'hindsightdb';
import {
  consumerInfo,
  listConsumers,
  pauseConsumer,
  removeConsumer,
  resetConsumer,
  resumeConsumer,
  rewindConsumer,
  setAsideFailed,
  type ConsumerInfo,
} from 'hindsightdb/consumers';
import { listViews } from 'hindsightdb/projections';
import { addExamples, runAction, type AddCommand, type Cli } from '../command.ts';
import { addGroup } from '../command-group.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import {
  behindText,
  consumerDocument,
  lagText,
  lettersText,
  paintStanding,
  slicesText,
  standingOf,
  whyText,
} from '../consumers/consumer-text.ts';
import { obeyedText } from '../consumers/consumer-advice.ts';
import { CommandError } from '../failure.ts';
import { rewindForms, rewindPlace } from '../consumers/rewind-place.ts';
import { showConsumer } from '../consumers/show-consumer.ts';
import { countOf } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds the group. */
export const addConsumers: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'consumers',
    summary: 'list what follows the log; pause, resume, rewind it',
    description:
      'Consumers are whatever follows the log under a name: projections, reactions, and plain handlers. What is asked of one is written into the store; the processes that run it obey within half a second, and where none does, the next that does.',
    byDefault: list,
  });
  const listing = group
    .command('list')
    .summary('list them with their state and lag (default)')
    .description(
      'Lists the consumers. SLICES says on how many of its slices a process works, LAG how many positions of the log it is behind, BEHIND for how long its oldest event waits.',
    )
    .action((_options: object, self: Command) => runAction(cli, self, list));
  addExamples(listing, [{ line: 'consumers list --json', meaning: 'one JSON document on each line' }]);
  const showing = group
    .command('show')
    .summary('show one: its slices, why it failed, what to do')
    .description('Shows a consumer with the place of each slice, and where it failed with the event and what to do.')
    .argument('<name>', 'the name of the consumer')
    .action((name: string, _options: object, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store } = await context.openStore();
        await using _ = store;
        const info = await consumerInfo(store, name);
        if (context.isJson) await context.document({ ...consumerDocument(info), slices: info.slices });
        else await showConsumer(context, info);
      }),
    );
  addExamples(showing, [{ line: 'consumers show order-mails', meaning: 'why does it not go on?' }]);
  addPauseAndResume(group, cli);
  addResetAndRewind(group, cli);
  addRemove(group, cli);
  addExamples(group, [
    { line: 'consumers', meaning: 'how far is everything, and does it run?' },
    { line: 'consumers show order-mails', meaning: 'why does it not go on?' },
    { line: 'consumers resume order-mails --set-aside', meaning: 'go on without the event that it failed at' },
    { line: 'consumers rewind statistics --to "2026-03-01 09:30"', meaning: 'handle again what came since' },
  ]);
};

async function list(context: CommandContext): Promise<void> {
  const { store } = await context.openStore();
  await using _ = store;
  const consumers = await listConsumers(store);
  const { output, palette, widthMax, isJson } = context;
  if (isJson) {
    for (const info of consumers) await output.line(JSON.stringify(consumerDocument(info)));
    return;
  }
  if (consumers.length === 0) {
    context.note('No consumer was ever started with this store.');
    return;
  }
  const views = await listViews(store);
  const replaced = new Set(
    views.flatMap(({ name, version, replacedBuilds }) => replacedBuilds.map((build) => `${name}@${version}.${build}`)),
  );
  const rows = consumers.map((info) => [
    safeText(info.name),
    info.kind,
    standingOf(info),
    slicesText(info),
    lagText(info),
    behindText(info),
    lettersText(info),
    replaced.has(info.name) ? 'a build that was replaced' : whyText(info),
  ]);
  const columns = [
    { title: 'NAME', paint: palette.name },
    { title: 'KIND', leftOutBelow: 100 },
    { title: 'STATE', paint: (text: string) => paintStanding(palette, text) },
    { title: 'SLICES', align: 'right' as const, leftOutBelow: 70 },
    { title: 'LAG', align: 'right' as const },
    { title: 'BEHIND', align: 'right' as const, leftOutBelow: 100 },
    { title: 'LETTERS', align: 'right' as const },
    { title: 'WHY' },
  ];
  for (const line of tableLines(columns, rows, { widthMax, paintTitle: palette.title })) await output.line(line);
}

/** Does something to a consumer, and says how it stands then. */
async function operate(
  context: CommandContext,
  name: string,
  work: (store: Store, before: ConsumerInfo) => Promise<string>,
): Promise<void> {
  // What is asked for is written beside the log; nothing of the application judges it.
  const { store } = await context.openStore({ access: 'write', asApplication: false });
  await using _ = store;
  const before = await consumerInfo(store, name);
  const done = await work(store, before);
  if (context.isJson) return await context.document(consumerDocument(await consumerInfo(store, name)));
  await context.output.line(done);
  await context.output.flush();
  context.note(obeyedText(before));
}

function addPauseAndResume(group: Command, cli: Cli): void {
  const pausing = group
    .command('pause')
    .summary('have one pause')
    .description('Has a consumer pause: what is at hand is finished, nothing new is begun until it is resumed.')
    .argument('<name>', 'the name of the consumer')
    .option('--reason <text>', 'why, for whoever lists it')
    .action((name: string, options: { readonly reason?: string }, self: Command) =>
      runAction(cli, self, (context) =>
        operate(context, name, async (store) => {
          await pauseConsumer(store, name, options);
          return `Paused ${context.palette.name(safeText(name))}. To go on: hindsight consumers resume ${shellWord(name)}`;
        }),
      ),
    );
  addExamples(pausing, [
    { line: 'consumers pause order-mails --reason "the mail server moves"', meaning: 'pause one' },
  ]);
  const resuming = group
    .command('resume')
    .summary('have one go on after a pause or a failure')
    .description('Has a consumer go on after a pause or a failure, with the event that it failed at or without it.')
    .argument('<name>', 'the name of the consumer')
    .option('--set-aside', 'set the event that it failed at aside: what comes behind it of the same entity waits')
    .action((name: string, options: { readonly setAside?: true }, self: Command) =>
      runAction(cli, self, (context) =>
        operate(context, name, (store, before) => resume(context, store, before, options)),
      ),
    );
  addExamples(resuming, [
    { line: 'consumers resume order-mails', meaning: 'go on; it meets the same event again' },
    { line: 'consumers resume order-mails --set-aside', meaning: 'go on without it; see hindsight letters' },
  ]);
}

async function resume(
  { palette }: CommandContext,
  store: Store,
  { name, status, failure }: ConsumerInfo,
  { setAside }: { readonly setAside?: true },
): Promise<string> {
  const shown = palette.name(safeText(name));
  if (setAside === true) {
    await setAsideFailed(store, name);
    const { streamId = '', version = 0 } = failure?.event ?? {};
    return `${shown} goes on without ${safeText(streamId)} ${version}. To see what waits: hindsight letters list ${shellWord(name)}`;
  }
  if (status === 'running') return `${shown} was neither paused nor failed.`;
  await resumeConsumer(store, name);
  return `${shown} goes on.`;
}

function addResetAndRewind(group: Command, cli: Cli): void {
  const resetting = group
    .command('reset')
    .summary('have one begin where it began the first time')
    .description(
      'Takes a consumer to where it begins for the first time; what it has handled since is handled again. Its letters stay. A reaction is never taken back, and a projection is rebuilt instead.',
    )
    .argument('<name>', 'the name of the consumer')
    .action((name: string, _options: object, self: Command) =>
      runAction(cli, self, (context) =>
        operate(context, name, async (store) => {
          await resetConsumer(store, name);
          return `${context.palette.name(safeText(name))} begins where it began the first time.`;
        }),
      ),
    );
  addExamples(resetting, [{ line: 'consumers reset statistics', meaning: 'handle everything again' }]);
  const rewinding = group
    .command('rewind')
    .summary('take one to another place in the log')
    .description(
      'Takes a consumer to another place in the log, back or forward, also while it runs. Its letters stay. A reaction can only be taken forward, and a projection is rebuilt instead.',
    )
    .argument('<name>', 'the name of the consumer')
    .requiredOption('--to <place>', 'a position, a time, a checkpoint, a release, beginning or now')
    .action((name: string, { to: given }: { readonly to: string }, self: Command) =>
      runAction(cli, self, (context) => rewind(context, name, given)),
    )
    .addHelpText('after', `\n${rewindForms.join('\n')}`);
  addExamples(rewinding, [
    { line: 'consumers rewind statistics --to "2026-03-01 09:30"', meaning: 'handle again what was recorded since' },
    { line: 'consumers rewind statistics --to 1200', meaning: 'go on behind position 1200' },
    { line: 'consumers rewind order-mails --to now', meaning: 'leave out what is there' },
  ]);
}

async function rewind(context: CommandContext, name: string, given: string): Promise<void> {
  // A release is looked for in metadata, which a codec of the application may have hidden.
  const asApplication = /release/i.test(given);
  const { store } = await context.openStore({ access: 'write', asApplication });
  await using _ = store;
  const before = await consumerInfo(store, name);
  const { to, text } = await rewindPlace(context, store, given);
  await rewindConsumer(store, name, to);
  const after = await consumerInfo(store, name);
  if (context.isJson) return await context.document(consumerDocument(after));
  const left = after.lag === undefined ? '' : `; ${countOf(after.lag.positions, 'position')} to go`;
  await context.output.line(`${context.palette.name(safeText(name))} goes on behind ${text}${left}.`);
  await context.output.flush();
  context.note(obeyedText(before));
}

function addRemove(group: Command, cli: Cli): void {
  const removing = group
    .command('remove')
    .summary('forget one: its progress and its letters')
    .description(
      'Removes all that is remembered of a consumer. One that still runs stops; started again under its name, it begins anew.',
    )
    .argument('<name>', 'the name of the consumer')
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: { readonly yes?: true }, self: Command) =>
      runAction(cli, self, (context) => remove(context, name, options)),
    );
  addExamples(removing, [
    { line: 'consumers remove statistics', meaning: 'ask, then forget it' },
    { line: 'consumers remove statistics --yes', meaning: 'for scripts' },
  ]);
}

async function remove(context: CommandContext, name: string, { yes }: { readonly yes?: true }): Promise<void> {
  const { store } = await context.openStore({ access: 'write', asApplication: false });
  await using _ = store;
  const info = await consumerInfo(store, name);
  if (info.kind === 'projection')
    throw new CommandError(`${safeText(name)} is a build of a projection's view, which would stay without its place.`, {
      advice: ['To remove the view: hindsight projections drop <name>@<version>'],
    });
  const letters = info.letterCount === 0 ? '' : ` and its ${lettersText(info)} letters`;
  const running = standingOf(info) === 'running' ? ' It runs now, and would stop.' : '';
  await confirm(context, {
    text: `Forget the progress of the ${info.kind} ${safeText(name)}${letters}?${running}`,
    yes,
  });
  await removeConsumer(store, name);
  if (context.isJson) return await context.document({ name, isRemoved: true });
  await context.output.line(`Removed ${context.palette.name(safeText(name))}.`);
}
