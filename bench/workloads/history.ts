import { bisect, blame, diff, timeline } from 'hindsightdb/history';
import type { Store } from 'hindsightdb';
import { durability } from '../contestants/append-log.ts';
import { openHindsight } from '../contestants/hindsight.ts';
import { basketEvents, basketFold } from '../drive/basket.ts';
import { timeCalls } from '../drive/timed-calls.ts';
import type { Fixture, Scale, Target, Variant, Workload } from '../run/workload.ts';

/** Several entities of the same length, so that no look finds what the one before it left in a cache. */
const entityCount = 8;
const eventCount = 10_000;
const largeId = 'order-large';

const entityId = (index: number): string => `order-${index % entityCount}`;
const largeCount = ({ name }: Scale): number => (name === 'full' ? 100_000 : 20_000);

async function fill(store: Store, streamId: string, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1000) await store.append(streamId, basketEvents(turn, 1000));
}

const fixture: Fixture = {
  name: 'history',
  build: async ({ directory, scale, progress }) => {
    await using store = await openHindsight(directory);
    for (let index = 0; index < entityCount; index += 1) await fill(store, entityId(index), eventCount);
    progress(`${entityCount} entities of ${eventCount.toLocaleString('en')} events`);
    await fill(store, largeId, largeCount(scale));
  },
};

/** A look at one entity. Gives how much it found, so that one that finds nothing is noticed. */
type Look = (store: Store, streamId: string) => Promise<number>;

const looks: Readonly<Record<string, Look>> = {
  timeline: async (store, streamId) => {
    let changes = 0;
    for await (const { events } of timeline(store, basketFold, streamId).pages())
      for (const entry of events) changes += entry.changes.length;
    return changes;
  },
  diff: async (store, streamId) => {
    const { to, changes } = await diff(store, basketFold, streamId, { from: { version: eventCount / 2 } });
    return to.version + changes.length;
  },
  blame: async (store, streamId) => {
    const { version, leaves } = await blame(store, basketFold, streamId);
    return leaves.every(({ event }) => event !== undefined) ? version : 0;
  },
  bisect: async (store, streamId) => {
    const { itemCount } = (await store.load(basketFold, streamId)).state;
    const found = await bisect(store, basketFold, streamId, (state) => state.itemCount >= itemCount);
    return found?.version ?? 0;
  },
};

/** At most four events of seven leave the number of items as it was, and so the last version is nearly the last event. */
const foundMin = eventCount - 7;

function timed(name: string, look: Look): Variant {
  return {
    name: `${name}, 10,000 events`,
    durability: durability.notApplicable,
    fixtures: [fixture.name],
    measure: async ({ fixture: folderOf, scale }) => {
      await using store = await openHindsight(folderOf(fixture.name));
      return await timeCalls(scale, async (turn) => {
        const found = await look(store, entityId(turn));
        if (found < foundMin) throw new Error(`${name} of ${entityId(turn)} found ${found}.`);
      });
    },
  };
}

function large(name: string, look: Look, scale: Scale): Variant {
  return {
    name: `${name}, ${largeCount(scale).toLocaleString('en')} events`,
    durability: durability.notApplicable,
    repetitionsMax: 3,
    fixtures: [fixture.name],
    measure: async ({ fixture: folderOf }) => {
      await using store = await openHindsight(folderOf(fixture.name));
      const before = process.memoryUsage.rss();
      const begin = performance.now();
      const found = await look(store, largeId);
      const elapsedMs = performance.now() - begin;
      if (found < foundMin) throw new Error(`${name} found ${found}.`);
      // The highest that the process ever had: nothing between two looks at it is missed.
      return { elapsedMs, overEmptyBytes: process.resourceUsage().maxRSS * 1024 - before };
    },
  };
}

function under100ms(name: string): Target {
  return {
    title: `${name} of 10,000 events`,
    of: { variants: [`${name}, 10,000 events`], figure: 'p50Ms' },
    better: 'lower',
    must: 100,
    aim: 50,
    unit: 'ms',
  };
}

function flat(name: string, scale: Scale): Target {
  return {
    title: `${name} of ${largeCount(scale).toLocaleString('en')} events, memory over the empty process`,
    of: { variants: [`${name}, ${largeCount(scale).toLocaleString('en')} events`], figure: 'overEmptyBytes' },
    better: 'lower',
    must: 60,
    unit: 'MB',
    divisor: 1e6,
  };
}

const inMemory = ['timeline', 'blame'];

export const history: Workload = {
  name: 'history',
  title: 'Explaining an entity',
  explanation:
    'One caller looks into the history of one entity after another: its timeline with every change, the difference between half of its history and now, blame of every leaf, and the first event after which something held (at its very end, so that all of it is walked). The state is a basket of fifty lines that are told apart by a key; there are no snapshots, so everything is folded from the first event on. Of an entity ten times as long, the highest resident memory of the process is compared with that before the look, the store being open; most of it is what V8 lets garbage grow to before it collects.',
  fixtures: () => [fixture],
  variants: (scale) => [
    ...Object.entries(looks).map(([name, look]) => timed(name, look)),
    ...Object.entries(looks).flatMap(([name, look]) => (inMemory.includes(name) ? [large(name, look, scale)] : [])),
  ],
  targets: (scale) => [...Object.keys(looks).map(under100ms), ...inMemory.map((name) => flat(name, scale))],
};
