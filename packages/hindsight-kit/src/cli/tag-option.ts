/**
 * The option `--tag` of an import.
 */

/** A tag as an option gives it: what it is taken of, and what stands before its value. */
export function tagOf(text: string): readonly [string, string] {
  const at = text.lastIndexOf('=');
  return at === -1 ? [text, text] : [text.slice(0, at), text.slice(at + 1)];
}
