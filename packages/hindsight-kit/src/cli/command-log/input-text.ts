/** Texts that are given beside the arguments: in files, and on standard input. */

import { resolve } from 'node:path';
import { openTextFile, textOfStream, type TextSource } from '../../formats/source/text-source.ts';
import { UnreadableInput } from '../../formats/source/bad-input.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';

/** Opens a file, or standard input where its name is `-`. */
export async function openText({ world, signal }: CommandContext, name: string): Promise<TextSource> {
  return name === '-'
    ? textOfStream(world.stdin, { signal })
    : await openTextFile(resolve(world.folder, name), { signal });
}

/** The whole of a text. Throws a `UsageError` where it is none. */
export async function wholeText(context: CommandContext, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of await openText(context, name)) pieces.push(piece);
  } catch (error) {
    if (error instanceof UnreadableInput) throw new UsageError(error.message);
    throw error;
  }
  return Buffer.concat(pieces).toString('utf8');
}
