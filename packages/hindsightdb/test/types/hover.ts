/**
 * What users see when they point at a name. A fixture is a TypeScript file with expectations below the lines that they
 * concern; the caret stands under the name:
 *
 *     const count = [1, 2].length;
 *     //    ^? const count: number
 *
 * White space counts as one space. `…` at the end of an expectation leaves the rest open, for tooltips that go on with what
 * is not the point.
 */

import { readFile } from 'node:fs/promises';
import type { LanguageServer } from './language-server.ts';

/** An expectation of a fixture. Lines and columns count from zero, as the protocol has it. */
export interface HoverExpectation {
  readonly line: number;
  readonly character: number;
  readonly text: string;
}

/** The expectations that a fixture states. */
export function hoverExpectations(text: string): HoverExpectation[] {
  let codeLine = -1;
  return text.split('\n').flatMap((line, index) => {
    const [, lead, expected] = /^(\s*\/\/\s*)\^\?\s?(.*)$/.exec(line) ?? [];
    if (lead !== undefined && expected !== undefined)
      return [{ line: codeLine, character: lead.length, text: expected.trim() }];
    codeLine = index;
    return [];
  });
}

/** The signature that a tooltip shows: its first block of code, on one line. */
export function signatureIn(markdown: string | undefined): string {
  const [, code = ''] = /```\w*\n([\s\S]*?)\n```/.exec(markdown ?? '') ?? [];
  return code.replaceAll(/\s+/g, ' ').trim();
}

/** The expectations of a fixture that are not met, each with what is shown instead. Throws where a fixture expects nothing. */
export async function hoverComplaints(server: LanguageServer, path: string): Promise<string[]> {
  const expectations = hoverExpectations(await readFile(path, 'utf8'));
  if (expectations.length === 0) throw new Error(`${path} expects nothing; put a comment with ^? below a line.`);
  const complaints: string[] = [];
  for (const { line, character, text } of expectations) {
    const shown = signatureIn(await server.hover(path, { line, character }));
    if (!isAsExpected(shown, text))
      complaints.push(`${path}:${line + 1}:${character + 1}\n  shows    ${shown}\n  expected ${text}`);
  }
  return complaints;
}

function isAsExpected(shown: string, expected: string): boolean {
  return expected.endsWith('…') ? shown.startsWith(expected.slice(0, -1).trimEnd()) : shown === expected;
}
