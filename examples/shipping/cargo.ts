/** A piece of cargo: it stands in a port, or is on board of a ship. */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';

/** What is reported of cargo. `at` is when it happened. */
export type CargoCommand =
  | { readonly do: 'receive'; readonly port: string; readonly at: string }
  | { readonly do: 'load'; readonly ship: string; readonly at: string }
  | { readonly do: 'unload'; readonly port: string; readonly at: string };

/** What happened to it. */
export type CargoEvent =
  | Event<'CargoReceived', { readonly port: string }>
  | Event<'CargoLoaded', { readonly ship: string; readonly port: string }>
  | Event<'CargoUnloaded', { readonly ship: string; readonly port: string }>;

/** Where cargo is. */
export interface Cargo {
  /** The port where it stands; null on board, and before it was received. */
  readonly port: string | null;
  /** The ship that it is on; null on land. */
  readonly ship: string | null;
  /** Every ship that it was on. */
  readonly ships: readonly string[];
}

const initialState: Cargo = { port: null, ship: null, ships: [] };

/** The decider of cargo. */
export const cargo: Decider<Cargo, CargoCommand, CargoEvent> = defineDecider({
  category: 'cargo',
  initialState,
  decide,
  evolve: (state: Cargo, event: Recorded<CargoEvent>): Cargo => {
    switch (event.type) {
      case 'CargoReceived':
        return { ...state, port: event.data.port };
      case 'CargoLoaded':
        return { port: null, ship: event.data.ship, ships: [...state.ships, event.data.ship] };
      case 'CargoUnloaded':
        return { ...state, port: event.data.port, ship: null };
      default:
        event satisfies never;
        return state;
    }
  },
});

function decide(command: CargoCommand, { port, ship, ships }: Cargo): CargoEvent {
  switch (command.do) {
    case 'receive':
      if (port !== null || ships.length > 0) throw new Error('The cargo was received already.');
      return { type: 'CargoReceived', data: { port: command.port }, occurredAt: command.at };
    case 'load':
      if (port === null) throw new Error(ship === null ? 'There is no such cargo.' : `The cargo is on board ${ship}.`);
      return { type: 'CargoLoaded', data: { ship: command.ship, port }, occurredAt: command.at };
    case 'unload':
      if (ship === null) throw new Error('The cargo is on no ship.');
      return { type: 'CargoUnloaded', data: { ship, port: command.port }, occurredAt: command.at };
    default:
      return command satisfies never;
  }
}
