/** Command lines of `hindsight` in documents, and whether the command understands them. */

import type { Document } from './markdown.ts';

/** A command line that readers are told to type. */
export interface CommandLine {
  readonly path: string;
  readonly line: number;
  readonly command: string;
  readonly options: readonly string[];
}

/** Every `hindsight <command> …` in the code of a document. A bare `hindsight` and `hindsight --help` are none. */
export function commandLinesIn(document: Document): CommandLine[] {
  const blocks = document.blocks
    .filter(({ info }) => info[0] === 'sh')
    .map(({ line, code }) => ({ line, text: code.replaceAll('\\\n', ' ').replaceAll(/(?<=\s)#.*$/gm, '') }));
  return [...document.inlineCode, ...blocks].flatMap(({ line, text }) =>
    [...text.matchAll(/(?:^|[\s$(])hindsight(?:-kit)? ([a-z][\w-]*)([^\n|&;)#]*)/g)].map(
      ([, command = '', rest = '']) => ({
        path: document.path,
        line,
        command,
        options: [...rest.matchAll(/(?<=\s)--?[a-zA-Z][\w-]*/g)].map(([option = '']) => option),
      }),
    ),
  );
}

/** Commands and options that the help of the command does not name. `helpOf` answers with `undefined` for an unknown command. */
export async function commandComplaints(
  lines: readonly CommandLine[],
  helpOf: (command: string) => Promise<string | undefined>,
): Promise<string[]> {
  const complaints: string[] = [];
  for (const { path, line, command, options } of lines) {
    const help = await helpOf(command);
    if (help === undefined) {
      complaints.push(`${path}:${line} says hindsight ${command}, which is no command; see npx hindsight --help.`);
      continue;
    }
    for (const option of options) {
      if (!new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(help)) {
        complaints.push(
          `${path}:${line} gives hindsight ${command} the option ${option}, which it does not take; see npx hindsight ${command} --help.`,
        );
      }
    }
  }
  return complaints;
}
