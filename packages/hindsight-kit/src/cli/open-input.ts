/**
 * Opening what `hindsight import` reads.
 */

import { resolve } from 'node:path';
import { embeddedLimits, portableLimits, type Limits } from 'hindsightdb';
import { openTextFile, textOfStream, type TextSource } from '../formats/source/text-source.ts';
import { xmlEncodingOf } from '../formats/xml/xml-encoding.ts';
import type { CommandContext } from './context.ts';
import type { ImportOptions } from './import-options.ts';
import { assertBelong, inputKindOf, inputTable, type OpenInput } from './input-table.ts';

/** Opens a file, or standard input where its name is `-`. Throws a `UsageError` where the options do not fit it. */
export async function openInput(context: CommandContext, file: string, options: ImportOptions): Promise<OpenInput> {
  const kind = inputKindOf(file, options);
  assertBelong(options, kind);
  const { mayBeXml, open } = inputTable[kind];
  const limits = await limitsFor(context);
  const text = await openText(context, file, {
    encoding: options.encoding,
    declaredEncoding: mayBeXml ? xmlEncodingOf : undefined,
    signal: context.signal,
  });
  return await open({ context, file, text, options, limits });
}

async function openText(
  { world }: CommandContext,
  file: string,
  options: Parameters<typeof textOfStream>[1],
): Promise<TextSource> {
  return file === '-' ? textOfStream(world.stdin, options) : await openTextFile(resolve(world.folder, file), options);
}

/** The limits that the store will hold events to, which may not be there yet: those of files, or what is configured. */
async function limitsFor(context: CommandContext): Promise<Limits> {
  return (await context.config())?.config.options?.limits === 'portable' ? portableLimits : embeddedLimits;
}
