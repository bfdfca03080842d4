/** What the types of projections refuse. Each line that expects an error fails the build without it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, Recorded } from '../../src/index.ts';
import {
  defineProjection,
  documents,
  projectionsOf,
  sql,
  sqlTables,
  type DocumentReader,
  type InlineRecorded,
  type ReaderOf,
  type WriteOf,
} from '../../src/projections/index.ts';
import type { Equal, Expect } from '../types/expect.ts';

type Placed = Event<'Placed', { customer: string; cents: number }>;
interface Order {
  readonly customer: string;
  readonly cents: number;
  readonly lines: readonly string[];
}

const orders = documents<Order>({ indexes: ['customer'] });
const view = sqlTables({ open_orders: 'order_id TEXT' });
const order: Order = { customer: 'ann', cents: 1, lines: [] };

test('what is wrong with a projection does not compile', () => {
  const name = 'a';
  // @ts-expect-error a list cannot be indexed
  documents<Order>({ indexes: ['lines'] });
  // @ts-expect-error a document lacks its fields
  orders.set('order-1', { customer: 'ann' });
  // @ts-expect-error the change must check whether there is a document
  orders.update('order-1', (known) => ({ ...order, cents: known.cents }));
  // @ts-expect-error the handler is of another event
  defineProjection({ name, view: orders, on: { Paid: ({ streamId }: Recorded<Placed>) => orders.remove(streamId) } });
  // @ts-expect-error SQL is not written to documents
  defineProjection({ name, view: orders, on: { Placed: () => sql`DELETE FROM ${view.tables.open_orders}` } });
  // @ts-expect-error documents are not written to tables
  defineProjection({ name, view, on: { Placed: () => orders.remove('order-1') } });
  // @ts-expect-error a handler that waits is none
  defineProjection({ name, view: orders, on: { Placed: async () => orders.remove('order-1') } });
  const inline = ({ streamId, version }: InlineRecorded<Placed>) => {
    // @ts-expect-error what only the commit decides is no number
    const number: number = version;
    return orders.set(`${streamId}/${typeof number}`, { ...order, cents: version });
  };
  defineProjection({ name, view: orders, inline: true, on: { Placed: inline } });
  const recorded = ({ streamId, position }: Recorded<Placed>) =>
    orders.set(streamId, { ...order, cents: position + 1 });
  // @ts-expect-error the handlers of an inline projection take placeholders
  defineProjection({ name, view: orders, inline: true, on: { Placed: recorded } });
  // @ts-expect-error no such event is in the union
  projectionsOf<Placed>()({ name, view: orders, on: { Paid: () => undefined } });
  // @ts-expect-error there is no such table
  assert.equal(view.tables.closed_orders, undefined);
  const find = async (reader: DocumentReader<Order>): Promise<void> => {
    // @ts-expect-error a customer is a text
    await reader.find({ where: { customer: 7 } });
    // @ts-expect-error a list has no place in an order
    await reader.find({ orderBy: 'lines' });
  };
  assert.equal(typeof find, 'function');
});

test('views say what is written and read', () => {
  const reader: Expect<Equal<ReaderOf<typeof orders>, DocumentReader<Order>>> = true;
  const write: Expect<Equal<WriteOf<typeof view>, ReturnType<typeof sql>>> = true;
  assert.deepEqual([reader, write], [true, true]);
});
