/** A store of orders with a history, and a configuration that names their decider. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { settableClock, type SettableClock } from 'hindsightdb/testing';
import { documentsOf, succeed, temporaryFolder, type Document } from '../hindsight-process.ts';

/** The decider of the orders, as its project would write it. */
export const orderConfig = `
interface Item { readonly sku: string; readonly cents: number }
interface Order { readonly status: string; readonly items: readonly Item[]; readonly cents: number }
const order = {
  initialState: { status: 'new', items: [], cents: 0 } as Order,
  evolve(state: Order, event: { type: string; data: any }): Order {
    switch (event.type) {
      case 'OrderPlaced': return { ...state, status: 'open' };
      case 'ItemAdded': return { ...state, items: [...state.items, event.data], cents: state.cents + event.data.cents };
      case 'ItemRemoved': return { ...state, items: state.items.filter(({ sku }) => sku !== event.data.sku), cents: state.cents - event.data.cents };
      case 'OrderClosed': return { ...state, status: 'closed' };
      default: return state;
    }
  },
  isTerminal: ({ status }: Order) => status === 'closed',
  elementKeys: { '/items': 'sku' },
};
export default { store: './s.db', deciders: { order } };
`;

/** Appends an event by somebody, with a release. */
export type Write = (
  streamId: string,
  type: string,
  data: unknown,
  by?: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** A folder with a store, filled by a clock that begins on the first of March 2026 at nine, and the configuration. */
export async function orderFolder(
  context: TestContext,
  fill: (write: Write, clock: SettableClock, store: Store) => Promise<void>,
): Promise<string> {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'hindsight.config.ts'), orderConfig);
  const clock = settableClock('2026-03-01T09:00:00Z');
  await using store = await openStore(join(folder, 's.db'), { now: clock.now });
  await fill(
    async (streamId, type, data, by = { actor: 'ann', release: '2.3' }) => {
      await store.append(streamId, [{ type, data, metadata: by }]);
    },
    clock,
    store,
  );
  return folder;
}

/** Three orders: one with a wrong total since release 2.4, one that was closed, one that came later. */
export async function threeOrders(context: TestContext): Promise<string> {
  return await orderFolder(context, async (write, clock) => {
    await write('order-1', 'OrderPlaced', {});
    await write('order-1', 'ItemAdded', { sku: 'pen', cents: 300 });
    await write('order-1', 'ItemAdded', { sku: 'ink', cents: 900 });
    await write('order-2', 'OrderPlaced', {});
    clock.set('2026-03-02T09:00:00Z');
    await write('order-1', 'ItemRemoved', { sku: 'ink', cents: 9000 }, { actor: 'bob', release: '2.4' });
    await write('order-2', 'OrderClosed', {}, { actor: 'bob', release: '2.4' });
    clock.set('2026-03-03T09:00:00Z');
    await write('order-3', 'OrderPlaced', {}, { actor: 'eve', release: '2.5' });
  });
}

/** What a command prints for people, with times in UTC. */
export async function linesOf(folder: string, args: readonly string[]): Promise<string[]> {
  const { stdout } = await succeed(args, { folder, environment: { TZ: 'UTC' } });
  return stdout.trimEnd().split('\n');
}

/** What a command prints for machines. */
export async function documentsFrom(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = { TZ: 'UTC' },
): Promise<Document[]> {
  return documentsOf((await succeed([...args, '--json'], { folder, environment })).stdout);
}
