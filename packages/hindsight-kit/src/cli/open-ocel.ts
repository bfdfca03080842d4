/**
 * Reading a log of OCEL for `hindsight import`: all of it, before a store is opened.
 */

import { isTimeZone } from '../formats/csv/zone-offset.ts';
import { orderedLog } from '../formats/ocel/ocel-text.ts';
import { UnreadableInput } from '../formats/source/bad-input.ts';
import { CommandError, exitCodes, interruptedWith, UsageError } from './failure.ts';
import type { InputRequest, OpenInput } from './input-table.ts';
import { placeOf } from './place-in-file.ts';
import { safeText } from './terminal/text-width.ts';

/** Opens a log, which is read to its end. Throws what is wrong with it, with its place; nothing was imported then. */
export async function openOcel({ context, file, text, options, limits }: InputRequest): Promise<OpenInput> {
  const { streamBy = null, timeZone = null } = options;
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
    if (firstBad === undefined || options.onBadRow === 'skip' || options.preview !== undefined)
      return { ...ordered, isReadThrough: true };
    await ordered[Symbol.asyncDispose]();
    throw new CommandError(`${placeOf(file, firstBad)}: ${safeText(firstBad.reason)}`, {
      advice: ['Nothing was imported by this run. Mend the element, or leave such out: --on-bad-row skip'],
    });
  } catch (error) {
    throw failureOf(error, file);
  } finally {
    progress.clear();
  }
}

function failureOf(error: unknown, file: string): unknown {
  if (!(error instanceof UnreadableInput))
    return interruptedWith(error, [
      'Nothing was imported by this run; the same command goes on where the last one ended.',
    ]);
  const { line = 1, character, element, offset } = error.place;
  return new CommandError(`${placeOf(file, { line, character, element })}: ${safeText(error.message)}`, {
    exitCode: offset < 0 ? exitCodes.usage : exitCodes.failure,
    advice: error.advice,
    cause: error,
  });
}
