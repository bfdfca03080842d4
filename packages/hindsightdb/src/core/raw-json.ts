/**
 * JSON handed in as text: kept to the byte, where parsing and printing it again would change digits, order or spacing.
 */

/** JSON text to be stored as it stands. Made by {@link rawJson}, which has checked it. */
export class RawJson {
  readonly text: string;

  /** Use {@link rawJson}. */
  constructor(text: string) {
    this.text = text;
  }

  /** The parsed value, so that `JSON.stringify` of something that contains raw JSON still means the same. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/**
 * Marks a text as JSON to be stored exactly as it is: `rawJson('{"amount": 1.10}')` keeps the last zero.
 *
 * Throws a `SyntaxError` when the text is not JSON. A lone surrogate, which has no UTF-8 form, is stored as its escape.
 */
export function rawJson(text: string): RawJson {
  JSON.parse(text);
  return new RawJson(text.isWellFormed() ? text : escapeLoneSurrogates(text));
}

function escapeLoneSurrogates(text: string): string {
  return text.replace(
    /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
  );
}
