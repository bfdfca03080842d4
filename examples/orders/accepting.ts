/** The shop takes commands at its own pace: a form that is sent three times, and orders that are not paid for. */

import { isHindsightError, type Store } from 'hindsightdb';
import { runCommands, submit, waitForOutcome, type Outcome } from 'hindsightdb/commands';
import { causationOf, type CausationNode } from 'hindsightdb/history';
import { advanceProcess } from 'hindsightdb/processes';
import { defineGateway } from 'hindsightdb/reactions';
import type { SettableClock } from 'hindsightdb/testing';
import { orderCommands, type Prices } from './order-commands.ts';
import { order } from './order.ts';
import { paymentCommands } from './payment.ts';
import { Days } from './days.ts';
import { paymentOf, paymentTerms } from './payment-terms.ts';

const priceList: Readonly<Record<string, number>> = { kettle: 3900, cup: 1250, tea: 850 };

/** Where prices come from. Somebody else's service, as far as the shop knows. */
export const prices: Prices = defineGateway({
  name: 'prices',
  ask: async (sku: string) => (Object.hasOwn(priceList, sku) ? (priceList[sku] ?? null) : null),
});

/** Lets a shop that goes by this clock take commands, and says what came of it. */
export async function tellOfCommands(store: Store, clock: SettableClock): Promise<void> {
  const orders = orderCommands(prices);
  const terms = paymentTerms(orders, 'now');
  const days = new Days(store, clock, terms);
  // It has to begin before the orders that it is to watch.
  await advanceProcess(store, terms);
  await using deciding = await runCommands(store, orders);
  await using paying = await runCommands(store, paymentCommands);
  const pass = (count: number): Promise<void> => days.pass(count, [deciding, paying]);

  console.log('\nA form is sent three times. How often is it ordered?');
  const place = async (id: string): Promise<Outcome> => {
    const address = { street: 'Mill Lane 3', city: 'Bremen' };
    await submit(store, orders, {
      type: 'PlaceOrder',
      streamId: id,
      data: { customer: 'gus', address },
      id: `${id}/place`,
    });
    await submit(store, orders, { type: 'AddItem', streamId: id, data: { sku: 'tea', quantity: 2 }, id: `${id}/tea` });
    return await waitForOutcome(store, `${id}/tea`);
  };
  const answers = await Promise.all([place('order-70'), place('order-70'), place('order-70')]);
  const { state, version } = await store.load(order, 'order-70');
  console.log(
    `  ${answers.map(({ kind }) => kind).join(', ')}; ${state.items.map((item) => `${item.quantity} × ${item.sku}`).join(', ')}, ${version} events.`,
  );
  const moon = { sku: 'moon', quantity: 1 };
  await submit(store, orders, { type: 'AddItem', streamId: 'order-70', data: moon }).catch((error: unknown) => {
    if (!isHindsightError(error, 'COMMAND_REFUSED')) throw error;
    console.log(`  ${error.message}`);
  });

  console.log('\nThree orders are to be paid within two weeks.');
  for (const id of ['order-71', 'order-72']) await place(id);
  await submit(store, paymentCommands, {
    type: 'RecordPayment',
    streamId: paymentOf('order-70'),
    data: { cents: 1700 },
  });
  await submit(store, orders, { type: 'ShipOrder', streamId: 'order-70', data: { carrier: 'bike' } });
  await pass(8);
  await submit(store, orders, { type: 'ShipOrder', streamId: 'order-71', data: { carrier: 'van' } });
  await pass(7);
  for (const id of ['order-70', 'order-71', 'order-72']) {
    const events: string[] = [];
    for await (const { type } of store.readStream(paymentOf(id))) events.push(type);
    console.log(`  ${id} is ${(await store.load(order, id)).state.status}: ${events.join(', ')}`);
  }

  console.log('\nWhy was order-72 cancelled?');
  const cancelled = await store.readStream('order-72', { direction: 'backward', limit: 1 }).first();
  const tree = cancelled && (await causationOf(store, { id: cancelled.id }));
  const led = new Set(tree?.causes.map(({ id }) => id));
  for (const { id, event, command } of nodesOf(tree?.roots ?? [])) {
    if (event === undefined || !led.has(id)) continue;
    const what = command === undefined ? `${event.type}, ${event.streamId}` : `${command.type}, a command`;
    console.log(`  ${event.recordedAt.slice(0, 10)}  ${what}`);
  }
}

function* nodesOf(nodes: readonly CausationNode[]): Generator<CausationNode> {
  for (const node of nodes) {
    yield node;
    yield* nodesOf(node.effects);
  }
}
