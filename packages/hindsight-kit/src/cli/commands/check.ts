/** `hindsight check`: everything is read, and what is wrong with it is named. */

import type { Command } from 'commander';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import { exitCodes } from '../failure.ts';
import { countOf, durationText } from '../terminal/quantities.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds the command. */
export const addCheck: AddCommand = (program, cli) => {
  const command = program
    .command('check')
    .summary('read everything and name what is damaged')
    .description(
      'Reads the whole store and compares what belongs together. Others may go on writing meanwhile; nothing is changed. Ends with exit code 4 when anything is wrong.',
    )
    .action((_options: object, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store, address } = await context.openStore();
        await using _ = store;
        const progress = context.progress('Checking');
        const report = await store.check({
          signal: context.signal,
          onProgress: ({ done, total }) =>
            progress.update({ done, total, count: done, detail: countOf(done, 'event') }),
        });
        progress.clear();
        const { eventCount, streamCount, findings } = report;
        const isSound = findings.length === 0;
        if (context.isJson) {
          await context.document({ store: address, isSound, eventCount, streamCount, findings });
          return isSound ? exitCodes.ok : exitCodes.damage;
        }
        const { palette, output } = context;
        const seen = `${countOf(eventCount, 'event')} in ${countOf(streamCount, 'stream')}, ${durationText(progress.elapsedMs)}`;
        if (isSound) {
          await output.line(`${palette.good('Sound:')} ${seen}`);
          return exitCodes.ok;
        }
        await output.line(`${palette.bad('Damaged:')} ${countOf(findings.length, 'finding')}, ${seen}`);
        const rows = findings.map(({ position, kind, message }) => [
          position === undefined ? '-' : String(position),
          kind,
          safeText(message),
        ]);
        for (const line of tableLines(
          [{ title: 'POSITION', align: 'right' }, { title: 'KIND', paint: palette.bad }, { title: 'WHAT' }],
          rows,
          { paintTitle: palette.title },
        ))
          await output.line(line);
        await output.flush();
        context.note('Keep this file as it is, and restore a backup beside it: hindsight restore <backup> <new store>');
        return exitCodes.damage;
      }),
    );
  addExamples(command, [
    { line: 'check', meaning: 'check the store of hindsight.config.ts' },
    { line: 'check --store ./backup.db --json', meaning: 'check a backup, for machines' },
  ]);
};
