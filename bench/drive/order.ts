/** The entity whose state is folded: an order with a few totals. Plain functions, so that every contestant folds alike. */

import { sampleEvent, type SampleEvent } from './sample-events.ts';

export interface OrderState {
  readonly itemCount: number;
  readonly total: number;
  readonly lastSku: string;
}

export const initialOrder = (): OrderState => ({ itemCount: 0, total: 0, lastSku: '' });

export function evolveOrder(state: OrderState, event: Pick<SampleEvent, 'type' | 'data'>): OrderState {
  const { quantity, price, sku } = event.data;
  return { itemCount: state.itemCount + quantity, total: state.total + quantity * price, lastSku: sku };
}

/** A command: another item. */
export interface AddItem {
  readonly turn: number;
}

export function decideOrder(command: AddItem): SampleEvent[] {
  return [sampleEvent(command.turn, 0)];
}
