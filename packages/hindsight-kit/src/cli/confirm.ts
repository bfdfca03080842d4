/** Asking before something is done that cannot be taken back. */

import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { CommandError, UsageError } from './failure.ts';

/** Where is asked: a command's context. */
export interface Asker {
  readonly isJson: boolean;
  readonly world: { readonly stdin: Readable; readonly stderr: Writable; readonly signal: AbortSignal };
}

/** What is asked, and whether the answer came with the command. */
export interface Question {
  /** What is about to be done, as a question. */
  readonly text: string;
  /** What `--yes` says. */
  readonly yes: true | undefined;
}

/** Returns when the answer is yes. Throws where it is not, and where nobody is there to answer. */
export async function confirm({ world, isJson }: Asker, { text, yes }: Question): Promise<void> {
  if (yes === true) return;
  const { stdin } = world;
  if (isJson || !('isTTY' in stdin) || stdin.isTTY !== true)
    throw new UsageError('This cannot be taken back, and there is no terminal to ask at.', [
      'Nothing was done. Add --yes if it is meant.',
    ]);
  if (/^y(?:es)?$/i.test(await answerTo(`${text} [y/N] `, world))) return;
  throw new CommandError('Nothing was done.');
}

async function answerTo(text: string, { stdin, stderr, signal }: Asker['world']): Promise<string> {
  // The terminal keeps its own editing of lines, and Ctrl-C stays the signal that it is everywhere else.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const end = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return (await Promise.race([lines.question(text, { signal }), end])).trim();
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    lines.close();
  }
}
