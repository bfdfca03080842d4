import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event, Recorded, Store } from 'hindsightdb';
import {
  defineProjection,
  documents,
  rebuildProjection,
  runProjection,
  sql,
  sqlTables,
  viewOf,
  type Projection,
} from 'hindsightdb/projections';
import { durability } from '../contestants/append-log.ts';
import { growStore, openHindsight, readHindsightPages, storeFileName } from '../contestants/hindsight.ts';
import { delayFigures, machineNowMs, untilSeen, writeWithPauses, type Moments } from '../drive/live-follow.ts';
import { evolveOrder, initialOrder, type OrderState } from '../drive/order.ts';
import { sampleEvent, sampleTypes, type SampleEvent } from '../drive/sample-events.ts';
import type { Figures, Fixture, MeasureContext, Scale, Variant, Workload } from '../run/workload.ts';

type Sample = Event<SampleEvent['type'], SampleEvent['data']>;

/** The same handler for all types of the log, so that every event leads to a write. */
function onEveryType<Handler>(handler: Handler): Readonly<Record<SampleEvent['type'], Handler>> {
  return Object.fromEntries(sampleTypes.map((type) => [type, handler]));
}

const eventCount = ({ name }: Scale): number => (name === 'full' ? 1_000_000 : 50_000);

const tables = sqlTables({
  bench_orders: 'order_id TEXT PRIMARY KEY, items INTEGER NOT NULL, total REAL NOT NULL, last_sku TEXT NOT NULL',
});
const inTables = defineProjection({
  name: 'orders-in-a-table',
  view: tables,
  on: onEveryType(
    ({ streamId, data }: Recorded<Sample>) => sql`
      INSERT INTO ${tables.tables.bench_orders}
      VALUES (${streamId}, ${data.quantity}, ${data.quantity * data.price}, ${data.sku})
      ON CONFLICT DO UPDATE SET items = items + excluded.items, total = total + excluded.total, last_sku = excluded.last_sku`,
  ),
});

const orders = documents<OrderState>();
const inDocuments = defineProjection({
  name: 'orders-as-documents',
  view: orders,
  on: onEveryType((event: Recorded<Sample>) =>
    orders.update(event.streamId, (state) => evolveOrder(state ?? initialOrder(), event)),
  ),
});

const fixture = (scale: Scale): Fixture => ({
  name: 'read-models',
  build: async ({ directory, progress }) => {
    await using store = await openHindsight(directory);
    const plan = { eventCount: eventCount(scale), eventsPerEntity: 10, progress };
    await growStore(store, plan, (turn) => sampleEvent(turn, 0));
  },
});

/** A copy for this measurement alone: views are written beside the log. */
async function openCopy({ fixture: folderOf, directory }: MeasureContext): Promise<Store> {
  await copyFile(join(folderOf('read-models'), storeFileName), join(directory, storeFileName));
  return await openHindsight(directory);
}

function rebuilding(name: string, projection: Projection, rowCount: (store: Store) => Promise<number>): Variant {
  return {
    name,
    durability: durability.sqliteFull,
    fixtures: ['read-models'],
    repetitionsMax: 3,
    measure: async (context) => {
      await using store = await openCopy(context);
      await readHindsightPages(store);
      const begin = performance.now();
      const rebuilt = await rebuildProjection(store, projection);
      const elapsedMs = performance.now() - begin;
      if (rebuilt.eventCount !== eventCount(context.scale))
        throw new Error(`${rebuilt.eventCount} events went into the view.`);
      const found = await rowCount(store);
      const wanted = eventCount(context.scale) / 10;
      if (found !== wanted) throw new Error(`The view has ${found} orders, and the log ${wanted}.`);
      return { eventsPerSecond: (rebuilt.eventCount / elapsedMs) * 1000 };
    },
  };
}

/** The delay from the acknowledgement of an append until the view has it. */
async function lag(context: MeasureContext, write: (append: Append) => Promise<Moments>): Promise<Figures> {
  await using store = await openHindsight(context.directory);
  await using running = await runProjection(store, inTables);
  const seen: Moments = [];
  const waits: Promise<void>[] = [];
  const answered = await write(async (turn) => {
    const { checkpoint } = await store.append(`order-${turn % 100}`, [sampleEvent(turn, 0)]);
    const place = waits.length;
    waits.push(running.waitFor(checkpoint).then(() => void (seen[place] = machineNowMs())));
  });
  await Promise.all(waits);
  await untilSeen(seen, answered.length);
  return delayFigures(answered, seen);
}

type Append = (turn: number) => Promise<void>;

/** Writers beside the one whose appends are watched. */
const busyWriters = 15;

async function underLoad(context: MeasureContext): Promise<Figures> {
  const { scale } = context;
  return await lag(context, async (append) => {
    await using other = await openHindsight(context.directory);
    let isOver = false;
    const load = Array.from({ length: busyWriters }, async (_, writer) => {
      for (let turn = 0; !isOver; turn += 1) await other.append(`load-${writer}`, [sampleEvent(turn, 0)]);
    });
    const answered = await writeWithPauses(append, scale);
    isOver = true;
    await Promise.all(load);
    return answered;
  });
}

export const readModels: Workload = {
  name: 'read-models',
  title: 'Read models',
  explanation:
    'A projection keeps items and total of every order. Its view is built anew from a log with ten events an order, once into a table by one SQL statement an event, once into documents; the rate is compared with plainly reading the same log and parsing it, which is done once before in every variant, so that the file is in the page cache. Then the delay from the acknowledgement of an append until the view has it, with one append every few milliseconds, alone and beside 15 writers without pauses.',
  fixtures: (scale) => [fixture(scale)],
  variants: (scale) => [
    {
      name: 'plainly reading the log',
      durability: durability.notApplicable,
      fixtures: ['read-models'],
      repetitionsMax: 3,
      measure: async (context) => {
        await using store = await openCopy(context);
        await readHindsightPages(store);
        const begin = performance.now();
        const totals = await readHindsightPages(store);
        const elapsedMs = performance.now() - begin;
        if (totals.eventCount !== eventCount(scale)) throw new Error(`Read ${totals.eventCount} events.`);
        return { eventsPerSecond: (totals.eventCount / elapsedMs) * 1000 };
      },
    },
    rebuilding('rebuilding a SQL view', inTables, async (store) => {
      const [row] = await viewOf(store, inTables).query(
        sql`SELECT count(*) AS count FROM ${tables.tables.bench_orders}`,
      );
      return Number(row?.['count'] ?? 0);
    }),
    rebuilding('rebuilding documents', inDocuments, async (store) => {
      let count = 0;
      for await (const _order of viewOf(store, inDocuments).all()) count += 1;
      return count;
    }),
    {
      name: 'lag of a SQL view',
      durability: durability.sqliteFull,
      measure: (context) => lag(context, (append) => writeWithPauses(append, context.scale)),
    },
    { name: 'lag of a SQL view, 15 writers beside it', durability: durability.sqliteFull, measure: underLoad },
  ],
  targets: () => [
    {
      title: 'rebuilding a SQL view, against plainly reading the log',
      of: { variants: ['rebuilding a SQL view'], figure: 'eventsPerSecond' },
      against: { variants: ['plainly reading the log'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.15,
      aim: 0.3,
      unit: '×',
    },
    {
      title: 'rebuilding documents, against plainly reading the log',
      of: { variants: ['rebuilding documents'], figure: 'eventsPerSecond' },
      against: { variants: ['plainly reading the log'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.15,
      aim: 0.3,
      unit: '×',
    },
    {
      title: 'append to seen in a SQL view, p99',
      of: { variants: ['lag of a SQL view'], figure: 'p99Ms' },
      better: 'lower',
      must: 50,
      aim: 5,
      unit: 'ms',
    },
  ],
};
