/**
 * What the specification of CloudEvents 1.0 says of context attributes: names, types, and what a text may hold.
 */

/** Names of attributes are made of these. */
export const attributeName: RegExp = /^[a-z0-9]+$/;

/** Names should not be longer. */
export const attributeNameLengthMax = 20;

/** Names that the specification itself gives. */
export const coreNames: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data',
]);

/** Values that an extension attribute can have in JSON. */
export type AttributeValue = string | number | boolean;

// Control characters, and what Unicode calls noncharacters.
const forbidden = /[\p{Cc}\p{Noncharacter_Code_Point}]/gu;

/** Whether a value can stand in an attribute as it is. */
export function isAttributeValue(value: unknown): value is AttributeValue {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return isInteger(value);
  return typeof value === 'string' && isPlainText(value);
}

/** Whether a number is an integer of 32 bits, the only numbers that attributes have. */
export function isInteger(value: number): boolean {
  return Number.isInteger(value) && value >= -2_147_483_648 && value <= 2_147_483_647 && !Object.is(value, -0);
}

/** Whether a text can stand in an attribute: not empty, well-formed, without control characters. */
export function isPlainText(text: string): boolean {
  return text !== '' && text.isWellFormed() && text.search(forbidden) === -1;
}

/** The text with what an attribute cannot hold as percent escapes. Another text may look the same afterwards. */
export function escapedText(text: string): string {
  return text.replace(forbidden, (found) => encodeURIComponent(found));
}

/** JSON text that an attribute can hold: what it cannot is written as escapes, which mean the same. */
export function escapedJson(json: string): string {
  return json.replace(forbidden, (found) =>
    found.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

const uriReference = /^(?:[!#$&'()*+,./0-9:;=?@A-Z[\]_a-z~-]|%[0-9A-Fa-f]{2})+$/;

/** Whether a text has the characters of a URI reference, RFC 3986. */
export function isUriReference(text: string): boolean {
  return uriReference.test(text);
}

/** Whether a text has the form of a URI with its scheme. */
export function isUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && isUriReference(text);
}

/** Whether a text has the form of a media type, RFC 2046, with parameters. */
export function isMediaType(text: string): boolean {
  return (
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&'*^.+-]+|"(?:[^"\\]|\\.)*"))*$/.test(text) &&
    isPlainText(text)
  );
}

const timestamp = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/;

/** A timestamp of RFC 3339 as a store takes it: letters in capitals, nine decimals at most. Undefined where it is none. */
export function storeTimeOf(text: string): string | undefined {
  const [, date, time, decimals, offset] = timestamp.exec(text) ?? [];
  if (date === undefined || offset === undefined) return undefined;
  // Zeros beyond nanoseconds say nothing, and any other digit would be lost.
  const kept = decimals !== undefined && decimals.length > 9 ? decimals.replace(/0+$/, '').padEnd(9, '0') : decimals;
  if (kept !== undefined && kept.length > 9) return undefined;
  return `${date}T${time}${kept === undefined ? '' : `.${kept}`}${offset.toUpperCase()}`;
}

/** A time as a store keeps it, as a timestamp of RFC 3339: what was left out is filled in. */
export function timestampOf(occurredAt: string): string {
  const [, date = '', time, rest = '', offset = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/.exec(occurredAt) ?? [];
  const colon = offset.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  return `${date}T${time ?? '00:00'}${rest === '' ? ':00' : rest}${colon}`;
}
