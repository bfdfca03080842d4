/**
 * The part of the demo that decides: one order by hand, many at once, and one with a long history.
 */

import { handle, isHindsightError, type Decider, type Store } from 'hindsightdb';
import { order, type Command, type Order, type OrderEvent } from './order.ts';
import { chapter, facts, pause, say } from './stage.ts';

const count = new Intl.NumberFormat('en-US');

/** A rate of things in a time, both measured. */
function rate(things: number, ms: number): string {
  return `${count.format(Math.round((things * 1000) / ms))} a second`;
}

/** One order, a command at a time. */
export async function oneOrder(store: Store): Promise<void> {
  chapter(2, 'One order, decided');
  say(
    'An order is a decider: plain functions that turn a command and a state into events, and events into a state (examples/demo/order.ts). What it decides is on disk before the answer comes.',
  );
  pause();
  const commands: readonly Command[] = [
    { do: 'place', customer: 'anna' },
    { do: 'add', article: 'kettle', cents: 3900 },
    { do: 'add', article: 'tea', cents: 850 },
    { do: 'pay' },
    { do: 'add', article: 'cup', cents: 1200 },
    { do: 'ship', carrier: 'bike' },
  ];
  const answers: (readonly [string, string])[] = [];
  for (const command of commands) answers.push([wordsOf(command), await answerTo(store, command)]);
  const { state, version } = await store.load(order, 'order-1');
  facts([
    ...answers,
    [`the state at version ${version}`, `${state.status}, ${state.items} items, ${state.cents} cents`],
  ]);
}

/** A command as a line: what to do, and with what. */
function wordsOf({ do: what, ...rest }: Command): string {
  return [what, ...Object.values(rest)].join(' ');
}

async function answerTo(store: Store, command: Command): Promise<string> {
  try {
    const { events, version } = await handle(store, order, 'order-1', command);
    return `${events.map(({ type }) => type).join(', ')}, version ${version}`;
  } catch (error) {
    if (isHindsightError(error) || !(error instanceof Error)) throw error;
    return `refused: ${error.message}`;
  }
}

/** Many orders at once. */
export async function manyOrders(store: Store): Promise<void> {
  const orders = 2000;
  const handlers = 64;
  chapter(3, 'Many orders at once');
  say(
    `${count.format(orders)} orders of four commands each, ${handlers} handlers at a time, each waiting for its answer. Answers that wait together share one sync of the disk.`,
  );
  pause();
  let next = 2;
  let commands = 0;
  const work = async (): Promise<void> => {
    for (let id = next++; id < orders + 2; id = next++) {
      const history: readonly Command[] = [
        { do: 'place', customer: `c${id % 300}` },
        { do: 'add', article: `article-${id % 50}`, cents: 100 + ((id * 37) % 9000) },
        { do: 'pay' },
        { do: 'ship', carrier: id % 2 === 0 ? 'bike' : 'van' },
      ];
      for (const command of history) await handle(store, order, `order-${id}`, command);
      commands += history.length;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: handlers }, work));
  const ms = performance.now() - startedAt;
  facts([
    ['commands decided and durable', `${count.format(commands)} in ${Math.round(ms)} ms`],
    ['that is', rate(commands, ms)],
  ]);
}

/** One order with a long history, loaded with and without snapshots. */
export async function longOrder(store: Store): Promise<void> {
  const items = 20_000;
  const streamId = 'order-wholesale';
  chapter(4, 'An entity with a long history');
  say(
    `One order takes ${count.format(items)} items. Without snapshots, loading it means folding them all; with a snapshot every 500 events it means reading one snapshot and what came after it.`,
  );
  pause();
  await handle(store, order, streamId, { do: 'place', customer: 'wholesale' });
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: items }, (_, index) =>
      handle(store, order, streamId, { do: 'add', article: `article-${index % 50}`, cents: 100 + (index % 900) }),
    ),
  );
  const ms = performance.now() - startedAt;
  const { snapshots: _, ...withoutSnapshots } = order;
  const plain = await loadTimes(store, withoutSnapshots, streamId);
  const quick = await loadTimes(store, order, streamId);
  if (JSON.stringify(plain.state) !== JSON.stringify(quick.state))
    throw new Error('A snapshot must not change the state.');
  facts([
    ['decided one after the other', `${count.format(items)} in ${Math.round(ms)} ms, ${rate(items, ms)}`],
    ['loaded without snapshots', `${plain.medianMs.toFixed(1)} ms`],
    ['loaded with snapshots', `${quick.medianMs.toFixed(2)} ms, the same state`],
  ]);
}

async function loadTimes(
  store: Store,
  decider: Decider<Order, Command, OrderEvent>,
  streamId: string,
): Promise<{ readonly medianMs: number; readonly state: Order }> {
  const times: number[] = [];
  let state = (await store.load(decider, streamId)).state;
  for (let round = 0; round < 9; round += 1) {
    const startedAt = performance.now();
    ({ state } = await store.load(decider, streamId));
    times.push(performance.now() - startedAt);
  }
  return { medianMs: times.toSorted((left, right) => left - right)[4] ?? 0, state };
}
