/**
 * Where was the cargo? Run it with `npx node examples/shipping/main.ts`.
 */

import { openStore } from 'hindsightdb';
import { submit } from 'hindsightdb/commands';
import { foldLog, timeline } from 'hindsightdb/history';
import { settableClock } from 'hindsightdb/testing';
import { answer, letAnswer } from './answering.ts';
import { bookingCommands } from './booking.ts';
import { cargo } from './cargo.ts';
import { handledByPort } from './handled.ts';
import { holdCommands } from './hold.ts';
import { plan, planCommands } from './plan.ts';
import { answerWithinMs } from './planning.ts';
import { ship } from './ship.ts';
import { reportVoyage } from './voyage.ts';
import { cargoIn, whereWas, whereWasShip } from './whereabouts.ts';

const clock = settableClock('2026-02-25T08:00:00Z');
await using store = await openStore('memory:', { now: clock.now });
await reportVoyage(store, clock);

console.log('What happened to cargo-2, and when was it reported?');
for await (const { event } of timeline(store, cargo, 'cargo-2'))
  console.log(`  ${event.occurredAt?.slice(0, 16)}  ${event.type}  (reported ${event.recordedAt.slice(0, 16)})`);

const at = '2026-03-03T12:00:00Z';
console.log(`\nWhere was cargo-2 on ${at}?`);
console.log(`  as known today:          ${await whereWas(store, 'cargo-2', { at })}`);
for (const knownAt of ['2026-03-03T12:00:00Z', '2026-03-05T12:00:00Z'])
  console.log(`  as known at ${knownAt.slice(0, 10)}:  ${await whereWas(store, 'cargo-2', { at, knownAt })}`);

console.log('\nWhere is the Aurora?');
console.log(`  in the order of the reports:    ${(await store.load(ship, 'ship-aurora')).state.is}`);
console.log(`  in the order of what happened:  ${await whereWasShip(store, 'ship-aurora', { at: clock.iso })}`);

const march = { at: '2026-03-01T18:00:00Z' };
console.log('\nWhich cargo stood in Hamburg on the evening of the first of March?');
console.log(`  as known today:              ${(await cargoIn(store, 'Hamburg', march)).join(', ')}`);
console.log(
  `  as known on that evening:    ${(await cargoIn(store, 'Hamburg', { ...march, knownAt: march.at })).join(', ')}`,
);

console.log('\nHow much had each port handled by then?');
const { state } = await foldLog(store, handledByPort, { category: 'cargo', asOf: { occurredAt: march.at } });
for (const [port, { loaded, unloaded }] of Object.entries(state))
  console.log(`  ${port}: ${loaded} loaded, ${unloaded} unloaded`);

console.log('\nThe next voyage is planned: three tons each, and the Aurora takes five.');
for (const [streamId, tons] of [
  ['hold-aurora', 5],
  ['hold-borealis', 9],
] as const)
  await submit(store, holdCommands, { type: 'OpenHold', streamId, data: { tons } });
for (const cargo of ['4', '5'])
  await submit(store, planCommands, {
    type: 'RequestPlan',
    streamId: `plan-${cargo}`,
    data: { cargo, tons: 3, ship: 'aurora' },
  });
await letAnswer(store, [planCommands, holdCommands, bookingCommands]);
await tellPlans('plan-4', 'plan-5');

console.log('\nThe Borealis is out of reach. A day later:');
await submit(store, planCommands, {
  type: 'RequestPlan',
  streamId: 'plan-6',
  data: { cargo: '6', tons: 3, ship: 'borealis' },
});
await letAnswer(store, [planCommands, bookingCommands]);
clock.advanceMs(answerWithinMs);
await letAnswer(store, [planCommands, bookingCommands]);
await tellPlans('plan-6');
await answer(store, holdCommands);
const [, ...late] = await store.readStream('hold-borealis').toArray();
console.log(`  The Borealis answers at last: ${late.map(({ type }) => type).join(', ')}`);

async function tellPlans(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { state } = await store.load(plan, name);
    console.log(`  ${name} is ${state.is}${state.is === 'refused' ? `: ${state.reason}` : ''}`);
  }
}
