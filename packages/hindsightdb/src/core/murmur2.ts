/**
 * MurmurHash2 in the 32-bit variant and with the seed that Kafka's default partitioner uses, so that a stream lives in the
 * partition in which Kafka would put its id as a record key. Source: Austin Appleby's public-domain MurmurHash2.
 */

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/** The signed 32-bit hash of the bytes. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = seed ^ length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const blockEnd = length & ~3;
  for (let index = 0; index < blockEnd; index += 4) {
    let word = Math.imul(view.getInt32(index, true), multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  if (length > blockEnd) {
    for (let index = length - 1; index >= blockEnd; index -= 1) hash ^= (bytes[index] ?? 0) << ((index - blockEnd) * 8);
    hash = Math.imul(hash, multiplier);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}
