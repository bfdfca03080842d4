/** Waiting for a consumer, and how far it says that it is behind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConsumer, waitForConsumer } from '../../src/consumers/index.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { alteredStore, appendEach, eventually, plain } from './scenes.ts';

test('a place in another history is not one that a consumer has come to', async (t) => {
  const home = await openNew(t, inMemory);
  const [before, after] = [await openNew(t, inMemory), await openNew(t, inMemory)];
  await appendEach(before, 'order-1', 5);
  await appendEach(after, 'order-1', 2);
  await using consumer = await startConsumer(before, { ...plain('elsewhere', () => {}), progressIn: home });
  await consumer.waitFor(await before.head());
  await consumer.stop();
  const wait = waitForConsumer(after, 'elsewhere', await after.head(), { timeoutMs: 30, home });
  await assert.rejects(wait, { code: 'WAIT_TIMEOUT' });
});

test('what a failed consumer has handled before is not waited for in vain', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'order-1', 1);
  const handled = await store.head();
  await using consumer = await startConsumer(store, {
    ...plain('half', ({ version }) => {
      if (version === 2) throw new Error('no');
    }),
    retry: { attemptsMax: 1 },
    onFailure: 'stop',
  });
  await consumer.waitFor(handled);
  await appendEach(store, 'order-1', 1);
  await eventually('The failure', () => consumer.state.kind === 'failed');
  await waitForConsumer(store, 'half', handled, { timeoutMs: 1000 });
  await assert.rejects(waitForConsumer(store, 'half', await store.head()), { code: 'CONSUMER_FAILED' });
});

test('an event that waits behind a page without any is seen in the lag', async (t) => {
  const store = await openNew(t, inMemory);
  await appendEach(store, 'cart-1', 3);
  await appendEach(store, 'order-1', 1);
  // An engine bounds how much it looks through at once: here one event.
  const sparse = alteredStore(store, (engine) => ({
    readLog: async (request) => {
      const page = await engine.readLog({ ...request, until: request.from + 1 });
      return { ...page, isEnd: page.scannedTo >= (await engine.heads())[0]! };
    },
  }));
  const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
  await using consumer = await startConsumer(sparse, { ...plain('sparse', () => isLet), category: 'order' });
  await eventually('Some time', async () => (await consumer.lag()).behindMs >= 5);
  letGo();
  await consumer.waitFor(await store.head());
});
