/** The entity whose history is looked at: a basket of fifty lines, each event touching one of them and the totals. */

import type { Event, Recorded, SnapshottedFold } from 'hindsightdb';
import { sampleEvents, type SampleEvent } from './sample-events.ts';

const lineCount = 50;

interface BasketLine {
  readonly sku: string;
  readonly quantity: number;
  readonly note: string;
}

/** A state of a size that people have: some totals, and a list whose elements are told apart by a key. */
export interface Basket {
  readonly itemCount: number;
  readonly lastSku: string;
  readonly lines: readonly BasketLine[];
}

/** What a basket's events hold. */
export type BasketEvent = Event<string, SampleEvent['data']>;

/** Copies what it changes and shares the rest, as folds do. */
export const basketFold: SnapshottedFold<Basket, BasketEvent> = {
  category: 'order',
  initialState: { itemCount: 0, lastSku: '', lines: [] },
  evolve: ({ itemCount, lines }, { data: { sku, quantity, note } }: Recorded<BasketEvent>) => {
    const index = lines.findIndex((line) => line.sku === sku);
    const known = lines[index];
    return {
      itemCount: itemCount + quantity,
      lastSku: sku,
      lines:
        known === undefined
          ? [...lines, { sku, quantity, note }]
          : lines.with(index, { ...known, quantity: known.quantity + quantity }),
    };
  },
  elementKeys: { '/lines': 'sku' },
};

/** The events of consecutive turns, of fifty products. */
export function basketEvents(turn: number, count: number): readonly SampleEvent[] {
  return sampleEvents(turn, count, 0).map(({ type, data }, index) => ({
    type,
    data: { ...data, sku: `sku-${((turn + index) * 7) % lineCount}` },
  }));
}
