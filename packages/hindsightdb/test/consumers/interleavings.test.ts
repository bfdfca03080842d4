/**
 * Any interleaving of appends, crashes, freezes, restarts, pauses and failures: every event is handled, in order for each
 * entity, nothing is recorded after a fence, and letters hold back. `INTERLEAVINGS` sets the number of runs, `FAULT_SEED`
 * the seed of a run that failed.
 */

import { test } from 'node:test';
import {
  array,
  assert as assertProperty,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { runSeed } from '../faults/seeded-random.ts';
import { allStoreKinds, openNew, type StoreKind } from '../open-stores.ts';
import type { Ending } from '../temporary-folder.ts';
import { Interleaving, type Setup, type Step } from './interleavings.ts';

const member = integer({ min: 0, max: 1 });
const steps = array(
  oneof(
    {
      weight: 6,
      arbitrary: record({
        kind: constantFrom('append' as const),
        entity: integer({ min: 1, max: 4 }),
        failures: constantFrom(0, 0, 0, 1, 2, 3),
      }),
    },
    { weight: 3, arbitrary: record({ kind: constantFrom('start' as const), member }) },
    {
      weight: 3,
      arbitrary: record({ kind: constantFrom('stop', 'halt', 'crash', 'freeze', 'thaw' as const), member }),
    },
    { weight: 1, arbitrary: record({ kind: constantFrom('pause', 'resume', 'retryLetters' as const) }) },
    {
      weight: 4,
      arbitrary: record({ kind: constantFrom('wait' as const), milliseconds: constantFrom(0, 1, 5, 20, 60) }),
    },
  ),
  { minLength: 4, maxLength: 30, size: 'max' },
);
const setup = record({
  slices: integer({ min: 1, max: 4 }),
  batchSizeMax: constantFrom(1, 3, 200),
  concurrencyMax: constantFrom(1, 3),
  isSlow: boolean(),
});
const laterSetup = record({ setup, unsettledMax: constantFrom(1, 4, 5000) }).map(({ setup: rest, unsettledMax }) => ({
  ...rest,
  unsettledMax,
}));

const runs = Number(process.env['INTERLEAVINGS'] ?? 10);
const seed = runSeed();

const runsOn = (kind: StoreKind): number => (kind.name === 'SQLite' ? Math.ceil(runs / 2) : runs);

async function tryOn(ending: Ending, kind: StoreKind, setups: Arbitrary<Setup>): Promise<void> {
  const property = asyncProperty(setups, steps, async (given: Setup, taken: readonly Step[]) => {
    const store = await openNew(ending, kind);
    await new Interleaving(store.context.engine, given).run(taken);
    await store.close();
  });
  await assertProperty(property, { numRuns: runsOn(kind), seed, endOnFailure: true });
}

for (const kind of allStoreKinds) {
  test(`consumers come right after any interleaving, on ${kind.name} (seed ${seed})`, async (t) => {
    await tryOn(t, kind, setup);
  });

  test(`work that outlasts its batch comes right after any interleaving, on ${kind.name} (seed ${seed})`, async (t) => {
    await tryOn(t, kind, laterSetup);
  });
}
