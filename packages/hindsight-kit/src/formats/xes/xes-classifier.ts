/**
 * The keys of a classifier: names with spaces between them, and in single quotes where a name has spaces of its own. Many files
 * leave the quotes out; names that the log declares global are then known by that.
 */

import type { XesAttribute } from './xes-attribute.ts';

/** The keys, in their order. */
export function classifierKeys(text: string, globals: readonly Pick<XesAttribute, 'key'>[]): readonly string[] {
  const known = new Set(globals.map(({ key }) => key));
  const words = text.match(/'[^']*'|[^\s']+/g) ?? [];
  const keys: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith("'")) {
      keys.push(word.slice(1, -1));
      continue;
    }
    // The longest run of words that is a name; a word alone is one, whether it was declared or not.
    let end = words.length;
    while (end > index + 1 && !known.has(words.slice(index, end).join(' '))) end -= 1;
    keys.push(words.slice(index, end).join(' '));
    index = end - 1;
  }
  return keys;
}
