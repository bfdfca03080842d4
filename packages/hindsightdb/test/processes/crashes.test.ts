/** Crashes at any write, and any delay between recording and handling: the steps are those of the simulation over the log. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { runCommands } from '../../src/commands/index.ts';
import { listConsumers, listLetters, retryAllLetters } from '../../src/consumers/index.ts';
import type { Engine } from '../../src/engine/contract.ts';
import {
  advanceProcess,
  defineProcess,
  issue,
  listProcesses,
  runProcess,
  setTimer,
} from '../../src/processes/index.ts';
import { openStore, storeOver } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { settableClock } from '../../src/testing/index.ts';
import { inFile, inMemory, openNew } from '../open-stores.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { invoiceCommands } from './billing.ts';
import {
  Brittleness,
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
  death: fc.option(fc.record({ atWrite: fc.integer({ min: 1, max: 16 }), isWritten: fc.boolean() }), {
    nil: undefined,
  }),
  isDecided: fc.boolean(),
  hasLettersRetried: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

/** Longer than the lease of one that died. */
const leaseMs = 100;

async function advance(
  engine: Engine,
  now: () => number,
  {
    slices,
    death,
    brittleness,
  }: { readonly slices: number; readonly death: Life['death']; readonly brittleness: Brittleness },
): Promise<void> {
  const mortal = mortalEngine(engine, death);
  const store = storeOver(mortal.engine, { now });
  try {
    await advanceProcess(store, obedient({ slices, leaseMs, batchSizeMax: 3, brittleness }));
  } catch (error) {
    if (!mortal.isDead()) throw error;
  }
}

/** Where the process manager was ever started. */
async function retryLettersOf(store: Store): Promise<void> {
  const consumers = await listConsumers(store);
  if (consumers.some(({ name }) => name === 'obedient')) await retryAllLetters(store, 'obedient');
}

async function isHeldUp(store: Store): Promise<boolean> {
  for await (const _letter of listLetters(store, 'obedient')) return true;
  for await (const { failing } of listProcesses(store, 'obedient')) if (Object.keys(failing).length > 0) return true;
  return false;
}

async function decideAll(store: Store): Promise<void> {
  const consumer = await runCommands(store, invoiceCommands);
  await consumer.waitFor(await store.head());
  await consumer.stop();
}

suite('whatever dies, and however late it is', () => {
  for (const kind of [inMemory, inFile])
    test(`each instance takes the steps of the simulation, and each command is submitted once (${kind.name})`, async (t) => {
      const runs = fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 2),
        async (lives, slices) => {
          const clock = settableClock('2026-03-01T00:00:00Z');
          await using store = await openStore(await kind.address(t), { now: clock.now });
          const { engine } = store.context;
          const brittleness = new Brittleness();
          for (const { told, awayMs, death, isDecided, hasLettersRetried } of lives) {
            for (const telling of told) {
              clock.advanceMs(telling.gapMs);
              await tell(store, telling);
            }
            clock.advanceMs(awayMs);
            await advance(engine, clock.now, { slices, death, brittleness });
            // The lease of one that died must run out before the next one can work.
            if (death !== undefined) clock.advanceMs(leaseMs + 1);
            if (isDecided) await decideAll(store);
            if (hasLettersRetried) await retryLettersOf(store);
          }
          // Whatever fails does so a few times only, and what stands behind it may do so after it.
          do {
            await retryLettersOf(store);
            clock.advanceMs(1000);
            await advance(engine, clock.now, { slices, death: undefined, brittleness });
          } while (await isHeldUp(store));
          const recorded = await recordedSteps(store);
          assert.deepEqual(recorded, await simulatedSteps(store, obedient(), clock.iso));
          assert.deepEqual(await submittedCommands(store), issuedCommands(recorded));
        },
      );
      await fc.assert(runs, { numRuns: kind === inMemory ? 80 : 8 });
    });

  for (const kind of [inMemory, inFile])
    test(`two at the same time, with others that die beside them, take the steps of the simulation (${kind.name})`, async (t) => {
      const told = fc.array(tellings({ gapMsMax: 8, afterMsMax: 40 }), { minLength: 5, maxLength: 40 });
      const deaths = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 });
      const runs = fc.asyncProperty(told, deaths, async (all, dying) => {
        const address = await kind.address(t);
        await using store = await openStore(address);
        const open = async (): Promise<Store> =>
          kind === inFile ? await openStore(address) : storeOver(store.context.engine, {});
        const running: Disposing[] = [];
        const process = obedient({ slices: 2, leaseMs, batchSizeMax: 3 });
        try {
          for (const atWrite of [undefined, ...dying, undefined]) {
            const own = await open();
            const death = atWrite === undefined ? undefined : { atWrite, isWritten: atWrite % 2 === 0 };
            const mortal = mortalEngine(own.context.engine, death);
            running.push(await started(storeOver(mortal.engine, {}), process, mortal.isDead));
            if (kind === inFile) running.push({ stop: async () => await own.close() });
          }
          const decider = await runCommands(store, invoiceCommands);
          running.push(decider);
          for (const telling of all) {
            await tell(store, telling);
            if (telling.gapMs > 0) await sleep(telling.gapMs);
          }
          await settled(store, process);
        } finally {
          for (const each of running) await each.stop();
        }
        const recorded = await recordedSteps(store);
        assert.deepEqual(recorded, await simulatedSteps(store, process, farAhead()));
        assert.deepEqual(await submittedCommands(store), issuedCommands(recorded));
      });
      await fc.assert(runs, { numRuns: kind === inMemory ? 10 : 4 });
    });
});

test('a death at any of its writes, one after the other, leaves nothing undone and nothing done twice', async (t) => {
  const issuing = defineProcess({
    name: 'issuing',
    startAt: 'beginning',
    leaseMs,
    commands: [invoiceCommands],
    on: {
      InvoiceSent: ({ streamId }) => [
        issue(invoiceCommands, { type: 'Remind', streamId, data: { text: 'first' } }),
        issue(invoiceCommands, { type: 'Remind', streamId, data: { text: 'second' } }),
        setTimer('due', { afterMs: 10 }),
      ],
    },
    timers: {
      due: ({ key: streamId }) => issue(invoiceCommands, { type: 'Remind', streamId, data: { text: 'third' } }),
    },
  });
  let deaths = 0;
  for (const isWritten of [false, true])
    for (let atWrite = 1, isDying = true; isDying; atWrite += 1) {
      const clock = settableClock('2026-03-01T00:00:00Z');
      const store = await openNew(t, inMemory, { now: clock.now });
      const sent = { type: 'InvoiceSent', data: null };
      await store.append('invoice-1', [sent, sent]);
      clock.advanceMs(20);
      const mortal = mortalEngine(store.context.engine, { atWrite, isWritten });
      await advanceProcess(storeOver(mortal.engine, { now: clock.now }), issuing).catch(() => undefined);
      isDying = mortal.isDead();
      if (isDying) deaths += 1;
      clock.advanceMs(leaseMs + 1);
      await advanceProcess(store, issuing);
      const recorded = await recordedSteps(store, 'issuing');
      assert.deepEqual(recorded, await simulatedSteps(store, issuing, clock.iso), `death at write ${atWrite}`);
      const ids = (recorded['invoice-1'] ?? []).flatMap(({ id, on }) =>
        JSON.stringify(on).includes('timer') ? [`${id}.1`] : [`${id}.1`, `${id}.2`],
      );
      assert.equal(ids.length, 5);
      assert.deepEqual(await submittedCommands(store), { 'invoice-1': ids }, `death at write ${atWrite}`);
    }
  assert.ok(deaths > 12, `${deaths} deaths`);
});

interface Disposing {
  readonly stop: () => Promise<void>;
}

/** One that dies at its start is gone, as a process would be. */
async function started(store: Store, process: ReturnType<typeof obedient>, isDead: () => boolean): Promise<Disposing> {
  try {
    const consumer = await runProcess(store, process);
    return { stop: async () => await consumer.stop({ timeoutMs: isDead() ? 0 : 10_000 }) };
  } catch (error) {
    if (!isDead()) throw error;
    return { stop: async () => undefined };
  }
}

/** Behind every timer of these tests, which end. */
function farAhead(): Date {
  return new Date(Date.now() + 24 * 3_600_000);
}

/**
 * Waits until as many steps are recorded as the log leads to, and as many commands are submitted: what is decided meanwhile leads to
 * more, and what one that died has left, the others find when its lease has run out.
 */
async function settled(store: Store, process: ReturnType<typeof obedient>): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (let before = -1; performance.now() < deadline; await sleep(30)) {
    const wanted = countOf(await simulatedSteps(store, process, farAhead()));
    const recorded = await recordedSteps(store);
    const found = countOf(recorded);
    const isSubmitted = countOf(await submittedCommands(store)) >= countOf(issuedCommands(recorded));
    if (found >= wanted && isSubmitted && found === before) return;
    before = found;
  }
}

function countOf(steps: Readonly<Record<string, readonly unknown[]>>): number {
  return Object.values(steps).reduce((sum, each) => sum + each.length, 0);
}
