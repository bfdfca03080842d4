/** `hindsight timers fire`: firing what is due, once. */

import type { Command } from 'commander';
import { fireDue, type FailedFiring, type Timers } from 'hindsightdb/timers';
import { addExamples, runAction, type Cli } from '../command.ts';
import { firstLine } from '../consumers/consumer-text.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds the command to its group. */
export function addFire(group: Command, cli: Cli): void {
  const command = group
    .command('fire')
    .summary('fire what is due now, and end')
    .description(
      'Fires the timers that are due by now, of the groups that the configuration declares; it may run beside processes that do the same, and each timer fires once in effect. Where firing fails, the exit code is 1: the timer is tried again later, or set aside.',
    )
    .argument('[group...]', 'the groups; default: all that are declared')
    .action((names: readonly string[], _options: object, self: Command) =>
      runAction(cli, self, (context) => fire(context, names)),
    );
  addExamples(command, [
    { line: 'timers fire', meaning: 'for programs that are started at intervals' },
    { line: 'timers fire reminders --json', meaning: 'of one group, for machines' },
  ]);
}

async function fire(context: CommandContext, names: readonly string[]): Promise<number> {
  const groups = await namedTimers(context, names);
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const { output, palette } = context;
  let hasFailed = false;
  for (const timers of groups) {
    const failures: FailedFiring[] = [];
    let failedCount = 0;
    const firedCount = await fireDue(store, timers, {
      signal: context.signal,
      onFailure: (failed) => {
        failedCount += 1;
        if (failures.length < shownMax) failures.push(failed);
      },
    });
    hasFailed ||= failedCount > 0;
    if (context.isJson) {
      await output.line(
        JSON.stringify({ group: timers.name, firedCount, failedCount, failures: failures.map(({ timer }) => timer) }),
      );
      continue;
    }
    await output.line(
      `${palette.name(safeText(timers.name))}: ${countOf(firedCount, 'timer')} fired${failedCount === 0 ? '' : `, ${palette.bad(`${countText(failedCount)} failed`)}`}`,
    );
    for (const { timer } of failures)
      await output.line(
        `  ${safeText(timer.id)} ${timer.state === 'failed' ? 'is set aside' : 'is tried again'}: ${palette.bad(firstLine(timer.error?.message ?? ''))}`,
      );
  }
  return hasFailed ? exitCodes.failure : exitCodes.ok;
}

/** So many failures of a group are shown. */
const shownMax = 20;

async function namedTimers(context: CommandContext, names: readonly string[]): Promise<readonly Timers[]> {
  const loaded = await context.config();
  const all = loaded?.config.timers ?? [];
  if (loaded === undefined || all.length === 0)
    throw new UsageError(
      loaded === undefined
        ? 'There is no hindsight.config.ts here or above, and only code says what follows from a timer.'
        : `${loaded.path} declares no timers, and only code says what follows from one.`,
      ['Declare them there: export default defineConfig({ timers: [reminders] });'],
    );
  if (names.length === 0) return all;
  return [...new Set(names)].map((name) => {
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw new UsageError(`The configuration declares no timers ${safeText(name)}.`, [
      `It declares: ${all.map((each) => each.name).join(', ')}`,
    ]);
  });
}
