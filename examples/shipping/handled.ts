/** How much cargo each port handled: a fold over all cargo, written when somebody asked for it. */

import type { Recorded, SnapshottedFold } from 'hindsightdb';
import type { CargoEvent } from './cargo.ts';

/** Pieces that were loaded and unloaded, by port. */
export type Handled = Readonly<Record<string, { readonly loaded: number; readonly unloaded: number }>>;

/** For `foldLog` over the category `cargo`, as of any moment. */
export const handledByPort: SnapshottedFold<Handled, CargoEvent> = {
  initialState: {},
  evolve: (ports: Handled, event: Recorded<CargoEvent>): Handled => {
    if (event.type === 'CargoReceived') return ports;
    const { port } = event.data;
    const { loaded, unloaded } = ports[port] ?? { loaded: 0, unloaded: 0 };
    return {
      ...ports,
      [port]: event.type === 'CargoLoaded' ? { loaded: loaded + 1, unloaded } : { loaded, unloaded: unloaded + 1 },
    };
  },
};
