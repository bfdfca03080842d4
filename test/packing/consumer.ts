/** A program as a user writes it, compiled with the declarations of the packed library and then run. */

import assert from 'node:assert/strict';
import { defineDecider, isHindsightError, openStore } from 'hindsightdb';
import type { Event, Recorded } from 'hindsightdb';
import * as conformance from 'hindsightdb/conformance';
import * as postgres from 'hindsightdb/postgres';
import * as testing from 'hindsightdb/testing';

type Counted = Event<'Counted', { readonly by: number }>;

const counter = defineDecider({
  initialState: 0,
  decide: (command: { readonly by: number }): Counted => ({ type: 'Counted', data: { by: command.by } }),
  evolve: (state: number, event: Recorded<Counted>) => state + event.data.by,
});

for (const address of ['memory:', './counter.db']) {
  const store = await openStore(address);
  await store.append('counter-1', [counter.decide({ by: 2 }, 0)].flat());
  await store.append('counter-1', [counter.decide({ by: 3 }, 2)].flat(), { expectedVersion: 1 });
  const { state, version } = await store.load(counter, 'counter-1');
  assert.deepEqual({ state, version }, { state: 5, version: 2 });
  await store.close();
}

assert.equal(typeof conformance.conformanceCases, 'function');
assert.equal(typeof testing.given, 'function');
// Its SQL is read from the package as it is installed, and the package pg only when a database is asked.
assert.match(postgres.postgresMigrationSql({ schema: 'shop' }), /CREATE TABLE "shop"\.event /);
await assert.rejects(
  openStore('postgres://localhost/shop'),
  (error) => isHindsightError(error, 'ENGINE_UNAVAILABLE') && /npm install pg/.test(error.message),
);
await assert.rejects(openStore('nowhere://x'), (error) => isHindsightError(error, 'ENGINE_UNAVAILABLE'));
console.log('The packed library counts.');
