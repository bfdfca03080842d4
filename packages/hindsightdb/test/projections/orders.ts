/** A small shop for tests of projections: its events, what is kept of them in every way, and the plain truth about them. */

import * as fc from 'fast-check';
import type { Event, Recorded, RecordedEvent } from '../../src/index.ts';
import {
  defineProjection,
  documents,
  sql,
  sqlTables,
  type DocumentReader,
  type InlineRecorded,
  type SqlReader,
  type SqlTable,
  type SqlTemplateValue,
} from '../../src/projections/index.ts';

export type Placed = Event<'Placed', { customer: string; cents: number }>;
export type Paid = Event<'Paid', { cents: number }>;
export type Cancelled = Event<'Cancelled', Record<string, never>>;
/** Of interest to nobody. */
export type Noted = Event<'Noted', { text: string }>;
export type ShopEvent = Placed | Paid | Cancelled | Noted;

export interface Order {
  readonly customer: string;
  readonly cents: number;
  readonly placedAt: string;
  readonly note?: string;
}

const orders = documents<Order>({ indexes: ['customer', ['customer', 'cents'], 'placedAt'] });

/** Orders as documents, by updates as well as by sets. */
export function orderDocuments(name = 'orders', version = 1) {
  return defineProjection({
    name,
    version,
    category: 'order',
    view: orders,
    on: {
      Placed: ({ streamId, data, recordedAt }: Recorded<Placed>) =>
        orders.set(streamId, { ...data, placedAt: recordedAt }),
      Paid: ({ streamId, data }: Recorded<Paid>) => orders.update(streamId, (order) => paid(order, data.cents)),
      Cancelled: ({ streamId }: Recorded<Cancelled>) => [orders.remove(streamId)],
    },
  });
}

/** The same inline. */
export function inlineDocuments(name = 'inline-orders', version = 1) {
  return defineProjection({
    name,
    version,
    category: 'order',
    view: orders,
    inline: true,
    on: {
      Placed: ({ streamId, data, recordedAt }: InlineRecorded<Placed>) =>
        orders.set(streamId, { ...data, placedAt: recordedAt }),
      Paid: ({ streamId, data }: InlineRecorded<Paid>) => orders.update(streamId, (order) => paid(order, data.cents)),
      Cancelled: ({ streamId }: InlineRecorded<Cancelled>) => [orders.remove(streamId)],
    },
  });
}

function paid(order: Order | undefined, cents: number): Order | undefined {
  return order === undefined || order.cents <= cents ? undefined : { ...order, cents: order.cents - cents };
}

const definitions = {
  open_orders: {
    columns: 'order_id TEXT PRIMARY KEY, customer TEXT NOT NULL, cents INTEGER NOT NULL, placed_at TEXT NOT NULL',
    indexes: ['customer, cents'],
  },
  customers: 'customer TEXT PRIMARY KEY, orders INTEGER NOT NULL',
};

/** Orders as tables, and how many each customer ever placed. */
export function orderTables(name = 'tables', version = 1, prefix = '') {
  const { open_orders, customers } = definitions;
  const view = sqlTables({ [`${prefix}open_orders`]: open_orders, [`${prefix}customers`]: customers });
  const table = (own: string) => view.tables[prefix + own] ?? fail();
  const tables = { orders: table('open_orders'), customers: table('customers') };
  const projection = defineProjection({
    name,
    version,
    view,
    on: {
      Placed: ({ streamId, data, recordedAt }: Recorded<Placed>) => placedRows(tables, streamId, data, recordedAt),
      Paid: ({ streamId, data }: Recorded<Paid>) => paidRows(tables, streamId, data.cents),
      Cancelled: ({ streamId }: Recorded<Cancelled>) => sql`DELETE FROM ${tables.orders} WHERE order_id = ${streamId}`,
    },
  });
  return { projection, tables };
}

/** The same inline. */
export function inlineTables(name = 'inline-tables', version = 1) {
  const view = sqlTables({ inline_orders: definitions.open_orders, inline_customers: definitions.customers });
  const tables = { orders: view.tables.inline_orders, customers: view.tables.inline_customers };
  const projection = defineProjection({
    name,
    version,
    view,
    inline: true,
    on: {
      Placed: ({ streamId, data, recordedAt }: InlineRecorded<Placed>) =>
        placedRows(tables, streamId, data, recordedAt),
      Paid: ({ streamId, data }: InlineRecorded<Paid>) => paidRows(tables, streamId, data.cents),
      Cancelled: ({ streamId }: InlineRecorded<Cancelled>) =>
        sql`DELETE FROM ${tables.orders} WHERE order_id = ${streamId}`,
    },
  });
  return { projection, tables };
}

interface Tables {
  readonly orders: SqlTable;
  readonly customers: SqlTable;
}

function placedRows(
  tables: Tables,
  streamId: string,
  data: { readonly customer: string; readonly cents: number },
  at: SqlTemplateValue,
) {
  return [
    sql`INSERT OR REPLACE INTO ${tables.orders} VALUES (${streamId}, ${data.customer}, ${data.cents}, ${at})`,
    sql`INSERT INTO ${tables.customers} VALUES (${data.customer}, 1) ON CONFLICT (customer) DO UPDATE SET orders = orders + 1`,
  ];
}

function paidRows(tables: Tables, streamId: string, cents: number) {
  return [
    sql`UPDATE ${tables.orders} SET cents = cents - ${cents} WHERE order_id = ${streamId}`,
    sql`DELETE FROM ${tables.orders} WHERE order_id = ${streamId} AND cents <= 0`,
  ];
}

function fail(): never {
  throw new Error('There is no such table, or no such data.');
}

/** What the documents must be, worked out as plainly as can be. */
export function expectedOrders(events: readonly RecordedEvent[]): Record<string, Order> {
  const all = new Map<string, Order>();
  for (const event of events) {
    // The tests append these events and no others.
    const { streamId, type, data, recordedAt } = event as Recorded<ShopEvent>;
    if (type === 'Placed') all.set(streamId, { ...data, placedAt: recordedAt });
    const order = type === 'Paid' ? paid(all.get(streamId), data.cents) : undefined;
    if (type === 'Cancelled' || (type === 'Paid' && order === undefined)) all.delete(streamId);
    if (order !== undefined) all.set(streamId, order);
  }
  return Object.fromEntries([...all].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** What the documents are. */
export async function documentsIn(view: DocumentReader<Order>): Promise<Record<string, Order>> {
  const all: Record<string, Order> = {};
  for await (const { id, document } of view.all({ limit: 3 })) all[id] = document;
  return all;
}

/** What the rows are, as the documents would be. */
export async function rowsIn(view: SqlReader, { orders: table }: Tables): Promise<Record<string, Order>> {
  const rows = await view.query<Order & { order_id: string }>(
    sql`SELECT order_id, customer, cents, placed_at AS placedAt FROM ${table} ORDER BY order_id`,
  );
  return Object.fromEntries(rows.map(({ order_id: id, ...order }) => [id, order]));
}

/** How many orders each customer placed. */
export async function countsIn(view: SqlReader, { customers: table }: Tables): Promise<Record<string, number>> {
  const rows = await view.query<{ customer: string; orders: number }>(sql`SELECT * FROM ${table} ORDER BY customer`);
  return Object.fromEntries(rows.map(({ customer, orders }) => [customer, orders]));
}

/** The truth about that. */
export function expectedCounts(events: readonly RecordedEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) {
    // The tests append these events and no others.
    const { type, data } = event as Recorded<ShopEvent>;
    if (type === 'Placed') counts[data.customer] = (counts[data.customer] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

const streamId = fc.constantFrom('order-1', 'order-2', 'order-3', 'order-Ä 4', 'order-5', 'basket-1');
const customer = fc.constantFrom('ann', 'bob', 'Ann', '');
const event: fc.Arbitrary<ShopEvent> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ customer, cents: fc.integer({ min: 1, max: 9 }) })
      .map((data): Placed => ({ type: 'Placed', data })),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }).map((cents): Paid => ({ type: 'Paid', data: { cents } })) },
  { weight: 1, arbitrary: fc.constant<Cancelled>({ type: 'Cancelled', data: {} }) },
  { weight: 1, arbitrary: fc.string().map((text): Noted => ({ type: 'Noted', data: { text } })) },
);

/** An append of a few events to one stream. */
export interface ShopAppend {
  readonly streamId: string;
  readonly events: readonly ShopEvent[];
}

/** Appends of any kind. */
export const shopAppend: fc.Arbitrary<ShopAppend> = fc.record({
  streamId,
  events: fc.array(event, { minLength: 1, maxLength: 3 }),
});
