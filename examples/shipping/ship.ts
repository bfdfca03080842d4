/** A ship: it lies in a port, or is on its way from one to another. */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';

/** What is reported of a ship. `at` is when it happened, which may be long before the report. */
export type ShipCommand =
  | { readonly do: 'arrive'; readonly port: string; readonly at: string }
  | { readonly do: 'depart'; readonly port: string; readonly bound: string; readonly at: string };

/** What happened to it. */
export type ShipEvent =
  | Event<'ShipArrived', { readonly port: string }>
  | Event<'ShipDeparted', { readonly port: string; readonly bound: string }>;

/** Where a ship is. */
export type Ship =
  | { readonly is: 'unknown' }
  | { readonly is: 'in port'; readonly port: string }
  | { readonly is: 'at sea'; readonly from: string; readonly bound: string };

const initialState: Ship = { is: 'unknown' };

/** The decider of ships. Reports come late and out of order, so none is refused: what they say is put in order by its time. */
export const ship: Decider<Ship, ShipCommand, ShipEvent> = defineDecider({
  category: 'ship',
  initialState,
  decide: (command: ShipCommand): ShipEvent =>
    command.do === 'arrive'
      ? { type: 'ShipArrived', data: { port: command.port }, occurredAt: command.at }
      : { type: 'ShipDeparted', data: { port: command.port, bound: command.bound }, occurredAt: command.at },
  evolve: (state: Ship, event: Recorded<ShipEvent>): Ship => {
    switch (event.type) {
      case 'ShipArrived':
        return { is: 'in port', port: event.data.port };
      case 'ShipDeparted':
        return { is: 'at sea', from: event.data.port, bound: event.data.bound };
      default:
        event satisfies never;
        return state;
    }
  },
});
