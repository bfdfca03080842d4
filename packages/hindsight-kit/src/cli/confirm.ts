/** Asking before something is done that cannot be taken back. */

import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './context.ts';
import { CommandError, UsageError } from './failure.ts';

/** What is asked, and whether the answer came with the command. */
export interface Question {
  /** What is about to be done, as a question. */
  readonly text: string;
  /** What `--yes` says. */
  readonly yes: true | undefined;
}

/** Returns when the answer is yes. Throws where it is not, and where nobody is there to answer. */
export async function confirm(context: CommandContext, { text, yes }: Question): Promise<void> {
  if (yes === true) return;
  const { stdin, stderr, signal } = context.world;
  if (context.isJson || !('isTTY' in stdin) || stdin.isTTY !== true)
    throw new UsageError('This cannot be taken back, and there is no terminal to ask at.', [
      'Nothing was done. Add --yes if it is meant.',
    ]);
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await terminal.question(`${text} [y/N] `, { signal });
    if (/^y(?:es)?$/i.test(answer.trim())) return;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    terminal.close();
  }
  throw new CommandError('Nothing was done.');
}
