/**
 * Places in a state as people write them: a JSON Pointer like `/customer/name`, or names with dots like `customer.name`.
 */

import { UsageError } from '../failure.ts';

/** A place in a state. */
export interface FieldPath {
  /** As it was written. */
  readonly text: string;
  readonly segments: readonly string[];
}

/** The place that a text means. `what` names the argument where it means none. */
export function parseFieldPath(what: string, text: string): FieldPath {
  if (/~(?![01])/.test(text) && text.startsWith('/'))
    throw new UsageError(`${what} ${JSON.stringify(text)} is no JSON Pointer: write ~0 for a tilde.`);
  if (text === '' || text === '/') return { text: '', segments: [] };
  const segments = text.startsWith('/')
    ? text
        .slice(1)
        .split('/')
        .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    : text.split('.');
  if (!text.startsWith('/') && segments.includes(''))
    throw new UsageError(`${what} ${JSON.stringify(text)} names no field.`, [
      'Write a JSON Pointer like /customer/name, or names with dots like customer.name.',
    ]);
  return { text, segments };
}

/** Several places, with commas between them. */
export function parseFieldPaths(what: string, text: string): readonly FieldPath[] {
  return text.split(',').map((each) => parseFieldPath(what, each.trim()));
}

/** The place as a JSON Pointer. */
export function pointerOf({ segments }: FieldPath): string {
  return segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What stands at a place of a value in its JSON form; undefined where there is nothing. */
export function valueIn(value: unknown, segments: readonly string[]): unknown {
  let at = value;
  for (const segment of segments) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined;
    at = Reflect.get(at, segment);
  }
  return at;
}
