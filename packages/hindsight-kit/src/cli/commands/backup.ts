/** `hindsight backup`: a consistent copy while others go on. */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import { bytesText, durationText } from '../terminal/quantities.ts';

/** Adds the command. */
export const addBackup: AddCommand = (program, cli) => {
  const command = program
    .command('backup')
    .summary('copy the store while others go on')
    .description(
      'Copies the store, as it is at one moment, to a new file. Others read and write meanwhile. Nothing is overwritten, and an interrupted backup leaves nothing behind.',
    )
    .argument('<file>', 'where the copy goes; there must be nothing yet')
    .action((file: string, _options: object, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store, address } = await context.openStore();
        await using _ = store;
        const target = resolve(context.world.folder, file);
        const progress = context.progress('Copying');
        const { heads } = await store.backup(target, {
          signal: context.signal,
          onProgress: (state) => progress.update(state),
        });
        progress.clear();
        const { size } = await stat(target);
        if (context.isJson) return await context.document({ store: address, backup: target, heads, bytes: size });
        const { palette, output } = context;
        await output.line(
          `Copied ${palette.name(address)} up to position ${heads.join(', ')} to ${palette.name(file)}: ${bytesText(size)}, ${durationText(progress.elapsedMs)}`,
        );
      }),
    );
  addExamples(command, [
    { line: 'backup ./backup-2026-03-01.db', meaning: 'copy the store' },
    { line: 'restore ./backup-2026-03-01.db ./events-restored.db', meaning: 'and make a store of the copy again' },
  ]);
};
