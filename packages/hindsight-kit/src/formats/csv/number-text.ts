/**
 * Numbers in cells. JSON readers take numbers as doubles, and a double does not hold every number that can be written: where
 * it would change one, the text is what is kept.
 */

const numberPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether a text is a decimal number. */
export function isNumber(text: string): boolean {
  return numberPattern.test(text);
}

/** The number as JSON text, digits as given; undefined where a double would change it. For texts that are numbers. */
export function numberTextOf(text: string): string | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  // Fifteen digits survive in a double; most numbers are shorter and need no comparison.
  const isShort = text.length <= 15 && !/e/i.test(text);
  if (!isShort && significantOf(text) !== significantOf(String(value))) return undefined;
  return jsonNumber.test(text) ? text : String(value);
}

/** Digits and exponent without what does not count: `+1.50e2`, `150` and `0150` have the same. */
function significantOf(text: string): string {
  const [, sign = '', whole = '', decimals = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${decimals}`.replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') return '0';
  const power = Number(exponent) - decimals.length + (digits.length - trimmed.length);
  return `${sign === '-' ? '-' : ''}${trimmed}e${power}`;
}

const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whether JSON text holds a number that a double would change. */
export function losesDigits(json: string): boolean {
  return (json.match(stringsAndNumbers) ?? []).some(
    (token) => !token.startsWith('"') && numberTextOf(token) === undefined,
  );
}
