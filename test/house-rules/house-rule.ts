/** What a house rule is, and what the rules have in common. */

import type { Complaint, Source } from '../syntax.ts';

/** A file as the rules see it; `source` is there for TypeScript. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
  readonly source?: Source;
}

/** A file that a rule is tried on. */
export interface Specimen {
  readonly path: string;
  readonly text: string;
}

/**
 * A habit of this repository that a machine can look after. Each rule brings files that break it and a file that does not, so
 * that no rule can be unable to fail.
 */
export interface HouseRule {
  readonly name: string;
  /** Complaints say what to write instead. */
  readonly complaints: (file: WrittenFile) => Complaint[];
  readonly offenders: readonly [Specimen, ...Specimen[]];
  readonly example: Specimen;
}

/** The same complaint about every line that matches. */
export function linesThatMatch(text: string, pattern: RegExp, complain: (match: string) => string): Complaint[] {
  return text.split('\n').flatMap((line, index) => {
    const match = pattern.exec(line);
    return match === null ? [] : [{ line: index + 1, message: complain(match[0]) }];
  });
}

/** Whether the file is published: the sources of the two packages. */
export function isPublished(path: string): boolean {
  return /^packages\/[^/]+\/src\//.test(path);
}

/** Whether the test runner runs the file. */
export function isTest(path: string): boolean {
  return /\.(?:test|slow|check)\.ts$/.test(path);
}

/** The words of an identifier in lower case: `expectedVersion` has two, `readURLs` two, `MAX_SIZE` two. */
export function wordsOf(identifier: string): string[] {
  return identifier
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_$#]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}
