/**
 * Errors recognised: by their class, by their message, by their members.
 */

import { describe } from '../core/text.ts';
import { messageOf } from './careful-fold.ts';
import { differenceOf } from './difference.ts';
import { isSame } from './test-events.ts';

/** How an error is recognised: by its class, by its message, by some of its members, or by a function. */
export type ErrorMatcher =
  | (abstract new (...values: never[]) => Error)
  | RegExp
  | Readonly<Record<string, unknown>>
  | ((error: unknown) => boolean);

/** What is wrong with an error, or undefined when it matches. */
export function complaintAbout(error: unknown, matcher: ErrorMatcher): string | undefined {
  if (matcher instanceof RegExp)
    return matcher.test(messageOf(error))
      ? undefined
      : `${JSON.stringify(messageOf(error))} does not match ${String(matcher)}.`;
  if (typeof matcher !== 'function') return complaintAboutMembers(error, matcher);
  if (isErrorClass(matcher))
    return error instanceof matcher ? undefined : `${nameOf(error)} is no ${matcher.name}: ${messageOf(error)}`;
  return matcher(error) ? undefined : `${nameOf(error)}: ${messageOf(error)}`;
}

function complaintAboutMembers(error: unknown, members: Readonly<Record<string, unknown>>): string | undefined {
  const found = Object.keys(members).map((key): [string, unknown] => [key, Reflect.get(Object(error), key)]);
  const isMatch = found.every(([key, value]) => matchesMember(value, members[key]));
  return isMatch
    ? undefined
    : `${nameOf(error)}: ${messageOf(error)}\n\n${differenceOf(members, Object.fromEntries(found))}`;
}

function matchesMember(value: unknown, wanted: unknown): boolean {
  return wanted instanceof RegExp ? wanted.test(String(value)) : isSame(value, wanted);
}

function isErrorClass(matcher: ErrorMatcher): matcher is abstract new (...values: never[]) => Error {
  if (typeof matcher !== 'function') return false;
  const prototype: unknown = matcher.prototype;
  return matcher === Error || prototype instanceof Error;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : describe(error);
}
