/** How the errors of projections come about, for the test that none of their codes is dead. */

import type { TestContext } from 'node:test';
import { defineProjection, documents, foldLive, runProjection, viewOf } from '../../src/projections/index.ts';
import { PendingFact } from '../../src/projections/pending-fact.ts';
import type { InlineView } from '../../src/store/inline-view.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { orderDocuments } from './orders.ts';

type Provocation = (t: TestContext) => Promise<unknown>;

const placed = { type: 'Placed', data: { customer: 'ann', cents: 1 } };

/** A view that is always behind, whatever is done about it. */
const hopeless: InlineView = {
  name: 'hopeless',
  openInline: async () => ({
    prepare: async () => ({
      write: { progressKey: 'view/hopeless@1.1/progress', keyedWrites: [], statements: [] },
      settle: () => {},
    }),
    catchUp: async () => {},
    close: async () => {},
  }),
};

/** By their codes. */
export const projectionProvocations = {
  PENDING_VALUE: async () => String(Number(new PendingFact('position', { stream: 0, event: 0 }))),
  VIEW_INDEX_MISSING: async (t) => {
    const { view } = await foldLive(await openNew(t, inMemory), orderDocuments());
    await view.find({ orderBy: 'cents' });
  },
  VIEW_NOT_BUILT: async (t) => await viewOf(await openNew(t, inMemory), orderDocuments()).get('order-1'),
  VIEW_CHANGED: async (t) => {
    const store = await openNew(t, inMemory);
    const run = await runProjection(store, orderDocuments());
    await run.stop();
    const view = documents();
    await runProjection(store, defineProjection({ name: 'orders', view, on: { Placed: () => view.remove('x') } }));
  },
  VIEW_HANDLER_FAILED: async (t) => {
    const view = documents();
    const on = {
      Placed: () => {
        throw new Error('No such customer.');
      },
    };
    const store = await openNew(t, inMemory, { inline: [defineProjection({ name: 'a', view, inline: true, on })] });
    await store.append('order-1', [placed]);
  },
  VIEW_BEHIND: async (t) => {
    const store = await openNew(t, inMemory, { inline: [hopeless] });
    await store.append('order-1', [placed]);
  },
} as const satisfies Record<string, Provocation>;
