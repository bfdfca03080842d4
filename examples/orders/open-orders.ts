/**
 * The orders that are open, as a table: for a screen, a report, or any tool that speaks SQL. What left the table is not gone;
 * the events are the truth, and the table is made anew from them whenever somebody wants it otherwise.
 */

import { projectionsOf, sql, sqlTables, type Projection, type SqlReader, type SqlView } from 'hindsightdb/projections';
import type { OrderEvent } from './order.ts';

const view = sqlTables({
  open_orders: {
    columns:
      'order_id TEXT PRIMARY KEY, customer TEXT NOT NULL, city TEXT NOT NULL, placed_at TEXT NOT NULL, pieces INTEGER NOT NULL, cents INTEGER NOT NULL',
    indexes: ['customer', 'placed_at'],
  },
});
const table = view.tables.open_orders;

/** Keeps the table. A handler says what is to be written, and whoever runs the projection writes it. */
export const openOrders: Projection<SqlView> = projectionsOf<OrderEvent>()({
  name: 'open-orders',
  category: 'order',
  view,
  on: {
    OrderPlaced: ({ streamId, data, recordedAt }) =>
      sql`INSERT INTO ${table} VALUES (${streamId}, ${data.customer}, ${data.address.city}, ${recordedAt}, 0, 0)`,
    ItemAdded: ({ streamId, data }) =>
      sql`UPDATE ${table} SET pieces = pieces + ${data.quantity}, cents = cents + ${data.cents} WHERE order_id = ${streamId}`,
    ItemRemoved: ({ streamId, data }) =>
      sql`UPDATE ${table} SET pieces = pieces - ${data.quantity}, cents = cents - ${data.cents} WHERE order_id = ${streamId}`,
    PriceCorrected: ({ streamId, data }) =>
      sql`UPDATE ${table} SET cents = cents + ${data.toCents - data.fromCents} WHERE order_id = ${streamId}`,
    AddressUpdated: ({ streamId, data }) =>
      sql`UPDATE ${table} SET city = ${data.address.city} WHERE order_id = ${streamId}`,
    OrderShipped: ({ streamId }) => sql`DELETE FROM ${table} WHERE order_id = ${streamId}`,
    OrderCancelled: ({ streamId }) => sql`DELETE FROM ${table} WHERE order_id = ${streamId}`,
  },
});

/** A row of the table. */
export interface OpenOrder {
  readonly orderId: string;
  readonly customer: string;
  readonly city: string;
  readonly placedAt: string;
  readonly pieces: number;
  readonly cents: number;
}

/** The open orders that wait the longest. */
export async function longestOpen(reader: SqlReader, limit: number): Promise<readonly OpenOrder[]> {
  return await reader.query<OpenOrder>(
    sql`SELECT order_id AS orderId, customer, city, placed_at AS placedAt, pieces, cents FROM ${table} ORDER BY placed_at, order_id LIMIT ${limit}`,
  );
}
