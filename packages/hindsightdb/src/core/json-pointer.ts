/**
 * JSON Pointer (RFC 6901): places in a JSON value as text, like `/items/0/price`. The empty text is the whole value.
 */

import { argumentError } from './errors.ts';
import { describe } from './text.ts';

/** A pointer with one more segment. */
export function pointerTo(parent: string, segment: string): string {
  return `${parent}/${segment.includes('~') || segment.includes('/') ? segment.replaceAll('~', '~0').replaceAll('/', '~1') : segment}`;
}

/** The segments of a pointer. Throws a `TypeError` for a text that is none. */
export function segmentsOf(what: string, pointer: unknown): string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/')) || /~(?![01])/.test(pointer))
    throw argumentError(
      'INVALID_ARGUMENT',
      `${what} must be a JSON Pointer: empty, or segments that each begin with a slash like /items/0, not ${describe(pointer)}.`,
    );
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
