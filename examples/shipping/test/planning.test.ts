/** Plans across ships and cargo: made whole, or undone. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { commandInfo, submit } from 'hindsightdb/commands';
import { listProcesses, processInfo, simulateProcess } from 'hindsightdb/processes';
import { given, settableClock, type SettableClock } from 'hindsightdb/testing';
import { answer, letAnswer } from '../answering.ts';
import { booking, bookingCommands } from '../booking.ts';
import { hold, holdCommands } from '../hold.ts';
import { plan, planCommands } from '../plan.ts';
import { answerWithinMs, planning } from '../planning.ts';

const all = [planCommands, holdCommands, bookingCommands];

interface Harbour extends AsyncDisposable {
  readonly store: Store;
  readonly clock: SettableClock;
}

/** A store in which the Aurora has room for five tons. */
async function harbour(): Promise<Harbour> {
  const clock = settableClock('2026-03-01T08:00:00Z');
  const store = await openStore('memory:', { now: clock.now });
  await submit(store, holdCommands, { type: 'OpenHold', streamId: 'hold-aurora', data: { tons: 5 }, id: 'open' });
  await letAnswer(store, all);
  return { store, clock, [Symbol.asyncDispose]: () => store.close() };
}

async function request(store: Store, name: string, cargo: string, tons = 3): Promise<void> {
  const data = { cargo, tons, ship: 'aurora' };
  await submit(store, planCommands, { type: 'RequestPlan', streamId: `plan-${name}`, data, id: `request-${name}` });
}

const stateOf = async (store: Store, name: string): Promise<unknown> => (await store.load(plan, `plan-${name}`)).state;
const reservedIn = async (store: Store): Promise<object> => (await store.load(hold, 'hold-aurora')).state.reserved;

suite('a plan', () => {
  test('reserves room, books the cargo, and is confirmed', async () => {
    await using at = await harbour();
    await request(at.store, 'a', '4');
    await letAnswer(at.store, all);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'confirmed' });
    assert.deepEqual(await reservedIn(at.store), { 'plan-a': 3 });
    assert.deepEqual((await at.store.load(booking, 'booking-4')).state, { plan: 'plan-a', ship: 'aurora' });
    const info = await processInfo(at.store, planning, 'plan-a');
    assert.deepEqual([info?.isEnded, info?.timers, info?.version], [true, {}, 3]);
    at.clock.advanceMs(2 * answerWithinMs);
    await letAnswer(at.store, all);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'confirmed' }, 'its deadline is gone with it');
  });

  test('is refused where there is no room, and nothing stays behind', async () => {
    await using at = await harbour();
    await request(at.store, 'a', '4');
    await letAnswer(at.store, all);
    await request(at.store, 'b', '5');
    await letAnswer(at.store, all);
    assert.deepEqual(await stateOf(at.store, 'b'), {
      is: 'refused',
      reason: 'There is room for 2 tons, and not for 3.',
    });
    assert.deepEqual(await reservedIn(at.store), { 'plan-a': 3 });
    assert.deepEqual((await at.store.load(booking, 'booking-5')).state, null);
  });

  test('releases the room where the cargo goes on another ship', async () => {
    await using at = await harbour();
    await submit(at.store, bookingCommands, {
      type: 'BookCargo',
      streamId: 'booking-4',
      data: { plan: 'plan-other', ship: 'borealis' },
    });
    await request(at.store, 'a', '4');
    await letAnswer(at.store, all);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'refused', reason: 'It goes on the borealis already.' });
    assert.deepEqual(await reservedIn(at.store), {});
    assert.deepEqual((await at.store.load(booking, 'booking-4')).state, { plan: 'plan-other', ship: 'borealis' });
  });

  test('is refused when no answer came within a day, and what answers later keeps nothing', async () => {
    await using at = await harbour();
    await request(at.store, 'a', '4');
    const within = [planCommands, bookingCommands];
    await letAnswer(at.store, within);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'requested' });
    at.clock.advanceMs(answerWithinMs - 1);
    await letAnswer(at.store, within);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'requested' }, 'a moment before the deadline');
    at.clock.advanceMs(1);
    await letAnswer(at.store, within);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'refused', reason: 'no answer came within a day' });
    await letAnswer(at.store, all);
    const types = (await at.store.readStream('hold-aurora').toArray()).map(({ type }) => type);
    assert.deepEqual(types, ['HoldOpened', 'RoomReserved', 'RoomReleased']);
    assert.deepEqual(await reservedIn(at.store), {});
    assert.deepEqual((await at.store.load(booking, 'booking-4')).state, null);
  });

  test('is as it was when an answer of the last moment is handled late', async () => {
    await using at = await harbour();
    await request(at.store, 'a', '4');
    await letAnswer(at.store, [planCommands, holdCommands]);
    at.clock.advanceMs(answerWithinMs - 1);
    // The cargo answers in time, while the process manager stands still.
    await answer(at.store, bookingCommands);
    at.clock.advanceMs(100 * answerWithinMs);
    await letAnswer(at.store, all);
    assert.deepEqual(await stateOf(at.store, 'a'), { is: 'confirmed' });
  });

  test('issues each command once, under ids of its steps, for every plan of many', async () => {
    await using at = await harbour();
    for (let count = 1; count <= 12; count += 1) await request(at.store, `n${count}`, `${count}`, 1);
    await letAnswer(at.store, all);
    const stood: string[] = [];
    for (let count = 1; count <= 12; count += 1) stood.push((await at.store.load(plan, `plan-n${count}`)).state.is);
    assert.deepEqual(stood.filter((is) => is === 'confirmed').length, 5);
    assert.deepEqual(stood.filter((is) => is === 'refused').length, 7);
    assert.equal(Object.keys(await reservedIn(at.store)).length, 5);
    for await (const { lastStep, isEnded } of listProcesses(at.store, planning, { which: 'all' }))
      assert.deepEqual([isEnded, lastStep.on.kind === 'timer'], [true, false]);
    const [reserved] = await at.store.readStream('hold-aurora', { fromVersion: 2, limit: 1 }).toArray();
    const cause = await commandInfo(at.store, String(reserved?.metadata.causationId));
    assert.deepEqual([cause?.command.type, cause?.command.process?.name], ['ReserveRoom', 'planning']);
  });

  test('would have been the same in a simulation of the log', async () => {
    await using at = await harbour();
    await request(at.store, 'a', '4');
    await letAnswer(at.store, all);
    const steps: string[] = [];
    for await (const { on, commands } of simulateProcess(planning, at.store.readLog({ includeReserved: true })))
      steps.push(`${on.kind === 'event' ? on.type : on.kind}: ${commands.map(({ type }) => type).join(', ')}`);
    assert.deepEqual(steps, ['PlanRequested: ReserveRoom', 'RoomReserved: BookCargo', 'CargoBooked: ConfirmPlan']);
  });
});

suite('the rules', () => {
  test('release only what was reserved, and cancel only their own booking', () => {
    const known = { metadata: {}, acceptedAt: '2026-03-01T08:00:00Z', at: '2026-03-01T08:00:00Z', id: 'c' };
    given(hold, [{ type: 'HoldOpened', data: { tons: 5 } }])
      .when({ ...known, type: 'ReleaseRoom', streamId: 'hold-aurora', data: { plan: 'plan-a' } })
      .thenNothing();
    given(booking, [{ type: 'CargoBooked', data: { plan: 'plan-a', ship: 'aurora' } }])
      .when({ ...known, type: 'CancelBooking', streamId: 'booking-4', data: { plan: 'plan-b' } })
      .thenNothing();
  });
});
