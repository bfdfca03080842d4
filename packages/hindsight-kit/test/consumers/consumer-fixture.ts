/** Consumers that run in the process of a test, for the command to look at and operate from its own. */

import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { startConsumer, type Consumer, type ConsumerOptions } from 'hindsightdb/consumers';
import { documentsOf, succeed, type Document } from '../hindsight-process.ts';
import { folderWithStore, inStore } from '../store-fixture.ts';

/** A folder with an open store of three orders with four events each. */
export interface Shop {
  readonly folder: string;
  readonly store: Store;
  /** Runs a consumer until the test ends. */
  readonly run: (options: Partial<ConsumerOptions>) => Promise<Consumer>;
}

/** Makes the shop. */
export async function shop(context: TestContext): Promise<Shop> {
  const folder = await folderWithStore(context, async (store) => {
    for (let version = 1; version <= 4; version += 1)
      for (const streamId of ['order-1', 'order-2', 'order-3'])
        await store.append(streamId, [{ type: 'ItemAdded', data: { version, note: 'ink\u001b[2J' } }]);
  });
  const store = await openStore(join(folder, 's.db'));
  const running: Consumer[] = [];
  context.after(async () => {
    for (const consumer of running) await consumer.stop({ timeoutMs: 0 });
    await store.close();
  });
  const run = async (options: Partial<ConsumerOptions>): Promise<Consumer> => {
    const consumer = await startConsumer(store, {
      name: 'mails',
      startAt: 'beginning',
      handle: () => undefined,
      retry: { attemptsMax: 2, firstDelayMs: 1 },
      ...options,
    });
    running.push(consumer);
    return consumer;
  };
  return { folder, store, run };
}

/** A handler that fails at the second event of an order, and at no other once it is mended. */
export function failingAtOrder2(): { readonly handle: NonNullable<ConsumerOptions['handle']>; mend: () => void } {
  let isMended = false;
  return {
    handle: ({ streamId, version }) => {
      if (streamId === 'order-2' && version === 2 && !isMended) throw new RangeError('no such address\nreally');
    },
    mend: () => (isMended = true),
  };
}

/** What a command prints for machines. */
export async function documents({ folder }: Pick<Shop, 'folder'>, ...args: readonly string[]): Promise<Document[]> {
  return documentsOf((await succeed([...args, '--json', ...inStore], { folder })).stdout);
}

/** Resolves when something has come about. */
export async function eventually(test: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await test())) {
    if (performance.now() > deadline) throw new Error('It did not come about within 20 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
