/**
 * Ids of imported events: made from the name of the source and the place of the row in it, so that the same row always has
 * the same id, in whichever store it is imported. UUID version 5 (RFC 9562): names hashed under a namespace.
 */

import { createHash } from 'node:crypto';

/** The namespace of imported rows, made once at random. */
const namespace = Buffer.from('8f0c1c5e6b0b4a7fa3f95c0d7f1d2b64', 'hex');

/** Makes the ids of a source's rows, which are counted from 1. */
export function rowIds(source: string): (row: number) => string {
  const prefix = createHash('sha1').update(namespace).update(`${source}\n`);
  return (row) => uuidOf(prefix.copy().update(String(row)).digest());
}

/** Makes an id of a name, for events whose file names them, if not by an id. */
export function namedId(name: string): string {
  return uuidOf(createHash('sha1').update(namespace).update(name).digest());
}

function uuidOf(hash: Buffer): string {
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
