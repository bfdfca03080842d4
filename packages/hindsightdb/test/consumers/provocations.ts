/** How the errors of consumers come about. */

import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { consumerInfo, rewindConsumer, skipLetter, startConsumer, waitForConsumer } from '../../src/consumers/index.ts';
import { runConsumer } from '../../src/consumers/run-consumer.ts';
import { takeSlice } from '../../src/consumers/held-slice.ts';
import { openStore } from '../../src/store/open.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const event = { type: 'Added', data: 1 } as const;
const idle = { name: 'idle', startAt: 'beginning', handle: () => {} } as const;

/** By code; what each throws has it. */
export const consumerProvocations = {
  CONSUMER_UNKNOWN: async (t: TestContext): Promise<unknown> =>
    await consumerInfo(await openNew(t, inMemory), 'nobody'),
  CONSUMER_MISMATCH: async (t: TestContext): Promise<unknown> => {
    const store = await openNew(t, inMemory);
    await (await startConsumer(store, { ...idle, slices: 2 })).stop();
    return await startConsumer(store, idle);
  },
  CONSUMER_DIVERGED: async (t: TestContext): Promise<unknown> => {
    const home = await openStore(join(await temporaryFolder(t), 'home.db'));
    t.after(() => home.close());
    for (const log of [await openNew(t, inMemory), await openNew(t, inMemory)]) {
      await log.append('a-1', [event]);
      const consumer = await startConsumer(log, { ...idle, progressIn: home });
      await consumer.waitFor(await log.head());
      await consumer.stop();
    }
    return undefined;
  },
  CONSUMER_FAILED: async (t: TestContext): Promise<void> => {
    const store = await openNew(t, inMemory);
    await store.append('a-1', [event]);
    const handle = (): never => {
      throw new Error('no');
    };
    const retry = { attemptsMax: 1 };
    const consumer = await startConsumer(store, { ...idle, handle, retry, onFailure: 'stop' });
    t.after(() => consumer.stop());
    await consumer.waitFor(await store.head());
  },
  FENCED: async (t: TestContext): Promise<void> => {
    const { engine, now } = (await openNew(t, inMemory)).context;
    const settings = { name: 'fenced', leaseMs: 100, now, home: engine, log: engine };
    const first = await takeSlice({ ...settings, member: 'one' }, 0);
    await takeSlice({ ...settings, member: 'two', now: () => now() + 200_000 }, 0);
    await first?.commit({});
  },
  WAIT_TIMEOUT: async (t: TestContext): Promise<void> => {
    const store = await openNew(t, inMemory);
    await store.append('a-1', [event]);
    await waitForConsumer(store, 'nobody', await store.head(), { timeoutMs: 1 });
  },
  LETTER_UNKNOWN: async (t: TestContext): Promise<void> => {
    const store = await openNew(t, inMemory);
    await (await startConsumer(store, idle)).stop();
    await skipLetter(store, 'idle', 'a-1');
  },
  REPLAY_REFUSED: async (t: TestContext): Promise<void> => {
    const store = await openNew(t, inMemory);
    await store.append('a-1', [event]);
    const handle = async (): Promise<object> => ({});
    const consumer = await runConsumer(store, {
      kind: 'reaction',
      name: 'mails',
      startAt: 'beginning',
      filter: {},
      handle,
    });
    await consumer.waitFor(await store.head());
    await consumer.stop();
    await rewindConsumer(store, 'mails', 'beginning');
  },
} as const;
