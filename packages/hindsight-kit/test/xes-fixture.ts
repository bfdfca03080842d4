/** Small logs in XES. */

/** An attribute, by the name of its element. */
export function attribute(kind: string, key: string, value: string, inner = ''): string {
  return inner === ''
    ? `<${kind} key="${escaped(key)}" value="${escaped(value)}"/>`
    : `<${kind} key="${escaped(key)}" value="${escaped(value)}">${inner}</${kind}>`;
}

/** An event of a type, with more attributes behind. */
export function event(type: string, more = ''): string {
  return `<event>${attribute('string', 'concept:name', type)}${more}</event>`;
}

/** A trace of a name, with what stands in it. */
export function trace(name: string, inner: string): string {
  return `<trace>${attribute('string', 'concept:name', name)}${inner}</trace>`;
}

/** A log, every part on a line of its own, from line 3 on. */
export function log(...parts: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="2.0" xmlns="http://www.xes-standard.org/">\n${parts.join('\n')}\n</log>\n`;
}

/** A text as the value of an attribute, line ends and all. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
