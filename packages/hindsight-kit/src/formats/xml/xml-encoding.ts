/**
 * The encoding of an XML text, from its first bytes: a byte order mark, the form of its first characters, or what its
 * declaration says, in that order.
 */

import { UnreadableInput } from '../source/bad-input.ts';

/** A name that TextDecoder knows; undefined where nothing says otherwise than UTF-8. Throws `UnreadableInput`. */
export function xmlEncodingOf(beginning: Buffer): string | undefined {
  const [first, second, third, fourth] = beginning;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0x3c && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  if (first === 0 && second === 0x3c && third === 0 && fourth !== 0) return 'utf-16be';
  const declared = declaration.exec(beginning.toString('latin1'))?.[1];
  return declared === undefined ? undefined : knownEncoding(declared);
}

const declaration = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']/;

function knownEncoding(name: string): string {
  let known: string;
  try {
    known = new TextDecoder(name).encoding;
  } catch {
    throw new UnreadableInput(
      `The file says that its encoding is ${name}, which is not known here.`,
      { offset: 0, line: 1, element: '<?xml?>' },
      ['Say what it is, for example: --encoding windows-1252'],
    );
  }
  // A declaration that can be read byte by byte is in no encoding of two bytes a character.
  if (known.startsWith('utf-16'))
    throw new UnreadableInput(
      `The file says that its encoding is ${name}, and its first bytes are not.`,
      { offset: 0, line: 1, element: '<?xml?>' },
      ['Say what it is, for example: --encoding utf-8'],
    );
  return known;
}
