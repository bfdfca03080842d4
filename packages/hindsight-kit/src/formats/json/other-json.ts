/**
 * JSON that is no JSON Lines, as its beginning shows: files of all these formats are called .json.
 */

import { UnreadableInput } from '../source/bad-input.ts';

/** Throws `UnreadableInput` where a text begins like one of another format. */
export function assertNoOtherJson(beginning: Buffer): void {
  const text = beginning
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  // Before specversion stand attributes of the CloudEvent, which are plain values.
  if (/^\[?\s*\{[^{}[\]]*"specversion"\s*:/.test(text)) throw other('These are CloudEvents', 'cloudevents');
  if (/^\{\s*"(?:ocel:|(?:eventTypes|objectTypes|events|objects)"\s*:)/.test(text))
    throw other('This is a log of OCEL', 'ocel');
}

function other(what: string, format: string): UnreadableInput {
  return new UnreadableInput(`${what} and not JSON Lines.`, { offset: -1, line: 1 }, [`Say so: --format ${format}`]);
}
