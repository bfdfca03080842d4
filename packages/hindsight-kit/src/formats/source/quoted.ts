/**
 * Texts of an input in messages about it.
 */

const lengthMax = 60;

/** A text of an input in quotes, for a message: cut off where it is long, and with escapes for what a line cannot show. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text);
}
