/**
 * A small seeded generator of random numbers, so that a failing run can be made again from the seed that it printed.
 *
 * The method is a 32-bit counter whose steps are scrambled by multiplications and shifts; good enough to choose
 * test cases, and for nothing else.
 */
export type SeededRandom = {
  /** A whole number from 0 up to, not including, `bound`. */
  readonly below: (bound: number) => number;
  /** True with the given probability. */
  readonly chance: (probability: number) => boolean;
  /** Any element of a list that is not empty. */
  readonly pick: <Value>(values: readonly Value[]) => Value;
};

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const unit = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
  const below = (bound: number): number => Math.floor(unit() * bound);
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new RangeError('cannot pick from an empty list');
    return value;
  };
  return { below, chance: (probability) => unit() < probability, pick };
}

/** The seed of this run: `FAULT_SEED` where it is set, else a new one. Print it with every failure. */
export function runSeed(): number {
  const given = process.env['FAULT_SEED'];
  if (given === undefined) return Math.floor(Math.random() * 0x1_0000_0000);
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`FAULT_SEED must be a whole number, got ${given}`);
  return seed;
}
