/** Commands as lines of JSON: what a line means, and what became of it. */

import type { AnyCommands, Command as Sent, Outcome } from 'hindsightdb/commands';
import { objectOf } from '../../formats/json/json-object.ts';
import { BadRowError, UnreadableInput } from '../../formats/source/bad-input.ts';
import { LineCutter, type TextLine } from '../../formats/source/line-cutter.ts';
import type { TextSource } from '../../formats/source/text-source.ts';
import { UsageError } from '../failure.ts';
import { commandsFor } from './declared-commands.ts';

/** What became of a line. */
export type LineResult =
  | { readonly status: 'accepted' | 'duplicate'; readonly id: string; readonly outcome?: Outcome }
  | { readonly status: 'refused'; readonly id: string | null; readonly reasons: readonly string[] };

/** What a line means: a command and who takes it. */
export interface ReadLine {
  readonly sent: Sent;
  readonly commands: AnyCommands;
}

/** The lines of a text that are not blank. Throws a `UsageError` where it is no text. */
export async function* linesOf(source: TextSource): AsyncGenerator<TextLine> {
  let cutter: LineCutter | undefined;
  try {
    for await (const piece of source) {
      cutter ??= new LineCutter(0, piece);
      yield* cutter.feed(piece);
    }
  } catch (error) {
    if (error instanceof UnreadableInput) throw new UsageError(error.message);
    throw error;
  }
  yield* cutter?.end() ?? [];
}

const members = new Set(['type', 'streamId', 'data', 'id', 'metadata', 'dueAt']);

/** What a line means, or why it means nothing. */
export function readLine(
  all: readonly AnyCommands[],
  text: string,
  name: string | undefined,
): ReadLine | { readonly id: string | null; readonly reasons: readonly string[] } {
  try {
    const value = objectOf(text, 'The line');
    const strange = Object.keys(value).find((member) => !members.has(member));
    if (strange !== undefined)
      throw new BadRowError(
        `The line has a member ${JSON.stringify(strange)}; a command has ${[...members].join(', ')}.`,
      );
    const { type, streamId } = value;
    if (typeof type !== 'string' || type === '') throw new BadRowError('type is missing.');
    if (typeof streamId !== 'string' || streamId === '') throw new BadRowError('streamId is missing.');
    const sent: unknown = { data: null, ...value };
    // The library checks the other members, whatever they are.
    return { sent: sent as Sent, commands: commandsFor(all, { type, streamId, name }) };
  } catch (error) {
    if (error instanceof BadRowError || error instanceof UsageError) return { id: null, reasons: [error.message] };
    throw error;
  }
}
