/**
 * The JSON of an attribute of XES. `docs/formats/xes.md` has the table.
 *
 *     a value                     50
 *     a value with attributes     {"value":50,"attributes":{"currency":"EUR"}}
 *     a container                 {"attributes":{…}}
 *     a list                      {"values":[{"key":…},{"key":…}]}
 */

import { isNumber, numberTextOf } from '../csv/number-text.ts';
import { isoTimeOf, ZoneNeeded, type TimeForm } from '../csv/time-text.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { assertDistinct, badAt, type XesAttribute } from './xes-attribute.ts';
import { quoted } from '../source/quoted.ts';

/** The JSON text of an attribute's value, with all that stands in it. Throws `BadRowError`, and `UnreadableInput` for a time without a zone. */
export function jsonOf(attribute: XesAttribute, times: TimeForm): string {
  const { kind, children, values } = attribute;
  const members: string[] = [];
  if (kind === 'list') {
    // Where a list has no <values>, its items stand directly in it, as older files have it.
    const items = values ?? children;
    members.push(`"values":[${items.map((item) => `{${memberOf(item, times)}}`).join(',')}]`);
    if (values !== undefined && children.length > 0) members.push(attributesMember(children, times));
    return `{${members.join(',')}}`;
  }
  if (kind === 'container') return `{${attributesMember(children, times)}}`;
  const value = plainJson(attribute, times);
  return children.length === 0 ? value : `{"value":${value},${attributesMember(children, times)}}`;
}

function memberOf(attribute: XesAttribute, times: TimeForm): string {
  return `${JSON.stringify(attribute.key)}:${jsonOf(attribute, times)}`;
}

function attributesMember(attributes: readonly XesAttribute[], times: TimeForm): string {
  assertDistinct(attributes);
  return `"attributes":{${attributes.map((each) => memberOf(each, times)).join(',')}}`;
}

function plainJson(attribute: XesAttribute, times: TimeForm): string {
  const { kind, value = '' } = attribute;
  switch (kind) {
    case 'string':
    case 'id':
    case 'list':
    case 'container':
      return JSON.stringify(value);
    case 'date':
      return JSON.stringify(dateOf(attribute, times));
    case 'int':
      return intJson(attribute, value.trim());
    case 'float':
      return floatJson(attribute, value.trim());
    case 'boolean':
      return booleanJson(attribute, value.trim());
    default:
      return kind satisfies never;
  }
}

function intJson(attribute: XesAttribute, text: string): string {
  if (!/^[+-]?\d+$/.test(text)) throw badAt(attribute.element, `${quoted(text)} is no whole number.`);
  return numberTextOf(text) ?? JSON.stringify(text);
}

function floatJson(attribute: XesAttribute, text: string): string {
  // These are numbers to XML and have no form in JSON.
  if (/^(?:[+-]?INF|NaN)$/.test(text)) return JSON.stringify(text);
  if (!isNumber(text)) throw badAt(attribute.element, `${quoted(text)} is no number.`);
  return numberTextOf(text) ?? JSON.stringify(text);
}

function booleanJson(attribute: XesAttribute, text: string): string {
  if (/^(?:true|1)$/i.test(text)) return 'true';
  if (/^(?:false|0)$/i.test(text)) return 'false';
  throw badAt(attribute.element, `${quoted(text)} is neither true nor false.`);
}

const xsdTime = /^-?(\d{4,})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/;

/** A date among the data, which may lie in any year: those that a store does not take as times stay as they are written. */
function dateOf(attribute: XesAttribute, times: TimeForm): string {
  const text = (attribute.value ?? '').trim();
  const year = xsdTime.exec(text)?.[1];
  const isFar = year !== undefined && (text.startsWith('-') || Number(year) < 1685 || Number(year) > 2254);
  return isFar ? text : timeOf(attribute, times);
}

/** The time that an attribute holds, in ISO 8601. Throws `BadRowError`, and `UnreadableInput` where nobody said of which zone it is. */
export function timeOf(attribute: XesAttribute, times: TimeForm): string {
  try {
    return isoTimeOf(withoutMidnightAtEnd(attribute.value ?? ''), times);
  } catch (error) {
    if (error instanceof BadRowError) throw badAt(attribute.element, error.reason);
    if (!(error instanceof ZoneNeeded)) throw error;
    const { place, label } = attribute.element;
    throw new UnreadableInput(
      `${label}: the time ${JSON.stringify(error.value)} has no offset, so it could be any of a day's hours.`,
      { offset: -1, line: place.line, character: place.character },
      ['Say of which zone such times are, for example: --time-zone Europe/Amsterdam', 'or: --time-zone UTC'],
    );
  }
}

/** XML writes the end of a day as 24:00:00, which is the first moment of the next. */
function withoutMidnightAtEnd(text: string): string {
  const match = /^\s*(\d{4})-(\d{2})-(\d{2})T24(:00:00(?:\.0+)?(?!\d).*)$/.exec(text);
  if (match === null) return text;
  const [, year, month, day, rest = ''] = match;
  const next = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) + 1));
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCMonth() === Number(month) - 1;
  return isDay ? `${next.toISOString().slice(0, 10)}T00${rest}` : text;
}
