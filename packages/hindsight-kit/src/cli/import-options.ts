/**
 * The options of `hindsight import`. Those of a format stand in its own file; `input-table.ts` says which belong to which.
 */

import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { inputKinds, type InputKind } from '../formats/import/input-format.ts';
import { addLayoutOptions, type CsvImportOptions } from './csv-options.ts';
import { wholeNumber } from './event-choice.ts';
import { UsageError } from './failure.ts';
import { addMappingOptions } from './mapping-options.ts';
import { addObjectLogOptions, type ObjectLogOptions } from './object-log-options.ts';
import { addXesOptions, type XesOptions } from './xes-options.ts';

/** The options as commander gathers them. */
export interface ImportOptions extends CsvImportOptions, XesOptions, ObjectLogOptions {
  readonly format?: InputKind;
  readonly source?: string;
  readonly onBadRow: 'stop' | 'skip';
  readonly preview?: number | true;
  readonly encoding?: string;
}

/** Adds the options. */
export function addImportOptions(command: Command): Command {
  command
    .addOption(new Option('--format <format>', 'default: by the name of the file').choices(inputKinds))
    .option('--source <name>', 'the name under which its progress is kept; default: the name of the file')
    .addOption(
      new Option('--on-bad-row <what>', 'for rows that mean no event: stop there, or skip and count them')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .addOption(
      new Option('--preview [count]', 'show what the first rows would become, and write nothing').argParser(
        wholeNumber(1),
      ),
    )
    .option('--encoding <name>', 'of the text, as TextDecoder calls it; default: utf-8, or what XML declares');
  addMappingOptions(command);
  addXesOptions(command);
  addObjectLogOptions(command);
  return addLayoutOptions(command);
}

/** The name under which a file is imported when nobody says another: its own, without its folder and without `.gz`. */
export function sourceOf(file: string, options: ImportOptions): string {
  if (options.source !== undefined) {
    if (options.source === '' || Buffer.byteLength(options.source) > 200)
      throw new UsageError('The name of a source takes 1 to 200 bytes.');
    return options.source;
  }
  if (file === '-') throw new UsageError('Standard input has no name: give it one with --source <name>.');
  return basename(file).replace(/\.gz$/i, '');
}
