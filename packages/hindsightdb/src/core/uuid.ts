/**
 * UUID version 7 (RFC 9562): a millisecond time and random bits, made so that ids of one maker sort in the order of making.
 */

/** Makes ids from a clock (milliseconds since 1970) and a source of random bytes. Time never goes backward within one maker. */
export function uuidV7Maker(now: () => number, randomBytes: (count: number) => Uint8Array): () => string {
  let lastMillis = 0;
  /** The time as an id begins with it, and of which millisecond. */
  let lastTime = '';
  let millisOf = Number.NaN;
  // The 12 bits behind the version count up within a millisecond (RFC 9562, section 6.2, method 1).
  let counter = 0;
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  const takeRandom = (): Uint8Array => {
    if (used + 10 > pool.length) {
      // One call of the system's generator serves a thousand ids.
      pool = randomBytes(10_000);
      used = 0;
    }
    used += 10;
    return pool.subarray(used - 10, used);
  };
  return () => {
    const random = takeRandom();
    const millis = now();
    if (millis > lastMillis) {
      lastMillis = millis;
      counter = (((random[8] ?? 0) << 8) | (random[9] ?? 0)) & 0x7ff;
    } else if (counter < 0xfff) counter += 1;
    else {
      lastMillis += 1;
      counter = 0;
    }
    if (millisOf !== lastMillis) {
      // Many ids are made in one millisecond, and writing out its digits costs more than the rest of an id.
      millisOf = lastMillis;
      lastTime = timeText(lastMillis);
    }
    return lastTime + format(counter, random);
  };
}

function timeText(millis: number): string {
  const time = millis.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

function format(counter: number, random: Uint8Array): string {
  const variant = hex[((random[0] ?? 0) & 0x3f) | 0x80];
  let tail = '';
  for (let index = 2; index < 8; index += 1) tail += hex[random[index] ?? 0];
  return `${(counter >> 8).toString(16)}${hex[counter & 0xff]}-${variant}${hex[random[1] ?? 0]}-${tail}`;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
