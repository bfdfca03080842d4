/** Words of commands that are shown to be typed. */

/** A word that a shell takes as it is, or in quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
