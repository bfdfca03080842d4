/** Chance that can be had again. */

/** The seed of this run: HINDSIGHT_SEED, or a new one, which the test prints. */
export function seedOfRun(): number {
  const given = Number(process.env['HINDSIGHT_SEED']);
  return Number.isSafeInteger(given) && given > 0 ? given : Date.now() % 2_147_483_647;
}

/** Numbers from 0 up to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
