/** `hindsight restore`: a store from a backup. */

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openStore, restoreStore } from 'hindsightdb';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import { durationText } from '../terminal/quantities.ts';

/** Adds the command. */
export const addRestore: AddCommand = (program, cli) => {
  const command = program
    .command('restore')
    .summary('make a store from a backup')
    .description(
      'Makes a new store from a backup. Its log lives on in a new epoch: checkpoints taken after the backup are recognised as not its own. Nothing is overwritten; to replace a store, restore beside it and move the files.',
    )
    .argument('<backup>', 'the backup, or any store that nobody writes to')
    .argument('<store>', 'where the new store goes; there must be nothing yet')
    .action((backup: string, given: string, _options: object, self: Command) =>
      runAction(cli, self, async (context) => {
        const { folder } = context.world;
        const target = resolve(folder, given);
        const progress = context.progress('Restoring');
        const identity = await restoreStore(resolve(folder, backup), target, {
          signal: context.signal,
          onProgress: (state) => progress.update(state),
        });
        progress.clear();
        const store = await openStore(target, { create: false, readOnly: true });
        const positions = await store.positions();
        await store.close();
        const epoch = identity.lineage.at(-1)?.epoch ?? '';
        if (context.isJson)
          return await context.document({
            store: target,
            logId: identity.logId,
            epoch,
            epochs: identity.lineage.length,
            heads: positions,
          });
        const { palette, output } = context;
        await output.line(
          `Restored ${palette.name(given)} up to position ${positions.join(', ')} in ${durationText(progress.elapsedMs)}; it is epoch ${identity.lineage.length} of the log`,
        );
      }),
    );
  addExamples(command, [
    { line: 'restore ./backup-2026-03-01.db ./events-restored.db', meaning: 'make a store from a backup' },
    { line: 'check --store ./events-restored.db', meaning: 'and see that it is sound' },
  ]);
};
