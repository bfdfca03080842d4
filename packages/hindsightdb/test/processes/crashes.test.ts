/** Crashes at any write, and any delay between recording and handling: the steps are those of the simulation over the log. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { runCommands } from '../../src/commands/index.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { advanceProcess, runProcess } from '../../src/processes/index.ts';
import { openStore, storeOver } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { settableClock } from '../../src/testing/index.ts';
import { inFile, inMemory, openAt, openNew } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { join } from 'node:path';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { invoiceCommands } from './billing.ts';
import {
  issuedCommands,
  obedient,
  recordedSteps,
  simulatedSteps,
  submittedCommands,
  tell,
  tellings,
} from './tellings.ts';

const life = fc.record({
  told: fc.array(tellings({ gapMsMax: 40, afterMsMax: 300 }), { maxLength: 6 }),
  /** How long the process manager is away before it looks. */
  awayMs: fc.constantFrom(0, 1, 50, 400),
  death: fc.option(fc.record({ atWrite: fc.integer({ min: 1, max: 16 }), isWritten: fc.boolean() }), { nil: undefined }),
  isDecided: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

/** Longer than the lease of one that died. */
const leaseMs = 100;

async function advance(
  engine: Engine,
  now: () => number,
  { slices, death }: { readonly slices: number; readonly death: Life['death'] },
): Promise<void> {
  const mortal = mortalEngine(engine, death);
  const store = storeOver(mortal.engine, { now });
  try {
    await advanceProcess(store, obedient({ slices, leaseMs, batchSizeMax: 3 }));
  } catch (error) {
    if (!mortal.isDead()) throw error;
  }
}

async function decideAll(store: Store): Promise<void> {
  const consumer = await runCommands(store, invoiceCommands);
  await consumer.waitFor(await store.head());
  await consumer.stop();
}

suite('whatever dies, and however late it is', () => {
  for (const kind of [inMemory, inFile])
    test(`${kind.name}: each instance takes the steps of the simulation, and each command is submitted once`, async (t) => {
      const runs = fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 2),
        async (lives, slices) => {
          const clock = settableClock('2026-03-01T00:00:00Z');
          await using store = await openStore(await kind.address(t), { now: clock.now });
          const { engine } = store.context;
          for (const { told, awayMs, death, isDecided } of lives) {
            for (const telling of told) {
              clock.advanceMs(telling.gapMs);
              await tell(store, telling);
            }
            clock.advanceMs(awayMs);
            await advance(engine, clock.now, { slices, death });
            // The lease of one that died must run out before the next one can work.
            if (death !== undefined) clock.advanceMs(leaseMs + 1);
            if (isDecided) await decideAll(store);
          }
          clock.advanceMs(1000);
          await advance(engine, clock.now, { slices, death: undefined });
          const recorded = await recordedSteps(store);
          assert.deepEqual(recorded, await simulatedSteps(store, obedient(), clock.iso));
          assert.deepEqual(await submittedCommands(store), issuedCommands(recorded));
        },
      );
      await fc.assert(runs, { numRuns: kind === inMemory ? 150 : 12 });
    });
});
