/** What consumers say of themselves: their places, how far they are behind, and when somebody may read what they made. */

import { equal, holds, refuses } from '../assertions.ts';
import { consumerArea, leaseMs, nameOf, type ConsumerArea } from './consumer-scene.ts';

const streams = ['order-1', 'order-2', 'cart-1'];

/** Consumers tell how far they are. */
export const telling: ConsumerArea = consumerArea('telling', {
  'the lag is what is not handled, and nothing when all is': async (scene) => {
    await scene.appendRounds(streams, 2);
    const gate = scene.gate();
    let isAt = false;
    const consumer = await scene.start('lagging', async () => {
      isAt = true;
      await gate.opened;
    });
    await scene.eventually('The first event', () => isAt);
    await scene.log.clock.pass(3_000_000);
    const { positions, behindMs } = await consumer.lag();
    const heads = await scene.log.engine.heads();
    equal(
      positions,
      heads.reduce((sum, head) => sum + head, 0),
      'The positions between it and the end of the log',
    );
    holds(behindMs >= 3000, `The oldest event waits since 3 seconds, and the lag says ${behindMs} ms.`);
    gate.open();
    await scene.settle(consumer);
    await scene.eventually('A lag of nothing', async () => (await consumer.lag()).positions === 0);
    equal(await consumer.lag(), { positions: 0, behindMs: 0 }, 'The lag when all is handled');
  },

  'an event that the filter does not let through is not waited for': async (scene) => {
    const gate = scene.gate();
    const consumer = await scene.start('filtered', () => gate.opened, { category: 'order' });
    await scene.appendRounds(['cart-1'], 3);
    await scene.log.clock.pass(3_000_000);
    equal((await consumer.lag()).behindMs, 0, 'Since when a wanted event waits');
    await scene.settle(consumer);
  },

  'waiting for a place ends when everything up to it is handled, in every slice, and not before': async (scene) => {
    await scene.appendRounds(streams, 1);
    const gate = scene.gate();
    const seen: string[] = [];
    const options = { slices: 3 };
    const consumer = await scene.start(
      'awaited',
      async (event) => {
        if (event.streamId === 'order-2') await gate.opened;
        seen.push(nameOf(event));
      },
      options,
    );
    const head = await scene.store.head();
    const early = (): Promise<void> => consumer.waitFor(head, { timeoutMs: 60 });
    await refuses('Waiting for what is not handled yet', early, 'WAIT_TIMEOUT');
    const elsewhere = scene.runtime.waitForConsumer(scene.store, 'awaited', head, { timeoutMs: scene.log.patienceMs });
    gate.open();
    await consumer.waitFor(head, { timeoutMs: scene.log.patienceMs });
    equal(seen.length, 3, 'The number of events handled when the wait was over');
    await elsewhere;
  },

  'a consumer that nobody ever started is waited for in vain': async (scene) => {
    await scene.appendRounds(['order-1'], 1);
    const head = await scene.store.head();
    const wait = (): Promise<void> => scene.runtime.waitForConsumer(scene.store, 'nobody', head, { timeoutMs: 10 });
    await refuses('Waiting for nobody', wait, 'WAIT_TIMEOUT');
  },

  'what is listed says kind, status, places and lag': async (scene) => {
    await scene.appendRounds(streams, 1);
    await scene.collect('one', { leaseMs });
    await scene.collect('two', { startAt: 'now', slices: 2 });
    const listed = await scene.runtime.listConsumers(scene.store);
    equal(
      listed.map(({ name, kind, status, slices, lag, letterCount }) => [
        name,
        kind,
        status,
        slices.map(({ isHeld }) => isHeld),
        lag?.positions,
        letterCount,
      ]),
      [
        ['one', 'consumer', 'running', [false], 0, 0],
        ['two', 'consumer', 'running', [false, false], 0, 0],
      ],
      'The list',
    );
    const head = await scene.store.head();
    equal(listed[0]?.slices[0]?.checkpoint, head, 'The place of the first');
  },

  'its state says whether it works, stands by or has ended': async (scene) => {
    await scene.appendRounds(['order-1'], 1);
    const gate = scene.gate();
    let isAt = false;
    const first = await scene.start('stateful', async () => {
      isAt = true;
      await gate.opened;
    });
    await scene.eventually('The first event', () => isAt);
    equal(first.state, { kind: 'catchingUp', slices: [0] }, 'The state at the first batch');
    const second = await scene.start('stateful', () => {});
    gate.open();
    await scene.eventually('The end of the log', () => first.state.kind === 'live');
    equal(second.state.kind, 'standby', 'The state of a second member');
    await first.stop();
    equal(first.state.kind, 'stopped', 'The state after its end');
    await scene.eventually('The succession', () => second.state.kind === 'live');
  },
});
