/**
 * The voyage of the Aurora from Oslo by Hamburg to Rotterdam, as it was reported. Two reports are late: that the Aurora had
 * left Hamburg, and that a piece of its cargo had been left behind there.
 */

import { handle, type Store } from 'hindsightdb';
import type { SettableClock } from 'hindsightdb/testing';
import { cargo, type CargoCommand } from './cargo.ts';
import { ship, type ShipCommand } from './ship.ts';

const aurora = 'ship-aurora';

/** Records the reports in a store that goes by this clock, each when it came in. */
export async function reportVoyage(store: Store, clock: SettableClock): Promise<void> {
  const reportShip = async (reportedAt: string, command: ShipCommand): Promise<void> => {
    clock.set(reportedAt);
    await handle(store, ship, aurora, command, { metadata: { actor: 'harbour office' } });
  };
  const reportCargo = async (reportedAt: string, cargoId: string, command: CargoCommand): Promise<void> => {
    clock.set(reportedAt);
    await handle(store, cargo, cargoId, command, { metadata: { actor: 'agent' } });
  };

  await reportShip('2026-02-25T08:10:00Z', { do: 'arrive', port: 'Oslo', at: '2026-02-25T08:00:00Z' });
  for (const cargoId of ['cargo-1', 'cargo-2', 'cargo-3'])
    await reportCargo('2026-02-25T12:00:00Z', cargoId, { do: 'receive', port: 'Oslo', at: '2026-02-25T11:00:00Z' });
  for (const cargoId of ['cargo-1', 'cargo-2'])
    await reportCargo('2026-02-26T10:00:00Z', cargoId, { do: 'load', ship: aurora, at: '2026-02-26T09:00:00Z' });
  const leavingOslo = { do: 'depart', port: 'Oslo', bound: 'Hamburg', at: '2026-02-26T18:00:00Z' } as const;
  await reportShip('2026-02-26T18:05:00Z', leavingOslo);
  await reportShip('2026-03-01T06:15:00Z', { do: 'arrive', port: 'Hamburg', at: '2026-03-01T06:00:00Z' });
  await reportCargo('2026-03-01T09:30:00Z', 'cargo-1', { do: 'unload', port: 'Hamburg', at: '2026-03-01T09:00:00Z' });
  await reportShip('2026-03-04T07:20:00Z', { do: 'arrive', port: 'Rotterdam', at: '2026-03-04T07:00:00Z' });

  // Reported after the arrival in Rotterdam, though it happened before it.
  const leavingHamburg = { do: 'depart', port: 'Hamburg', bound: 'Rotterdam', at: '2026-03-02T15:00:00Z' } as const;
  await reportShip('2026-03-05T10:00:00Z', leavingHamburg);
  // Nobody found it in Rotterdam: it had been taken ashore in Hamburg five days before.
  await reportCargo('2026-03-06T11:00:00Z', 'cargo-2', { do: 'unload', port: 'Hamburg', at: '2026-03-01T14:00:00Z' });
}
