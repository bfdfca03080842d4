/** Where was it then, as we know now, and as we knew at another time? */

import type { AsOf, Store } from 'hindsightdb';
import { statesOf } from 'hindsightdb/history';
import { cargo } from './cargo.ts';
import { ship } from './ship.ts';

/** A time that is asked about, and what may be known for the answer. */
export interface Moment {
  /** When it happened: only what had occurred by then counts. */
  readonly at: string;
  /** Leave out what was reported later than this. Default: everything that is known today. */
  readonly knownAt?: string;
}

/** Reports come out of order, so they are folded in the order in which things happened. */
function asOf({ at, knownAt }: Moment): AsOf {
  return { occurredAt: at, order: 'occurredAt', ...(knownAt !== undefined && { known: { time: knownAt } }) };
}

/** Where a piece of cargo was. On board, the ship says the rest. */
export async function whereWas(store: Store, cargoId: string, moment: Moment): Promise<string> {
  const { state } = await store.load(cargo, cargoId, { asOf: asOf(moment) });
  if (state.port !== null) return `in ${state.port}`;
  if (state.ship === null) return 'not yet received';
  return `on board ${state.ship}, ${await whereWasShip(store, state.ship, moment)}`;
}

/** Where a ship was. */
export async function whereWasShip(store: Store, shipId: string, moment: Moment): Promise<string> {
  const { state } = await store.load(ship, shipId, { asOf: asOf(moment) });
  switch (state.is) {
    case 'unknown':
      return 'nobody knows where';
    case 'in port':
      return `in ${state.port}`;
    case 'at sea':
      return `at sea from ${state.from} to ${state.bound}`;
    default:
      return state satisfies never;
  }
}

/** The cargo that stood in a port: a question about the whole model, for which nothing was kept. */
export async function cargoIn(store: Store, port: string, moment: Moment): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { streamId, state } of statesOf(store, cargo, 'cargo', { asOf: asOf(moment) }))
    if (state.port === port) found.push(streamId);
  return found;
}
