/** The read models and the reaction that processes are killed with. */
import type { Event, Recorded } from '../../src/index.ts';
import {
  defineProjection,
  documents,
  sql,
  sqlTables,
  type Projection,
  type SqlView,
} from '../../src/projections/index.ts';
import { defineReaction, effect, type EffectContext, type Reaction } from '../../src/reactions/index.ts';

export type Added = Event<'Added', { amount: number }>;
export type Closed = Event<'Closed', { to: string }>;

const tables: SqlView<'totals'> = sqlTables({
  totals: 'order_id TEXT PRIMARY KEY, events INTEGER NOT NULL, amount INTEGER NOT NULL',
});
export const totals = tables.tables.totals;

export const inTable: Projection<SqlView<'totals'>> = defineProjection({
  name: 'totals-table',
  view: tables,
  on: {
    // Not idempotent: an event that went in twice would show.
    Added: ({ streamId, data }: Recorded<Added>) => sql`
      INSERT INTO ${totals} VALUES (${streamId}, 1, ${data.amount})
      ON CONFLICT DO UPDATE SET events = events + 1, amount = amount + excluded.amount`,
  },
});

const totalDocuments = documents<{ readonly events: number; readonly amount: number }>();
export const inDocuments: Projection<typeof totalDocuments> = defineProjection({
  name: 'totals-documents',
  view: totalDocuments,
  on: {
    Added: ({ streamId, data }: Recorded<Added>) =>
      totalDocuments.update(streamId, (total) => ({
        events: (total?.events ?? 0) + 1,
        amount: (total?.amount ?? 0) + data.amount,
      })),
  },
});

/** Mails about every order that is closed, from the second half of the log on. */
export function mailsVia(send: (key: string, to: string) => Promise<void>, leaseMs: number): Reaction {
  return defineReaction({
    name: 'mails',
    startAt: 'now',
    leaseMs,
    effects: { mail: async ({ to }: { to: string }, { key }: EffectContext) => await send(key, to) },
    on: { Closed: ({ data }: Recorded<Closed>) => effect('mail', { to: data.to }) },
  });
}
