/** Commands that are kept, and what follows when nobody pays. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isHindsightError, openStore, type Store } from 'hindsightdb';
import { commandInfo, execute, runCommands, submit, waitForOutcome } from 'hindsightdb/commands';
import { advanceProcess, processInfo, type Process } from 'hindsightdb/processes';
import { defineGateway } from 'hindsightdb/reactions';
import { settableClock, type SettableClock } from 'hindsightdb/testing';
import { orderCommands, type Prices } from '../order-commands.ts';
import { order } from '../order.ts';
import { payment, paymentCommands } from '../payment.ts';
import { dayMs, paymentTerms } from '../payment-terms.ts';

const address = { street: 'Mill Lane 3', city: 'Bremen' };

/** A price service that counts how often it was asked, and may change its mind. */
class PriceService {
  askedCount = 0;
  teaCents = 850;
  readonly prices: Prices = defineGateway({ name: 'prices', ask: (sku: string) => this.#ask(sku) });

  async #ask(sku: string): Promise<number | null> {
    this.askedCount += 1;
    return sku === 'tea' ? this.teaCents : null;
  }
}

const reasonsOf = async (submitted: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await submitted.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isHindsightError(error, 'COMMAND_REFUSED'), String(error));
  return Reflect.get(Object(Reflect.get(error, 'details')), 'reasons');
};

suite('a command of an order', () => {
  test('is decided once, however often it is sent', async () => {
    await using store = await openStore('memory:');
    const commands = orderCommands(new PriceService().prices);
    const place = {
      type: 'PlaceOrder',
      streamId: 'order-1',
      data: { customer: 'ada', address },
      id: 'place-1',
    } as const;
    const add = { type: 'AddItem', streamId: 'order-1', data: { sku: 'tea', quantity: 2 }, id: 'add-1' } as const;
    await using _ = await runCommands(store, commands);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await submit(store, commands, place);
        await submit(store, commands, add);
        return await waitForOutcome(store, 'add-1');
      }),
    );
    assert.equal(new Set(outcomes.map(({ recordedAt }) => recordedAt)).size, 1);
    assert.equal((await store.load(order, 'order-1')).version, 2);
  });

  test('is charged at the price that it was checked with, and the price is asked for once', async () => {
    await using store = await openStore('memory:');
    const service = new PriceService();
    const commands = orderCommands(service.prices);
    await execute(store, commands, { type: 'PlaceOrder', streamId: 'order-1', data: { customer: 'ada', address } });
    await submit(store, commands, {
      type: 'AddItem',
      streamId: 'order-1',
      data: { sku: 'tea', quantity: 2 },
      id: 'add',
    });
    service.teaCents = 990;
    await using _ = await runCommands(store, commands);
    await waitForOutcome(store, 'add');
    assert.equal((await store.load(order, 'order-1')).state.totalCents, 1700);
    assert.equal(service.askedCount, 1);
  });

  test('is refused with a sentence, and then nothing is kept of it', async () => {
    await using store = await openStore('memory:');
    const commands = orderCommands(new PriceService().prices);
    const add = (data: { readonly sku: string; readonly quantity: number }): Promise<unknown> =>
      submit(store, commands, { type: 'AddItem', streamId: 'order-1', data, id: 'add' });
    assert.deepEqual(await reasonsOf(add({ sku: 'moon', quantity: 1 })), ['The shop sells no moon.']);
    assert.deepEqual(await reasonsOf(add({ sku: 'tea', quantity: 0 })), [
      'The data quantity must be a whole number from 1 on.',
    ]);
    assert.deepEqual(await reasonsOf(add({ sku: '', quantity: 1 })), ['The data sku must be a text.']);
    const named = { sku: 'tea', quantity: 1, cents: 1 };
    assert.deepEqual(await reasonsOf(add(named)), ['The data has a member cents that nobody knows.']);
    assert.equal(await commandInfo(store, 'add'), undefined);
  });

  test('is rejected by the rules of the order, and the rejection stands', async () => {
    await using store = await openStore('memory:');
    const commands = orderCommands(new PriceService().prices);
    for (let time = 0; time < 2; time += 1) {
      const outcome = await execute(store, commands, {
        type: 'ShipOrder',
        streamId: 'order-1',
        data: { carrier: 'bike' },
        id: 'ship',
      });
      assert.deepEqual(outcome.kind === 'rejected' && outcome.error.message, 'There is no such order.');
    }
  });
});

interface Weeks extends AsyncDisposable {
  readonly store: Store;
  readonly clock: SettableClock;
  readonly terms: Process;
  readonly commands: ReturnType<typeof orderCommands>;
  /** Does whatever there is to do at this time. */
  readonly settle: () => Promise<void>;
}

/** A store in which order 1 was placed a moment ago. */
async function weeks(): Promise<Weeks> {
  const clock = settableClock('2026-03-01T09:00:00Z');
  const store = await openStore('memory:', { now: clock.now });
  const commands = orderCommands(new PriceService().prices);
  const terms = paymentTerms(commands, 'beginning');
  const settle = async (): Promise<void> => {
    for (let before = ''; before !== (await store.head());) {
      before = await store.head();
      await advanceProcess(store, terms);
      for (const each of [commands, paymentCommands]) {
        await using running = await runCommands(store, each);
        await running.waitFor(await store.head());
      }
    }
  };
  await execute(store, commands, { type: 'PlaceOrder', streamId: 'order-1', data: { customer: 'ada', address } });
  await execute(store, commands, { type: 'AddItem', streamId: 'order-1', data: { sku: 'tea', quantity: 1 } });
  await settle();
  return { store, clock, terms, commands, settle, [Symbol.asyncDispose]: () => store.close() };
}

const pay = { type: 'RecordPayment', streamId: 'payment-1', data: { cents: 850 }, id: 'pay' } as const;

suite('an order that is placed', () => {
  test('is reminded of after a week, and cancelled after two', async () => {
    await using at = await weeks();
    const look = async (): Promise<unknown> => [
      (await at.store.load(payment, 'payment-1')).state.reminders,
      (await at.store.load(order, 'order-1')).state.status,
    ];
    for (const [day, expected] of [
      [6.999, [0, 'open']],
      [7, [1, 'open']],
      [13.999, [1, 'open']],
      [14, [1, 'cancelled']],
      [400, [1, 'cancelled']],
    ] as const) {
      at.clock.set(new Date(Date.parse('2026-03-01T09:00:00Z') + day * dayMs));
      await at.settle();
      assert.deepEqual([day, await look()], [day, expected]);
    }
    assert.equal((await processInfo(at.store, at.terms, 'order-1'))?.isEnded, true);
    const cancelled = await at.store.readStream('order-1', { fromVersion: 3 }).first();
    assert.deepEqual(cancelled?.data, { reason: 'it was not paid within two weeks' });
  });

  test('is left in peace once it is paid', async () => {
    await using at = await weeks();
    at.clock.advanceMs(7 * dayMs);
    await at.settle();
    await execute(at.store, paymentCommands, pay);
    await at.settle();
    at.clock.advanceMs(100 * dayMs);
    await at.settle();
    assert.equal((await at.store.load(order, 'order-1')).state.status, 'open');
    assert.deepEqual((await at.store.load(payment, 'payment-1')).state, {
      receivedCents: 850,
      reminders: 1,
      isCollected: false,
    });
    const info = await processInfo(at.store, at.terms, 'order-1');
    assert.deepEqual([info?.isEnded, info?.timers], [true, {}]);
  });

  test('that was paid in time is not cancelled, however long the shop stood still after that', async () => {
    await using at = await weeks();
    at.clock.advanceMs(14 * dayMs - 1);
    await execute(at.store, paymentCommands, pay);
    at.clock.advanceMs(300 * dayMs);
    await at.settle();
    assert.equal((await at.store.load(order, 'order-1')).state.status, 'open');
    // The reminder was due before the payment came. Decided after it, it is none.
    assert.equal((await at.store.load(payment, 'payment-1')).state.reminders, 0);
  });

  test('is collected where it was shipped before it could be cancelled', async () => {
    await using at = await weeks();
    await execute(at.store, at.commands, { type: 'ShipOrder', streamId: 'order-1', data: { carrier: 'bike' } });
    at.clock.advanceMs(14 * dayMs);
    await at.settle();
    assert.equal((await at.store.load(order, 'order-1')).state.status, 'shipped');
    assert.equal((await at.store.load(payment, 'payment-1')).state.isCollected, true);
    assert.equal((await processInfo(at.store, at.terms, 'order-1'))?.lastStep.on.kind, 'rejection');
  });

  test('that the customer cancels is not heard of again', async () => {
    await using at = await weeks();
    const data = { reason: 'I changed my mind' };
    await execute(at.store, at.commands, { type: 'CancelOrder', streamId: 'order-1', data });
    at.clock.advanceMs(30 * dayMs);
    await at.settle();
    assert.equal((await at.store.load(payment, 'payment-1')).version, 0);
  });
});
