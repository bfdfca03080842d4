import { durability, type LogTotals } from '../contestants/append-log.ts';
import { openEmmettSqlite, readEmmettSqlite } from '../contestants/emmett-sqlite.ts';
import { readFlatFile, writeFlatFile } from '../contestants/flat-file.ts';
import { growStore, openHindsight, readHindsightEvents, readHindsightPages } from '../contestants/hindsight.ts';
import { sampleEvent, sampleEvents } from '../drive/sample-events.ts';
import type { Figures, Fixture, Scale, Variant, Workload } from '../run/workload.ts';

/** Emmett writes slowly and reads at a rate that does not depend on the length, so its log is shorter. */
const emmettEventCount = (scale: Scale): number => Math.min(scale.readEventCount, 50_000);

function quantitySum(eventCount: number): number {
  let sum = 0;
  for (let turn = 0; turn < eventCount; turn++) sum += sampleEvent(turn, 0).data.quantity;
  return sum;
}

/** Reads twice, the first time to warm up, and refuses totals that are not those of what was written. */
async function timeReading(eventCount: number, read: () => Promise<LogTotals>): Promise<Figures> {
  const expected = quantitySum(eventCount);
  let elapsedMs = Number.NaN;
  for (let round = 1; round <= 2; round++) {
    const begin = performance.now();
    const totals = await read();
    elapsedMs = performance.now() - begin;
    if (totals.eventCount !== eventCount || totals.quantitySum !== expected) {
      throw new Error(
        `Read ${totals.eventCount} events with sum ${totals.quantitySum}, not ${eventCount} with ${expected}.`,
      );
    }
  }
  return { eventsPerSecond: (eventCount / elapsedMs) * 1000 };
}

function hindsightVariant(name: string, read: typeof readHindsightPages): Variant {
  return {
    name,
    durability: durability.notApplicable,
    fixtures: ['read-hindsight'],
    measure: async ({ fixture, scale }) => {
      await using store = await openHindsight(fixture('read-hindsight'));
      return await timeReading(scale.readEventCount, () => read(store));
    },
  };
}

const fixtures = (scale: Scale): readonly Fixture[] => [
  {
    name: 'read-hindsight',
    build: async ({ directory, progress }) => {
      await using store = await openHindsight(directory);
      await growStore(store, { eventCount: scale.readEventCount, eventsPerEntity: 10, progress }, (turn) =>
        sampleEvent(turn, 0),
      );
    },
  },
  { name: 'read-flat', build: async ({ directory }) => writeFlatFile(directory, scale.readEventCount) },
  {
    name: 'read-emmett',
    needsPeers: true,
    build: async ({ directory, progress }) => {
      const log = await openEmmettSqlite(directory);
      for (let turn = 0; turn < emmettEventCount(scale); turn += 50) {
        await log.append(`order-${turn}`, sampleEvents(turn, 50, 0));
        if (turn % 5000 === 0) progress(`${turn} of ${emmettEventCount(scale)} events`);
      }
      await log.close();
    },
  },
];

export const logRead: Workload = {
  name: 'log-read',
  title: 'Whole log read and parsed',
  explanation:
    'The log is read from its first event to its last, every event parsed and its data looked at; the second of two passes counts, so the file is in the page cache. The flat file holds the same events as JSON lines.',
  fixtures,
  variants: () => [
    hindsightVariant('hindsight', readHindsightPages),
    hindsightVariant('hindsight, event by event', readHindsightEvents),
    {
      name: 'flat file',
      durability: durability.notApplicable,
      fixtures: ['read-flat'],
      measure: async ({ fixture, scale }) =>
        await timeReading(scale.readEventCount, () => readFlatFile(fixture('read-flat'))),
    },
    {
      name: 'emmett, SQLite',
      durability: durability.notApplicable,
      needsPeers: true,
      fixtures: ['read-emmett'],
      measure: async ({ fixture, scale }) =>
        await timeReading(emmettEventCount(scale), () => readEmmettSqlite(fixture('read-emmett'))),
    },
  ],
  targets: () => [
    {
      title: 'against reading and parsing a flat file',
      of: { variants: ['hindsight'], figure: 'eventsPerSecond' },
      against: { variants: ['flat file'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.7,
      aim: 0.9,
      unit: '×',
    },
  ],
};
