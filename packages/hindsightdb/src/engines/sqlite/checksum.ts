/**
 * The checksum of an event. SQLite notices damage to the structure of its pages, and not to what they hold; a changed byte
 * in a record, a stream id or a time is noticed by this.
 */

import { crc32 } from 'node:zlib';
import { HindsightError } from '../../core/errors.ts';
import type { StoredEvent } from '../../engine/contract.ts';

/** What a checksum covers: all columns of an event. */
export type Checksummed = Omit<StoredEvent, 'partition'>;

/** CRC-32 of the record, begun with a number made of the other columns. The format's document says it in full. */
export function checksumOf({ position, streamId, version, recordedAt, record }: Checksummed): number {
  return crc32(record, (startOf(position, version, recordedAt) ^ hashOf(streamId)) >>> 0);
}

/** The numbers as one of 32 bits. A change of one bit in one of them changes it. */
function startOf(position: number, version: number, recordedAt: number): number {
  const low = position ^ Math.imul(version, 0x9e3779b1) ^ recordedAt;
  const high = Math.floor(position / 0x1_0000_0000) ^ Math.floor(recordedAt / 0x1_0000_0000);
  return (low ^ Math.imul(high, 0x85ebca6b)) >>> 0;
}

let lastId = '';
let lastHash = hashAnew(lastId);

/** The hash of a stream id. Events of one stream often stand behind one another. */
function hashOf(streamId: string): number {
  if (streamId === lastId) return lastHash;
  lastId = streamId;
  lastHash = hashAnew(streamId);
  return lastHash;
}

/** FNV-1a over UTF-16 units: ids are short, and a second call for a CRC would cost more than the whole of it. */
function hashAnew(streamId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < streamId.length; index += 1)
    hash = Math.imul(hash ^ streamId.charCodeAt(index), 0x01000193);
  return hash;
}

/** Throws `STORE_CORRUPT` when an event is not as it was written. */
export function assertChecksum(event: Checksummed, checksum: number): void {
  if (checksumOf(event) === checksum) return;
  throw new HindsightError(
    'STORE_CORRUPT',
    `The event at position ${event.position} is damaged: its checksum does not hold. Restore a backup, or find everything that is damaged with check.`,
    { details: { position: event.position } },
  );
}
