/** Crashes at any write: each effect is done at least once, always under one key with the same data, in order, above the fence. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { consumerInfo, listConsumers, retryAllLetters } from '../../src/consumers/index.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { runReaction } from '../../src/reactions/index.ts';
import { openStore, storeOver } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { inFile, inMemory, settableClock } from '../open-stores.ts';
import { mortalEngine } from './mortal-engine.ts';
import { orderMails, paid, placed, World, type Deed } from './shop.ts';

const orders = ['order-1', 'order-2', 'order-3'];

/** What the events of a test are, and how often their effects fail before they work. */
const happening = fc.record({
  order: fc.constantFrom(...orders),
  kind: fc.constantFrom('placed', 'paid', 'seen'),
  parcels: fc.nat(2),
  failures: fc.constantFrom(0, 0, 0, 1, 2, 3),
  /** How often a handler fails on the event. */
  puzzles: fc.constantFrom(0, 0, 0, 1, 2, 3),
});
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

const life = fc.record({
  atWrite: fc.integer({ min: 1, max: 14 }),
  isWritten: fc.boolean(),
  hasLettersRetried: fc.boolean(),
  appended: fc.array(happening, { maxLength: 5 }),
});

function eventOf({ kind, parcels }: Happening, id: string) {
  if (kind === 'placed') return placed(id, id);
  return kind === 'paid' ? paid(id, parcels, id) : { type: 'OrderSeen', data: null, id };
}

/** The keys that an event's effects must be done under, in their order. */
function keysOf({ kind, parcels }: Happening, id: string): readonly string[] {
  if (kind === 'seen') return [];
  if (kind === 'placed') return [`mails:${id}:mail:1`];
  const ordinals = Array.from({ length: parcels }, (_, index) => `mails:${id}:parcel:${index + 1}`);
  return [`mails:${id}:mail:1`, ...ordinals, `mails:${id}:mail:2`];
}

/** Runs a process of the reaction until it has handled everything, or dies. */
async function live(
  engine: Engine,
  world: World,
  {
    version,
    slices,
    death,
    now,
  }: {
    readonly version: number;
    readonly slices: number;
    readonly death: Parameters<typeof mortalEngine>[1];
    readonly now: () => number;
  },
): Promise<void> {
  const mortal = mortalEngine(engine, death);
  const store: Store = storeOver(mortal.engine, { now });
  world.before = async () => {
    if (mortal.isDead()) throw new Error('nobody is there');
    await Promise.resolve();
  };
  try {
    const consumer = await runReaction(store, orderMails(world, { version, slices, leaseMs: 100, batchSizeMax: 4 }));
    await Promise.race([consumer.ended, consumer.waitFor(await store.head()).catch(() => undefined)]);
    await consumer.stop({ timeoutMs: mortal.isDead() ? 0 : 10_000 });
  } catch (error) {
    if (!mortal.isDead()) throw error;
  }
}

function assertKept(world: World, happened: readonly { readonly what: Happening; readonly id: string }[]): void {
  const first = new Map<string, Deed>();
  for (const deed of world.deeds) {
    const known = first.get(deed.key);
    if (known === undefined) first.set(deed.key, deed);
    else assert.deepEqual(deed.data, known.data, `the same data under ${deed.key}`);
  }
  const expected = happened.flatMap(({ what, id }) => keysOf(what, id));
  assert.deepEqual([...first.keys()].toSorted(), expected.toSorted(), 'each effect, and no other');
  for (const order of orders) {
    const ofOrder = happened.filter(({ what }) => what.order === order).flatMap(({ what, id }) => keysOf(what, id));
    assert.deepEqual(
      [...first.keys()].filter((key) => ofOrder.includes(key)),
      ofOrder,
      `the first time in the order of ${order}`,
    );
  }
}

suite('a reaction that crashes', () => {
  for (const [kind, numRuns] of [
    [inMemory, 100],
    [{ ...inMemory, name: 'memory in 3 partitions', partitionCount: 3 }, 100],
    [inFile, 12],
  ] as const)
    test(`at random writes, over ${kind.name}, keeps every promise`, async (t) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(life, { minLength: 1, maxLength: 5 }),
          fc.constantFrom(1, 3),
          async (lives, slices) => {
            const clock = settableClock();
            const { partitionCount } = kind;
            const disk = await openStore(await kind.address(t), { partitionCount, now: clock.now });
            const world = new World();
            const failuresLeft = new Map<string, number>();
            world.failure = ({ key }) => {
              const left = failuresLeft.get(key.split(':')[1] ?? '') ?? 0;
              if (left > 0) failuresLeft.set(key.split(':')[1] ?? '', left - 1);
              return left > 0 ? 'not yet' : undefined;
            };
            const puzzlesLeft = new Map<string, number>();
            world.isPuzzling = (id) => {
              const left = puzzlesLeft.get(id) ?? 0;
              puzzlesLeft.set(id, left - 1);
              return left > 0;
            };
            const happened: { readonly what: Happening; readonly id: string }[] = [];
            const append = async (what: Happening): Promise<void> => {
              const id = `e${happened.length}`;
              happened.push({ what, id });
              failuresLeft.set(id, what.failures);
              puzzlesLeft.set(id, what.puzzles);
              await disk.append(what.order, [eventOf(what, id)]);
            };
            for (const [index, { atWrite, isWritten, hasLettersRetried, appended }] of lives.entries()) {
              for (const what of appended) await append(what);
              if (hasLettersRetried && (await listConsumers(disk)).length > 0) await retryAllLetters(disk, 'mails');
              await live(disk.context.engine, world, {
                version: index + 1,
                slices,
                death: { atWrite, isWritten },
                now: clock.now,
              });
              // The lease of the dead runs out.
              clock.micros += 1_000_000;
            }
            for (let round = 0; ; round += 1) {
              await live(disk.context.engine, world, {
                version: lives.length + 1,
                slices,
                death: undefined,
                now: clock.now,
              });
              if ((await consumerInfo(disk, 'mails')).letterCount === 0) break;
              assert.ok(round < 20, 'every letter goes in the end');
              await retryAllLetters(disk, 'mails');
            }
            assertKept(world, happened);
            await disk.close();
          },
        ),
        { numRuns },
      );
    });
});
