/**
 * Values of a log: times as instants in UTC, and attributes as JSON text of the kind that their type declares.
 */

import { isNumber, numberTextOf } from '../csv/number-text.ts';
import { isoTimeOf, ZoneNeeded } from '../csv/time-text.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { objectOf, type OcelKind } from './ocel-types.ts';
import { quoted } from '../source/quoted.ts';

/** An instant, in whole seconds since 1970 and nanoseconds beyond, with its text. */
export interface OcelTime {
  readonly seconds: number;
  readonly nanoseconds: number;
  /** ISO 8601 in UTC, with the decimals that were given. */
  readonly text: string;
}

/** A number of a JSON text, which was replaced by this in {@link withNumberTexts} so that its digits are kept. */
const numberMember = 'number';

const stringsAndNumbers = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON text in which each number is an object that holds its digits as text. For text that is JSON. */
export function withNumberTexts(json: string): string {
  if (!/[:,[]\s*-?\d/.test(json)) return json;
  return json.replace(stringsAndNumbers, (token) => (token.startsWith('"') ? token : `{"${numberMember}":"${token}"}`));
}

function numberIn(value: unknown): string | undefined {
  const number = objectOf(value)?.[numberMember];
  return typeof number === 'string' ? number : undefined;
}

/**
 * The instant that a text means. Throws `BadRowError`; and `UnreadableInput` where the text has no offset and nobody said of
 * which zone it is.
 */
export function timeOf(value: unknown, timeZone: string | undefined, what: string): OcelTime {
  if (typeof value !== 'string')
    throw new BadRowError(value === undefined ? `${what} is missing.` : `${what} must be a text.`);
  try {
    return instantOf(isoTimeOf(value, { timeZone, format: undefined }));
  } catch (error) {
    if (error instanceof BadRowError) throw new BadRowError(`${what}: ${error.reason}`);
    if (!(error instanceof ZoneNeeded)) throw error;
    throw new UnreadableInput(
      `${what}: ${JSON.stringify(value)} has no offset, so it could be any of a day's hours.`,
      { offset: -1 },
      ['Say of which zone such times are, for example: --time-zone Europe/Amsterdam', 'or: --time-zone UTC'],
    );
  }
}

/** From ISO 8601 with seconds and an offset. */
function instantOf(iso: string): OcelTime {
  const [, local = '', decimals = '', offset = ''] = /^(.{19})(?:\.(\d+))?(.+)$/.exec(iso) ?? [];
  const millis = Date.parse(`${local}${offset}`);
  const fraction = decimals === '' ? '' : `.${decimals}`;
  return {
    seconds: millis / 1000,
    nanoseconds: Number(decimals.padEnd(9, '0')),
    text: `${new Date(millis).toISOString().slice(0, 19)}${fraction}Z`,
  };
}

/** Whether a time stands for the beginning of all: values of then are what an object begins with. */
export function isInitial(value: unknown): boolean {
  return typeof value === 'string' && /^1970-01-01[T ]00:00:00(?:\.0+)?(?:Z|[+-]00:?00)?$/i.test(value.trim());
}

/** The JSON text of an attribute's value. Throws as {@link timeOf} does. */
export function valueText(value: unknown, kind: OcelKind, timeZone: string | undefined): string {
  const number = numberIn(value);
  if (value === null) return 'null';
  const text = typeof value === 'boolean' ? String(value) : (number ?? value);
  if (typeof text !== 'string')
    throw new BadRowError(value === undefined ? 'the value is missing.' : 'the value must be a text.');
  switch (kind) {
    case 'string':
      if (typeof value !== 'string') throw new BadRowError(`${text} is no text, as its type demands.`);
      return JSON.stringify(value);
    case 'time':
      return JSON.stringify(timeOf(value, timeZone, 'the value').text);
    case 'integer':
    case 'float':
      return numberValue(text, kind);
    case 'boolean':
      return booleanValue(text);
    case 'other':
      return typeof value === 'string' ? JSON.stringify(value) : text;
    default:
      return kind satisfies never;
  }
}

function numberValue(given: string, kind: 'integer' | 'float'): string {
  const text = given.trim();
  // Numbers that JSON does not have stay the texts that they are.
  if (kind === 'float' && /^(?:nan|[+-]?inf(?:inity)?)$/i.test(text)) return JSON.stringify(text);
  if (!isNumber(text) || (kind === 'integer' && !/^[+-]?\d+(?:\.0*)?$/.test(text)))
    throw new BadRowError(`${quoted(given)} is no ${kind}, as its type demands.`);
  return numberTextOf(text) ?? JSON.stringify(text);
}

function booleanValue(given: string): string {
  const text = given.trim().toLowerCase();
  if (text === 'true' || text === '1') return 'true';
  if (text === 'false' || text === '0') return 'false';
  throw new BadRowError(`${quoted(given)} is no boolean, as its type demands.`);
}
