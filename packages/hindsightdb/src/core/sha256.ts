/**
 * SHA-256 (FIPS 180-4), synchronous and without a platform: the Web's own digest is asynchronous, Node's is not in browsers.
 * Used where small texts are digested; tested against Node's.
 */

const roundConstants = new Int32Array(64);
const initialHash = new Int32Array(8);

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of the first 8.
for (let candidate = 2, count = 0; count < 64; candidate += 1) {
  if (!isPrime(candidate)) continue;
  if (count < 8) initialHash[count] = fraction(candidate ** (1 / 2));
  roundConstants[count] = fraction(candidate ** (1 / 3));
  count += 1;
}

function isPrime(candidate: number): boolean {
  for (let factor = 2; factor * factor <= candidate; factor += 1) if (candidate % factor === 0) return false;
  return true;
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

const encoder = new TextEncoder();
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

// Every digest is finished before the next one begins, so that all of them can work in the same place.
const hash = new Int32Array(8);
const schedule = new Int32Array(64);
/** Where what is short is padded. */
const shortBlocks = new Uint8Array(1024);
const shortView = new DataView(shortBlocks.buffer);

/** The digest of a text's UTF-8, or of bytes, as 64 lower-case hexadecimal digits. */
export function sha256Hex(input: string | Uint8Array): string {
  const { bytes, view, length } = padded(input);
  hash.set(initialHash);
  for (let offset = 0; offset < length; offset += 64) compress(view, offset);
  // The next padding rests on zeros, and what was digested is nobody's business any more.
  bytes.fill(0, 0, length);
  let text = '';
  for (let index = 0; index < 8; index += 1) {
    const part = word(hash, index);
    text += `${hexOf(part >>> 24)}${hexOf((part >>> 16) & 0xff)}${hexOf((part >>> 8) & 0xff)}${hexOf(part & 0xff)}`;
  }
  return text;
}

function hexOf(byte: number): string {
  return hexOfByte[byte] ?? '';
}

interface Padded {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** A whole number of blocks. */
  readonly length: number;
}

/** The bytes, the bit that ends them, and their length. */
function padded(input: string | Uint8Array): Padded {
  // A unit of a string takes three bytes of UTF-8 at most; 72 is what padding can add.
  const isShort = input.length * 3 + 72 <= shortBlocks.length;
  const given = isShort && typeof input === 'string' ? undefined : bytesOf(input);
  const count = given === undefined ? encoder.encodeInto(String(input), shortBlocks).written : given.length;
  const length = Math.ceil((count + 9) / 64) * 64;
  const bytes = isShort ? shortBlocks : new Uint8Array(length);
  const view = isShort ? shortView : new DataView(bytes.buffer);
  if (given !== undefined) bytes.set(given);
  bytes[count] = 0x80;
  view.setUint32(length - 8, Math.floor(count / 2 ** 29));
  view.setUint32(length - 4, (count << 3) >>> 0);
  return { bytes, view, length };
}

function bytesOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? encoder.encode(input) : input;
}

function compress(view: DataView, offset: number): void {
  for (let index = 0; index < 16; index += 1) schedule[index] = view.getInt32(offset + index * 4);
  for (let index = 16; index < 64; index += 1) {
    const early = word(schedule, index - 15);
    const late = word(schedule, index - 2);
    const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    schedule[index] = (word(schedule, index - 16) + sigma0 + word(schedule, index - 7) + sigma1) | 0;
  }
  let a = word(hash, 0);
  let b = word(hash, 1);
  let c = word(hash, 2);
  let d = word(hash, 3);
  let e = word(hash, 4);
  let f = word(hash, 5);
  let g = word(hash, 6);
  let h = word(hash, 7);
  for (let index = 0; index < 64; index += 1) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + word(roundConstants, index) + word(schedule, index)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  add(0, a);
  add(1, b);
  add(2, c);
  add(3, d);
  add(4, e);
  add(5, f);
  add(6, g);
  add(7, h);
}

function add(index: number, value: number): void {
  hash[index] = (word(hash, index) + value) | 0;
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

function word(words: Int32Array, index: number): number {
  return words[index] ?? 0;
}
