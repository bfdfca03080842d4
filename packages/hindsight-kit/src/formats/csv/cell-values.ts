/**
 * What a cell means: from its text to the JSON text of a value.
 */

import { textOf } from '../json-lines/member-text.ts';
import { BadRowError } from '../source/bad-input.ts';
import { isNumber, numberTextOf } from './number-text.ts';
import { isoTimeOf, type TimeForm } from './time-text.ts';
import { quoted } from '../source/quoted.ts';

/** The kinds of attributes. `exact` reads what an export wrote; `infer` takes numbers and booleans for what they look like. */
export const attributeKinds = ['string', 'number', 'boolean', 'date', 'json', 'infer', 'exact'] as const;

/** One of {@link attributeKinds}. */
export type AttributeKind = (typeof attributeKinds)[number];

/** The JSON text of a cell that is not empty. Throws `BadRowError`. */
export function valueTextOf(cell: string, kind: AttributeKind, times: TimeForm): string {
  switch (kind) {
    case 'string':
      return JSON.stringify(cell);
    case 'number':
      return numberValue(cell);
    case 'boolean':
      return booleanValue(cell);
    case 'date':
      return JSON.stringify(isoTimeOf(cell, times));
    case 'json':
      return jsonValue(cell);
    case 'infer':
      return inferredValue(cell);
    case 'exact':
      return exactValue(cell);
    default:
      return kind satisfies never;
  }
}

function numberValue(cell: string): string {
  const text = cell.trim();
  if (!isNumber(text)) throw new BadRowError(`${quoted(cell)} is no number.`);
  return numberTextOf(text) ?? JSON.stringify(text);
}

const booleans = new Map([
  ...['true', 't', 'yes', 'y', '1'].map((word) => [word, 'true'] as const),
  ...['false', 'f', 'no', 'n', '0'].map((word) => [word, 'false'] as const),
]);

function booleanValue(cell: string): string {
  const value = booleans.get(cell.trim().toLowerCase());
  if (value === undefined) throw new BadRowError(`${quoted(cell)} is neither true nor false.`);
  return value;
}

function jsonValue(cell: string): string {
  try {
    JSON.parse(cell);
    return cell;
  } catch {
    throw new BadRowError(`${quoted(cell)} is not JSON.`);
  }
}

/** Numbers are told by the form that JSON has for them, so that `007` and `+31` stay the texts that they are. */
function inferredValue(cell: string): string {
  if (/^(?:true|false)$/i.test(cell)) return cell.toLowerCase();
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(cell)) return numberTextOf(cell) ?? JSON.stringify(cell);
  return JSON.stringify(cell);
}

const startsLikeJson = /^[\s"{[\d-]|^(?:true|false|null)$/;

/** The reverse of {@link exactCell}. */
function exactValue(cell: string): string {
  if (!startsLikeJson.test(cell)) return JSON.stringify(cell);
  try {
    JSON.parse(cell);
    return cell;
  } catch {
    return JSON.stringify(cell);
  }
}

/**
 * The cell in which an export writes a value, given as JSON text: strings as they are, unless they are empty or could be
 * taken for JSON; anything else as JSON.
 */
export function exactCell(valueText: string): string {
  if (!valueText.startsWith('"')) return valueText;
  const text = textOf(valueText);
  // A lone surrogate has no UTF-8 form; in JSON it is an escape.
  return text !== '' && text.isWellFormed() && exactValue(text) === valueText ? text : valueText;
}
