/** `hindsight commands cancel`: taking back what was not decided yet. */

import type { Command } from 'commander';
import { cancelCommand } from 'hindsightdb/commands';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { timeText } from '../history/value-text.ts';
import { safeText } from '../terminal/text-width.ts';
import { consumerFor } from './declared-commands.ts';
import { outcomeDetail, paintStatus } from './outcome-text.ts';
import { findCommand, unknownCommand } from './status-command.ts';

interface CancelOptions {
  readonly reason?: string;
}

/** Adds the command to its group. */
export function addCancel(group: Command, cli: Cli): void {
  const command = group
    .command('cancel')
    .summary('take a command back that was not decided yet')
    .description(
      'Takes a command back, for good. One that has an outcome keeps it: then the exit code is 1. Taking it back again changes nothing.',
    )
    .argument('<id>', 'the id of the command')
    .option('--reason <text>', 'kept with the outcome')
    .action((id: string, options: CancelOptions, self: Command) =>
      runAction(cli, self, (context) => cancel(context, id, options)),
    );
  addExamples(command, [
    { line: 'commands cancel order-75/remind --reason "paid by hand"', meaning: 'it is never decided' },
  ]);
}

async function cancel(context: CommandContext, id: string, { reason }: CancelOptions): Promise<number> {
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const info = await findCommand(context, store, id);
  if (info === undefined) throw unknownCommand(id);
  const { isCancelled, outcome } = await cancelCommand(store, id, {
    consumer: await consumerFor(context, info.command),
    ...(reason !== undefined && { reason }),
  });
  if (context.isJson) await context.document({ id, isCancelled, outcome });
  else {
    const { kind, recordedAt } = outcome;
    const detail = outcomeDetail(outcome);
    const what = isCancelled ? '' : 'It keeps its outcome: ';
    await context.output.line(
      `${what}${paintStatus(context.palette, kind)} at ${timeText(recordedAt)}${detail === '' ? '' : `: ${safeText(detail)}`}`,
    );
  }
  return isCancelled ? exitCodes.ok : exitCodes.failure;
}
