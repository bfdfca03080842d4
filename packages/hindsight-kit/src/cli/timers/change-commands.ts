/** `hindsight timers cancel` and `hindsight timers retry`. */

import type { Command } from 'commander';
import type { Store } from 'hindsightdb';
import { cancelTimer, retryTimer, type TimerId } from 'hindsightdb/timers';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../failure.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds both to their group. */
export function addChanges(group: Command, cli: Cli): void {
  const cancelling = addChange(group, cli, {
    name: 'cancel',
    summary: 'take a timer away, so that it never fires',
    change: cancelTimer,
    done: 'Cancelled',
    none: 'has no such timer; it may have been fired',
  });
  addExamples(cancelling, [{ line: 'timers cancel reminders order-75', meaning: 'nobody is to be reminded' }]);
  const retrying = addChange(group, cli, {
    name: 'retry',
    summary: 'have a timer that was set aside fired again',
    change: retryTimer,
    done: 'To be fired again:',
    none: 'has no timer of this id that was set aside',
  });
  addExamples(retrying, [{ line: 'timers retry reminders order-75', meaning: 'the cause is gone: try it again' }]);
}

interface Change {
  readonly name: string;
  readonly summary: string;
  /** Answers whether there was one. */
  readonly change: (store: Store, timer: TimerId) => Promise<boolean>;
  readonly done: string;
  readonly none: string;
}

function addChange(group: Command, cli: Cli, { name, summary, change, done, none }: Change): Command {
  return group
    .command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}. Where there is none, the exit code is 1.`)
    .argument('<group>', 'the group of the timer')
    .argument('<id>', 'the id of the timer')
    .action((of: string, id: string, _options: object, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store } = await context.openStore({ access: 'write' });
        await using _ = store;
        if (!(await change(store, { group: of, id })))
          throw new CommandError(`${safeText(of)} ${none}: ${safeText(id)}.`, {
            advice: [`See which there are: hindsight timers list ${shellWord(of)}`],
          });
        await tell(context, { group: of, id }, done);
      }),
    );
}

async function tell({ isJson, output, palette }: CommandContext, timer: TimerId, done: string): Promise<void> {
  if (isJson) return await output.line(JSON.stringify({ ...timer, isDone: true }));
  await output.line(`${done} ${palette.name(safeText(timer.id))} of ${safeText(timer.group)}`);
}
