import { handle } from 'hindsightdb';
import { durability } from '../contestants/append-log.ts';
import { loadWithEmmett } from '../contestants/emmett.ts';
import { openEmmettSqlite } from '../contestants/emmett-sqlite.ts';
import { openHindsight, orderDecider, snapshottedOrderDecider } from '../contestants/hindsight.ts';
import { sampleEvents } from '../drive/sample-events.ts';
import { timeCalls } from '../drive/timed-calls.ts';
import type { Fixture, Variant, Workload } from '../run/workload.ts';

/** Long entities end ten events behind a snapshot, so that both kinds fold ten events and only the history differs. */
const longCount = 10_000;
const tailCount = 10;
const entityCount = 20;

const shortId = (index: number): string => `order-short${index % (entityCount * 50)}`;
const longId = (index: number): string => `order-long${index % entityCount}`;

const hindsightFixture: Fixture = {
  name: 'entities-hindsight',
  build: async ({ directory, progress }) => {
    await using store = await openHindsight(directory);
    for (let index = 0; index < entityCount; index++) {
      for (let turn = 0; turn < longCount; turn += 1000) await store.append(longId(index), sampleEvents(turn, 1000, 0));
      for (let each = 0; each < 50; each++)
        await store.append(shortId(index * 50 + each), sampleEvents(each, tailCount, 0));
      // A handled command is what keeps a snapshot; the events behind it are the tail.
      await handle(store, snapshottedOrderDecider, longId(index), { turn: longCount });
      await store.append(longId(index), sampleEvents(longCount, tailCount, 0));
      progress(`${index + 1} of ${entityCount} long entities`);
    }
  },
};

const emmettFixture: Fixture = {
  name: 'entities-emmett',
  needsPeers: true,
  build: async ({ directory }) => {
    const log = await openEmmettSqlite(directory);
    for (let each = 0; each < 50; each++) await log.append(shortId(each), sampleEvents(each, tailCount, 0));
    for (let turn = 0; turn < longCount; turn += 50) await log.append(longId(0), sampleEvents(turn, 50, 0));
    await log.close();
  },
};

function hindsightVariant(
  name: string,
  decider: typeof orderDecider,
  idOf: (index: number) => string,
  versionMin: number,
): Variant {
  return {
    name,
    durability: durability.notApplicable,
    fixtures: [hindsightFixture.name],
    measure: async ({ fixture, scale }) => {
      await using store = await openHindsight(fixture(hindsightFixture.name));
      return await timeCalls(scale, async (turn) => {
        const { version } = await store.load(decider, idOf(turn));
        if (version < versionMin) throw new Error(`${idOf(turn)} was loaded at version ${version}.`);
      });
    },
  };
}

function emmettVariant(name: string, idOf: (index: number) => string, version: number): Variant {
  return {
    name,
    durability: durability.notApplicable,
    needsPeers: true,
    fixtures: [emmettFixture.name],
    measure: async ({ fixture, scale }) => {
      const log = await openEmmettSqlite(fixture(emmettFixture.name));
      const figures = await timeCalls(scale, async (turn) => {
        const loaded = await loadWithEmmett(log.store, idOf(turn));
        if (loaded !== version) throw new Error(`${idOf(turn)} was loaded at version ${loaded}.`);
      });
      await log.close();
      return figures;
    },
  };
}

export const entityLoad: Workload = {
  name: 'entity-load',
  title: 'Loading an entity',
  explanation:
    'One caller loads entities one after another and folds them. The long ones have 10,011 events and a snapshot ten events before their end; the short ones have 10 events. Emmett has no snapshots: its long entity of 10,000 events is folded whole.',
  fixtures: () => [hindsightFixture, emmettFixture],
  variants: () => [
    hindsightVariant(
      'hindsight, 10,000 events with a snapshot',
      snapshottedOrderDecider,
      longId,
      longCount + tailCount,
    ),
    hindsightVariant('hindsight, 10 events', orderDecider, shortId, tailCount),
    hindsightVariant('hindsight, 10,000 events without a snapshot', orderDecider, longId, longCount + tailCount),
    emmettVariant('emmett, SQLite, 10 events', (turn) => shortId(turn % 50), tailCount),
    emmettVariant('emmett, SQLite, 10,000 events', () => longId(0), longCount),
  ],
  targets: () => [
    {
      title: '10,000 events with a snapshot against 10 events, time',
      of: { variants: ['hindsight, 10,000 events with a snapshot'], figure: 'p50Ms' },
      against: { variants: ['hindsight, 10 events'], figure: 'p50Ms' },
      better: 'lower',
      must: 1.5,
      aim: 1.2,
      unit: '×',
    },
  ],
};
