/** `hindsight projections`: read models, rebuilding them, and comparing them with what the log says. */

import type { Command } from 'commander';
import { isHindsightError } from 'hindsightdb';
import {
  checkProjection,
  rebuildProjection,
  removeReplacedBuilds,
  removeView,
  type Projection,
} from 'hindsightdb/projections';
import { addExamples, runAction, type AddCommand, type Cli } from '../command.ts';
import { addGroup } from '../command-group.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { firstLine, paintStanding } from '../consumers/consumer-text.ts';
import { CommandError, exitCodes, interruptedWith } from '../failure.ts';
import { differenceLines, plainValue } from '../projections/difference-lines.ts';
import { findProjection, namedVersion } from '../projections/named-projection.ts';
import { projectionRows, rowDocument, rowState, type ProjectionRow } from '../projections/projection-rows.ts';
import { countOf, countText, durationText, rateText } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds the group. */
export const addProjections: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'projections',
    summary: 'list read models; rebuild one, check it against the log',
    description:
      'Projections keep views of what happened. What is kept stands in the store; what a projection computes only code says, so that the configuration names the projections that are to be rebuilt or checked.',
    byDefault: list,
  });
  const listing = group
    .command('list')
    .summary('list the views with their builds and lag (default)')
    .description(
      'Lists the versions of projections that the store keeps or the configuration declares. SHOWN is the build that readers see, LAG how many positions of the log it is behind; the version that the public names show is marked.',
    )
    .action((_options: object, self: Command) => runAction(cli, self, list));
  addExamples(listing, [{ line: 'projections list --json', meaning: 'one JSON document on each line' }]);
  addRebuild(group, cli);
  addCheckOf(group, cli);
  addDrop(group, cli);
  addExamples(group, [
    { line: 'projections', meaning: 'which views are there, and how far are they?' },
    { line: 'projections rebuild open-orders', meaning: 'build a view anew; readers see the old one until then' },
    { line: 'projections check open-orders', meaning: 'is the view what the log says?' },
  ]);
};

async function list(context: CommandContext): Promise<void> {
  const { store } = await context.openStore();
  await using _ = store;
  const declared = (await context.config())?.config.projections;
  const rows = await projectionRows(store, declared ?? []);
  const { output, palette, widthMax, isJson } = context;
  if (isJson) {
    for (const row of rows) await output.line(JSON.stringify(rowDocument(row)));
    return;
  }
  if (rows.length === 0) {
    context.note('The store keeps no views, and the configuration declares no projections.');
    return;
  }
  const columns = [
    { title: 'NAME', paint: palette.name },
    { title: 'VERSION', align: 'right' as const },
    { title: 'SHOWN', align: 'right' as const },
    { title: 'LAG', align: 'right' as const },
    { title: 'STATE', paint: (text: string) => paintStanding(palette, text) },
    { title: 'NOTES' },
  ];
  const cells = rows.map((row) => [
    safeText(row.name),
    String(row.version),
    row.view?.shown === undefined ? '-' : `build ${row.view.shown.build}`,
    row.lag === undefined ? '-' : countText(row.lag),
    rowState(row),
    notesOf(row, declared),
  ]);
  for (const line of tableLines(columns, cells, { widthMax, paintTitle: palette.title })) await output.line(line);
}

function notesOf({ view, isDeclared, consumer }: ProjectionRow, declared: readonly Projection[] | undefined): string {
  const replaced = view?.replacedBuilds.length ?? 0;
  return [
    consumer?.status === 'failed' ? firstLine(consumer.failure?.message ?? '') : '',
    view?.isPublic === true ? 'public' : '',
    view?.mode === 'inline' && view.building !== undefined ? 'inline' : '',
    replaced > 0 ? countOf(replaced, 'replaced build') : '',
    isDeclared || declared === undefined ? '' : 'not in the configuration',
  ]
    .filter((note) => note !== '')
    .join(', ');
}

function addRebuild(group: Command, cli: Cli): void {
  const rebuilding = group
    .command('rebuild')
    .summary('build a view anew beside the one that is shown')
    .description(
      'Builds the view of a projection anew. Readers see the old one until the new one has come as far, and never a half of it; no effect of a reaction is done. Interrupted, even killed, it goes on where it ended when it is run again.',
    )
    .argument('<name>', 'the name of the projection, or name@version')
    .action((name: string, _options: object, self: Command) =>
      runAction(cli, self, (context) => rebuild(context, name)),
    );
  addExamples(rebuilding, [
    { line: 'projections rebuild open-orders', meaning: 'the newest version that the configuration has' },
    { line: 'projections rebuild open-orders@1 --json', meaning: 'a certain version, for machines' },
  ]);
}

/** What a killed run leaves is taken up after so long; whoever rebuilds from a terminal waits for it. */
const rebuildLeaseMs = 3000;

async function rebuild(context: CommandContext, given: string): Promise<void> {
  const projection = await findProjection(context, given);
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const progress = context.progress('Rebuilding');
  let count = 0;
  try {
    const { build, eventCount, elapsedMs } = await rebuildProjection(store, projection, {
      leaseMs: rebuildLeaseMs,
      signal: context.signal,
      onProgress: ({ done, total, eventsPerSecond }) => {
        count = Math.round((eventsPerSecond * progress.elapsedMs) / 1000);
        const isIdle = count === 0 && progress.elapsedMs > 1000;
        const detail = isIdle ? 'waiting; another process may be at work on it' : countOf(count, 'event');
        progress.update({ done, total, count, detail });
      },
    });
    progress.clear();
    const { name, version } = projection;
    if (context.isJson)
      return await context.document({ name, version, build, eventCount, elapsedMs: Math.round(elapsedMs) });
    const { output, palette } = context;
    await output.line(
      `${palette.good('Rebuilt')} ${palette.name(safeText(name))}, version ${version}: ${countOf(eventCount, 'event')} in ${durationText(elapsedMs)}, ${rateText(eventCount, elapsedMs)}. Build ${build} is shown.`,
    );
  } catch (error) {
    progress.clear();
    if (!context.signal.aborted) throw error;
    throw interruptedWith(context.signal.reason, [
      'Readers see what they saw before. What was built stays; the same command goes on there.',
    ]);
  }
}

function addCheckOf(group: Command, cli: Cli): void {
  const checking = group
    .command('check')
    .summary('compare a view with a fresh fold of the log')
    .description(
      'Folds the log anew, in memory, and compares the view that readers see with it, for the place that the view has come to. It may be kept up to date meanwhile; nothing is changed. Ends with exit code 1 where they differ.',
    )
    .argument('<name>', 'the name of the projection, or name@version')
    .action((name: string, _options: object, self: Command) => runAction(cli, self, (context) => check(context, name)));
  addExamples(checking, [{ line: 'projections check open-orders', meaning: 'is the view what the log says?' }]);
}

async function check(context: CommandContext, given: string): Promise<number> {
  const projection = await findProjection(context, given);
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const progress = context.progress('Folding');
  const report = await checkProjection(store, projection, {
    signal: context.signal,
    onProgress: ({ done, total }) => progress.update({ done, total, count: done, detail: countOf(done, 'position') }),
  }).finally(() => progress.clear());
  const { name, version } = projection;
  const { build, checkpoint, eventCount, comparedCount, differenceCount, differences } = report;
  const isSame = differenceCount === 0;
  const { output, palette, widthMax } = context;
  if (context.isJson) {
    const plain = differences.map((each) => plainValue(each));
    await context.document({
      name,
      version,
      build,
      checkpoint,
      eventCount,
      comparedCount,
      differenceCount,
      differences: plain,
    });
    return isSame ? exitCodes.ok : exitCodes.failure;
  }
  const seen = `build ${build} of ${palette.name(safeText(name))}, version ${version}; ${comparedText(projection, comparedCount)} compared with a fold of ${countOf(eventCount, 'event')}, ${durationText(progress.elapsedMs)}`;
  if (isSame) {
    await output.line(`${palette.good('The same:')} ${seen}`);
    return exitCodes.ok;
  }
  await output.line(`${palette.bad(countOf(differenceCount, 'difference'))} in ${seen}`);
  for (const line of differenceLines(differences, { palette, widthMax })) await output.line(line);
  await output.flush();
  if (differenceCount > differences.length)
    context.note(`… and ${countText(differenceCount - differences.length)} more`);
  context.note(`To build it anew: hindsight projections rebuild ${shellWord(`${name}@${version}`)}`);
  return exitCodes.failure;
}

function comparedText({ view }: Projection, count: number): string {
  return view.kind === 'sql'
    ? countOf(count, 'row')
    : countOf(count, 'document or index entry', 'documents and index entries');
}

function addDrop(group: Command, cli: Cli): void {
  const dropping = group
    .command('drop')
    .summary('remove the view of a version, or builds that were replaced')
    .description(
      'With name@version removes the view of that version with all its builds; where the public names showed it, they show the newest other version. With a name alone removes the builds that were replaced by others and are shown to nobody. A process that still runs a version that is dropped builds it anew.',
    )
    .argument('<name>', 'name@version, or a name for the builds that were replaced')
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: { readonly yes?: true }, self: Command) =>
      runAction(cli, self, (context) => drop(context, name, options)),
    );
  addExamples(dropping, [
    { line: 'projections drop open-orders@1', meaning: 'no code reads version 1 any more' },
    { line: 'projections drop open-orders', meaning: 'make room: only builds that nobody sees' },
  ]);
}

async function drop(context: CommandContext, given: string, { yes }: { readonly yes?: true }): Promise<void> {
  const { name, version } = namedVersion(given);
  const { store } = await context.openStore({ access: 'write', asApplication: false });
  await using _ = store;
  const rows = (await projectionRows(store, [])).filter((row) => row.name === name);
  const row = rows.find((each) => each.version === version);
  if (rows.length === 0 || (version !== undefined && row === undefined))
    throw new CommandError(`The store keeps no view of ${safeText(given)}.`, {
      advice: ['See which there are: hindsight projections list'],
    });
  const { output, palette, signal, isJson } = context;
  try {
    if (version === undefined) {
      const removedCount = await removeReplacedBuilds(store, { name }, { signal });
      if (isJson) return await context.document({ name, removedCount });
      await output.line(`Removed ${countOf(removedCount, 'replaced build')} of ${palette.name(safeText(name))}.`);
      return;
    }
    const isRun = row?.consumer !== undefined && rowState(row) === 'running';
    const running = isRun ? ' A process runs it now, and would build it anew.' : '';
    await confirm(context, { text: `Remove the view of version ${version} of ${safeText(name)}?${running}`, yes });
    await removeView(store, { name, version }, { signal });
  } catch (error) {
    if (!signal.aborted || isHindsightError(error)) throw error;
    throw interruptedWith(signal.reason, [
      'What is not removed yet is shown to nobody; the same command goes on there.',
    ]);
  }
  if (isJson) return await context.document({ name, version, isRemoved: true });
  await output.line(`Removed the view of version ${version} of ${palette.name(safeText(name))}.`);
}
