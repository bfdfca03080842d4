/**
 * A map of what was used last: a cache whose entries make room by themselves. It keeps two generations, and drops the older
 * one whole. Taking out single entries, as a list in the order of use would, leaves behind tables of the map that the garbage
 * collector finds late, with everything that ever was in them.
 */

/** What was used last, by key. */
export class RecentMap<Key, Value> {
  #newer = new Map<Key, Value>();
  #older = new Map<Key, Value>();
  readonly #countMin: number;
  /** How many the newer generation takes. */
  #newerMax: number;
  readonly #isKept: (value: Value) => boolean;

  /** Holds at least the last `countMin` that were used and twice as many at most, beside those that are still to be kept. */
  constructor(countMin: number, isKept: (value: Value) => boolean = () => false) {
    this.#countMin = countMin;
    this.#newerMax = countMin;
    this.#isKept = isKept;
  }

  /** The value of a key, which is used by this; undefined where it is not remembered. */
  get(key: Key): Value | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** The same, which does not count as a use. */
  peek(key: Key): Value | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  /** Remembers a value. */
  set(key: Key, value: Value): void {
    if (this.#newer.size >= this.#newerMax && !this.#newer.has(key)) this.#makeRoom();
    this.#newer.set(key, value);
  }

  /** Forgets a key. */
  delete(key: Key): void {
    this.#newer.delete(key);
    this.#older.delete(key);
  }

  #makeRoom(): void {
    const leaving = this.#older;
    this.#older = this.#newer;
    this.#newer = new Map();
    for (const [key, value] of leaving) if (this.#isKept(value) && !this.#older.has(key)) this.#newer.set(key, value);
    // Where many are kept, as many new ones come before these are looked through again.
    this.#newerMax = this.#newer.size + Math.max(this.#countMin, this.#newer.size);
  }
}
