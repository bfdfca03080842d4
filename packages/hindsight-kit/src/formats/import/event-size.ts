/**
 * The size of an imported event, judged before it is sent.
 */

import type { Event, Limits } from 'hindsightdb';
import { BadRowError } from '../source/bad-input.ts';

/** Names and quotes take their part of a record as well. */
const recordReserveBytes = 64 * 1024;

/** About how many bytes an event takes as a record. Throws `BadRowError` where a store would not take it. */
export function checkedSize(event: Event, limits: Limits): number {
  const size = sizeOf(event);
  // What comes near the limit is counted on the safe side.
  const bytesMax = limits.recordBytesMax - recordReserveBytes;
  if (size > bytesMax) throw new BadRowError(`The event takes ${size} bytes; the limit is ${bytesMax}.`);
  return size;
}

function sizeOf({ data, metadata, tags = [] }: Event): number {
  const size =
    data instanceof Uint8Array
      ? Math.ceil(data.length / 3) * 4
      : Buffer.byteLength(
          typeof data === 'object' && data !== null && 'text' in data ? String(data.text) : JSON.stringify(data),
        );
  const labels = tags.reduce((bytes, tag) => bytes + Buffer.byteLength(tag), 0);
  return size + labels + 200 + (metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata)));
}
