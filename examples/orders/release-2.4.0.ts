/**
 * Release 2.4.0, as it was deployed for two days: it adds the tax to prices that include it already. The release after it
 * has the right price again, but what this one decided stands in the log.
 */

import type { Decider } from 'hindsightdb';
import { orderPricedBy, type Order, type OrderCommand, type OrderEvent } from './order.ts';
import type { Line } from './price.ts';

const taxPercent = 19;

function linePriceWithTaxTwice({ quantity, unitCents }: Line): number {
  const cents = quantity * unitCents;
  return cents + Math.round((cents * taxPercent) / 100);
}

/** The decider of release 2.4.0. Its folding is that of today: only new decisions were wrong. */
export const orderOfRelease240: Decider<Order, OrderCommand, OrderEvent> = orderPricedBy(linePriceWithTaxTwice);
