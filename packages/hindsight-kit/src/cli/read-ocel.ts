/**
 * Reading a log of OCEL for `hindsight import`: all of it, before a store is opened.
 */

import type { Limits } from 'hindsightdb';
import { isTimeZone } from '../formats/csv/zone-offset.ts';
import type { SkippedRow } from '../formats/import/import-result.ts';
import { orderedLog, type OrderedLog } from '../formats/ocel/ocel-text.ts';
import { UnreadableInput } from '../formats/source/bad-input.ts';
import type { TextSource } from '../formats/source/text-source.ts';
import type { CommandContext } from './context.ts';
import { CommandError, exitCodes, interruptedWith, UsageError } from './failure.ts';
import type { ImportOptions } from './import-options.ts';
import { assertFor } from './option-formats.ts';
import { safeText } from './terminal/text-width.ts';

/** Reads a log. Throws what is wrong with it, with its place; nothing was imported then. */
export async function readOcel(
  context: CommandContext,
  log: {
    readonly text: TextSource;
    readonly options: ImportOptions;
    readonly limits: Limits;
    readonly place: (at: Pick<SkippedRow, 'line' | 'element'>) => string;
  },
): Promise<OrderedLog> {
  const { text, options, limits, place } = log;
  const { streamBy = null, timeZone = null } = options;
  assertFor('ocel', options);
  if (timeZone !== null && !isTimeZone(timeZone))
    throw new UsageError(`${JSON.stringify(timeZone)} is no time zone.`, [
      'Write a name like Europe/Amsterdam or UTC, or an offset like +02:00.',
    ]);
  const progress = context.progress('Reading');
  try {
    const ordered = await orderedLog({
      text,
      mapping: { streamBy, timeZone },
      limits,
      signal: context.signal,
      onReading: ({ done, total }) => progress.update({ done, total }),
    });
    const { firstBad } = ordered;
    if (firstBad === undefined || options.onBadRow === 'skip' || options.preview !== undefined) return ordered;
    await ordered[Symbol.asyncDispose]();
    throw new CommandError(`${place(firstBad)}: ${safeText(firstBad.reason)}`, {
      advice: ['Nothing was imported by this run. Mend the element, or leave such out: --on-bad-row skip'],
    });
  } catch (error) {
    throw failureOf(error, place);
  } finally {
    progress.clear();
  }
}

function failureOf(error: unknown, place: (at: Pick<SkippedRow, 'line' | 'element'>) => string): unknown {
  if (!(error instanceof UnreadableInput))
    return interruptedWith(error, [
      'Nothing was imported by this run; the same command goes on where the last one ended.',
    ]);
  const { line = 1, element, offset } = error.place;
  return new CommandError(`${place({ line, element })}: ${safeText(error.message)}`, {
    exitCode: offset < 0 ? exitCodes.usage : exitCodes.failure,
    advice: error.advice,
    cause: error,
  });
}
