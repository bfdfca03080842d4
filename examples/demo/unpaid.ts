/**
 * The part of the demo about commands: a form that is sent three times, and a payment that never comes. It happens in memory, on a
 * clock of its own that is wound on by three weeks.
 */

import { openStore } from 'hindsightdb';
import { runCommands, submit, waitForOutcome } from 'hindsightdb/commands';
import { causationOf } from 'hindsightdb/history';
import { advanceProcess } from 'hindsightdb/processes';
import { settableClock } from 'hindsightdb/testing';
import { prices } from '../orders/accepting.ts';
import { Days } from '../orders/days.ts';
import { orderCommands } from '../orders/order-commands.ts';
import { order } from '../orders/order.ts';
import { paymentCommands } from '../orders/payment.ts';
import { paymentOf, paymentTerms } from '../orders/payment-terms.ts';
import { chapter, facts, pause, rows, say } from './stage.ts';

/** Takes commands, and lets three weeks pass. */
export async function waitForPayment(): Promise<void> {
  chapter(5, 'A command sent three times, and a payment that never comes');
  const clock = settableClock(new Date());
  await using store = await openStore('memory:', { now: clock.now });
  const orders = orderCommands(prices);
  const terms = paymentTerms(orders, 'beginning');
  await using deciding = await runCommands(store, orders);
  await using paying = await runCommands(store, paymentCommands);

  say(
    'Whoever is not sure that a command arrived sends it again. Each is kept under its id and decided once, and every answer is the first one:',
  );
  pause();
  const place = async (orderId: string): Promise<string> => {
    const data = { customer: 'gus', address: { street: 'Mill Lane 3', city: 'Bremen' } };
    await submit(store, orders, { type: 'PlaceOrder', streamId: orderId, data, id: `${orderId}/place` });
    const { kind, recordedAt } = await waitForOutcome(store, `${orderId}/place`);
    return `${kind} at ${recordedAt}`;
  };
  const answers = await Promise.all([place('order-1'), place('order-1'), place('order-1')]);
  const { version } = await store.load(order, 'order-1');
  if (version !== 1 || new Set(answers).size !== 1) throw new Error('A command must be decided once.');
  facts([
    ['sent', `${answers.length} times`],
    ['outcomes', `${new Set(answers).size}: ${answers[0] ?? ''}`],
    ['events', String(version)],
  ]);
  pause();
  say(
    'Two such orders are placed, and one of them is paid. No event says that the other is not; a process manager waits for it with timers, and has the order cancelled by a command. The clock is wound on by three weeks:',
  );
  pause();
  await place('order-2');
  await submit(store, paymentCommands, {
    type: 'RecordPayment',
    streamId: paymentOf('order-1'),
    data: { cents: 1700 },
  });
  await advanceProcess(store, terms);
  await new Days(store, clock, terms).pass(21, [deciding, paying]);
  const lines: string[][] = [];
  for (const orderId of ['order-1', 'order-2']) {
    const types = (await store.readStream(paymentOf(orderId)).toArray()).map(({ type }) => type);
    lines.push([orderId, types.join(', '), (await store.load(order, orderId)).state.status]);
  }
  rows(['order', 'payment', 'is'], lines);
  pause();
  const cancelled = await store.readStream('order-2', { direction: 'backward', limit: 1 }).first();
  const causes = cancelled && (await causationOf(store, { id: cancelled.id }))?.causes;
  facts([['what led to that', `${causes?.length ?? 0} steps, back to the command that placed it`]]);
}
