/** The long form of store-power-cut.test.ts: several loads, and as many images of each as `POWER_CUT_IMAGES` says. */
import { describe, test } from 'node:test';
import { runSeed } from './seeded-random.ts';
import { needsFaults } from './shim/compile-shim.ts';
import { cutPowerUnderLoad } from './store-power-cut.ts';

const imagesMax = Number(process.env['POWER_CUT_IMAGES'] ?? 1500);

describe('a power cut under a store, at length', needsFaults(), () => {
  for (const names of ['journaled', 'strict'] as const) {
    for (const lanes of [1, 4, 16]) {
      test(`loses nothing that was acknowledged or shown to a reader (${lanes} lanes, ${names} names)`, async () => {
        await cutPowerUnderLoad({ seed: runSeed(), imagesMax, names, lanes, appendsOfLane: Math.ceil(40 / lanes) });
      });
    }
  }
});
