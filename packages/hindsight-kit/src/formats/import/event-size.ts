/**
 * The size of an imported event, judged before it is sent.
 */

import type { Event } from 'hindsightdb';

/** Names and quotes take their part of a record as well. */
export const recordReserveBytes: number = 64 * 1024;

/** About how many bytes an event takes as a record. */
export function sizeOf({ data, metadata, tags = [] }: Event): number {
  const size =
    data instanceof Uint8Array
      ? Math.ceil(data.length / 3) * 4
      : Buffer.byteLength(
          typeof data === 'object' && data !== null && 'text' in data ? String(data.text) : JSON.stringify(data),
        );
  const labels = tags.reduce((bytes, tag) => bytes + Buffer.byteLength(tag), 0);
  return size + labels + 200 + (metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata)));
}
