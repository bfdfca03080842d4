/**
 * How often was an item removed, and by whom? Nobody thought of this question when the shop was built, and no table was kept
 * for it. The events know.
 */

import type { Recorded, SnapshottedFold } from 'hindsightdb';
import type { OrderEvent } from './order.ts';

/** What became of one product. */
export interface Removals {
  readonly added: number;
  readonly removed: number;
  /** How many pieces each person removed. */
  readonly by: Readonly<Record<string, number>>;
}

/** Pieces of each product that were put into orders and taken out again. A fold over all orders, for `foldLog`. */
export const removalsByProduct: SnapshottedFold<Readonly<Record<string, Removals>>, OrderEvent> = {
  initialState: {},
  evolve: (products, event: Recorded<OrderEvent>) => {
    if (event.type !== 'ItemAdded' && event.type !== 'ItemRemoved') return products;
    const { sku, quantity } = event.data;
    const { added, removed, by } = products[sku] ?? { added: 0, removed: 0, by: {} };
    if (event.type === 'ItemAdded') return { ...products, [sku]: { added: added + quantity, removed, by } };
    const { actor = 'nobody' } = event.metadata;
    return {
      ...products,
      [sku]: { added, removed: removed + quantity, by: { ...by, [actor]: (by[actor] ?? 0) + quantity } },
    };
  },
};
