/** Where ships and cargo are, and were. */

import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { foldLog } from 'hindsightdb/history';
import { given, settableClock } from 'hindsightdb/testing';
import { cargo, type CargoEvent } from '../cargo.ts';
import { handledByPort } from '../handled.ts';
import { ship, type ShipEvent } from '../ship.ts';
import { reportVoyage } from '../voyage.ts';
import { cargoIn, whereWas, whereWasShip } from '../whereabouts.ts';

const arrived = (port: string, occurredAt: string): ShipEvent => ({ type: 'ShipArrived', data: { port }, occurredAt });
const departed = (port: string, bound: string, occurredAt: string): ShipEvent => ({
  type: 'ShipDeparted',
  data: { port, bound },
  occurredAt,
});

suite('a ship', () => {
  test('is where the last report has it, and in the order of what happened where it went last', () => {
    given(ship, []).thenState({ is: 'unknown' });
    given(ship, []).when({ do: 'arrive', port: 'Oslo', at: '2026-03-01' }).then(arrived('Oslo', '2026-03-01'));
    const late = given(ship, [
      arrived('Hamburg', '2026-03-01'),
      arrived('Rotterdam', '2026-03-04'),
      departed('Hamburg', 'Rotterdam', '2026-03-02'),
    ]);
    late.thenState({ is: 'at sea', from: 'Hamburg', bound: 'Rotterdam' });
    late.asOf({ occurredAt: '2026-03-05', order: 'occurredAt' }).thenState({ is: 'in port', port: 'Rotterdam' });
    late.asOf({ occurredAt: '2026-03-03', known: { version: 2 } }).thenState({ is: 'in port', port: 'Hamburg' });
    late
      .when({ do: 'depart', port: 'Rotterdam', bound: 'Oslo', at: '2026-03-05' })
      .then(departed('Rotterdam', 'Oslo', '2026-03-05'));
  });
});

suite('cargo', () => {
  const received: CargoEvent = { type: 'CargoReceived', data: { port: 'Oslo' } };
  const loaded: CargoEvent = { type: 'CargoLoaded', data: { ship: 'ship-aurora', port: 'Oslo' } };
  const at = '2026-03-01T09:00:00Z';

  test('is loaded where it stands, and unloaded from the ship that it is on', () => {
    given(cargo, [received])
      .when({ do: 'load', ship: 'ship-aurora', at })
      .then({ ...loaded, occurredAt: at });
    given(cargo, [received, loaded])
      .when({ do: 'unload', port: 'Hamburg', at })
      .then({ type: 'CargoUnloaded', data: { ship: 'ship-aurora', port: 'Hamburg' }, occurredAt: at });
    given(cargo, [received, loaded]).thenState({ port: null, ship: 'ship-aurora', ships: ['ship-aurora'] });
  });

  test('is in one place at a time', () => {
    given(cargo, [received])
      .when({ do: 'receive', port: 'Kiel', at })
      .thenThrows(/received already/);
    given(cargo, [received])
      .when({ do: 'unload', port: 'Kiel', at })
      .thenThrows(/on no ship/);
    given(cargo, [received, loaded])
      .when({ do: 'load', ship: 'ship-b', at })
      .thenThrows(/on board ship-aurora/);
    given(cargo, [])
      .when({ do: 'load', ship: 'ship-b', at })
      .thenThrows(/no such cargo/);
  });

  test('is counted where it was handled', () => {
    given(handledByPort, [
      received,
      loaded,
      { type: 'CargoUnloaded', data: { ship: 'ship-aurora', port: 'Hamburg' } },
    ]).thenState({ Oslo: { loaded: 1, unloaded: 0 }, Hamburg: { loaded: 0, unloaded: 1 } });
  });
});

suite('of a voyage whose reports came late it can be told', () => {
  let store: Store;

  before(async () => {
    const clock = settableClock('2026-02-25T08:00:00Z');
    store = await openStore('memory:', { now: clock.now });
    await reportVoyage(store, clock);
  });

  test('where the cargo was, as is known today', async () => {
    const places = await Promise.all(
      [
        '2026-02-20',
        '2026-02-25T12:00:00Z',
        '2026-02-26T12:00:00Z',
        '2026-02-28',
        '2026-03-01T12:00:00Z',
        '2026-03-03',
      ].map((at) => whereWas(store, 'cargo-2', { at })),
    );
    assert.deepEqual(places, [
      'not yet received',
      'in Oslo',
      'on board ship-aurora, in Oslo',
      'on board ship-aurora, at sea from Oslo to Hamburg',
      'on board ship-aurora, in Hamburg',
      'in Hamburg',
    ]);
  });

  test('what was known of it at another time', async () => {
    const at = '2026-03-03T12:00:00Z';
    const known = async (knownAt: string): Promise<string> => await whereWas(store, 'cargo-2', { at, knownAt });
    assert.equal(await known('2026-03-03T12:00:00Z'), 'on board ship-aurora, in Hamburg');
    assert.equal(await known('2026-03-05T12:00:00Z'), 'on board ship-aurora, at sea from Hamburg to Rotterdam');
    assert.equal(await known('2026-03-06T12:00:00Z'), 'in Hamburg');
  });

  test('where the ship is, though its departure was reported after its arrival', async () => {
    assert.equal(await whereWasShip(store, 'ship-aurora', { at: '2026-03-10' }), 'in Rotterdam');
    assert.deepEqual((await store.load(ship, 'ship-aurora')).state.is, 'at sea');
  });

  test('which cargo stood in a port, as of the first of March', async () => {
    const evening = '2026-03-01T18:00:00Z';
    assert.deepEqual(await cargoIn(store, 'Hamburg', { at: evening }), ['cargo-1', 'cargo-2']);
    assert.deepEqual(await cargoIn(store, 'Hamburg', { at: evening, knownAt: evening }), ['cargo-1']);
    assert.deepEqual(await cargoIn(store, 'Oslo', { at: evening }), ['cargo-3']);
  });

  test('how much each port had handled by then', async () => {
    const asOf = { occurredAt: '2026-03-01T18:00:00Z' };
    const { state } = await foldLog(store, handledByPort, { category: 'cargo', asOf });
    assert.deepEqual(state, { Oslo: { loaded: 2, unloaded: 0 }, Hamburg: { loaded: 0, unloaded: 2 } });
  });
});
