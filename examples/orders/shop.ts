/**
 * The shop around the orders: which release was deployed when, who does something, and what belongs together. All three go
 * into the metadata of the events, where blame and bisect find them.
 */

import { handle, type Decider, type HandleResult, type Store } from 'hindsightdb';
import { order, type Order, type OrderCommand, type OrderEvent } from './order.ts';
import { orderOfRelease240 } from './release-2.4.0.ts';

/** A build of the shop's code. */
export interface Release {
  readonly name: string;
  readonly decider: Decider<Order, OrderCommand, OrderEvent>;
}

/** The releases by the hour of the shop's life at which each was deployed, the newest last. */
export const deployments: readonly (Release & { readonly hour: number })[] = [
  { name: '2.3.2', decider: order, hour: 0 },
  { name: '2.4.0', decider: orderOfRelease240, hour: 6 * 24 + 9 },
  { name: '2.4.1', decider: order, hour: 8 * 24 + 15 },
];

/** The release that is deployed at an hour of the shop's life. */
export function releaseAt(hour: number): Release {
  const release = deployments.findLast((deployment) => deployment.hour <= hour);
  if (release === undefined) throw new RangeError(`Nothing was deployed at hour ${hour}.`);
  return release;
}

/** Who asks what of which order. */
export interface Request {
  /** `order-17` */
  readonly orderId: string;
  readonly actor: string;
  readonly command: OrderCommand;
}

/** Lets a release of the shop answer a request. */
export async function answer(
  store: Store,
  { name, decider }: Release,
  { orderId, actor, command }: Request,
): Promise<HandleResult<Order, OrderEvent>> {
  return await handle(store, decider, orderId, command, {
    metadata: { actor, release: name, correlationId: saleOf(orderId) },
  });
}

/** The name of the whole business around an order: everything that belongs to it carries this as its correlation. */
export function saleOf(orderId: string): string {
  return orderId.replace('order', 'sale');
}
