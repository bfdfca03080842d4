/** Where consumers begin, and where they go on after an end of either kind. */

import type { RecordedEvent } from '../../core/event.ts';
import { decodeCheckpoint } from '../../core/checkpoint.ts';
import { equal, holds } from '../assertions.ts';
import { mortalHandle } from '../engine-with.ts';
import {
  consumerArea,
  coversHandled,
  equalHandled,
  leaseMs,
  nameOf,
  namesOf,
  type ConsumerArea,
} from './consumer-scene.ts';

const streams = ['order-1', 'order-2', 'cart-1'];

/** Consumers begin and go on. */
export const beginning: ConsumerArea = consumerArea('beginning and going on', {
  'the first start is at the beginning, now, behind a checkpoint or at a time; later ones go on': async (scene) => {
    await scene.appendRounds(streams, 2);
    const after = await scene.store.head();
    await scene.log.clock.pass(2_000_000);
    const time = new Date(Math.ceil(scene.log.clock.now() / 1000));
    await scene.log.clock.pass(2_000_000);
    await scene.appendRounds(streams, 1);
    const newest = streams.map((streamId) => `${streamId} 3`);
    equalHandled(await scene.collect('beginning'), namesOf(streams, 3), 'From the beginning');
    equalHandled(await scene.collect('now', { startAt: 'now' }), [], 'From now');
    equalHandled(await scene.collect('behind', { startAt: { after } }), newest, 'Behind a checkpoint');
    equalHandled(await scene.collect('time', { startAt: { time } }), newest, 'From a time on');
    await scene.appendRounds(streams, 1);
    const next = streams.map((streamId) => `${streamId} 4`);
    for (const name of ['beginning', 'now', 'behind', 'time'])
      equalHandled(await scene.collect(name), next, `Started again, having begun at ${name}`);
  },

  'once a start at now is answered nothing that is appended is missed, in any slice': async (scene) => {
    await scene.appendRounds(streams, 1);
    const seen: string[] = [];
    const options = { startAt: 'now', slices: 4 } as const;
    const consumer = await scene.start('now', (event) => void seen.push(nameOf(event)), options);
    const others = Array.from({ length: 8 }, (_, index) => `note-${index}`);
    await scene.appendRounds(others, 1);
    await scene.settle(consumer);
    equalHandled(seen, namesOf(others, 1), 'What was handled');
  },

  'a place is recorded only when everything up to it is handled': async (scene) => {
    await scene.appendRounds(['order-1'], 6);
    const gate = scene.gate();
    let at = 0;
    const handle = async ({ version, position }: RecordedEvent): Promise<void> => {
      if (version !== 4) return;
      at = position;
      await gate.opened;
    };
    const consumer = await scene.start('careful', handle, { batchSizeMax: 3 });
    await scene.eventually('The fourth event', () => at > 0);
    const { checkpoint } = (await scene.runtime.consumerInfo(scene.store, 'careful')).slices[0] ?? {};
    const places = checkpoint ? decodeCheckpoint(checkpoint).places : [];
    const position = places[scene.log.partitionOf('order-1')]?.position ?? 0;
    holds(position < at, `Position ${position} was recorded while the event at ${at} was being handled.`);
    gate.open();
    await scene.settle(consumer);
  },

  'after a clean stop it goes on behind what it handled, and handles nothing twice': async (scene) => {
    await scene.appendRounds(streams, 5);
    const first = await scene.collect('again');
    await scene.appendRounds(streams, 3);
    const second = await scene.collect('again');
    equalHandled([...first, ...second], namesOf(streams, 8), 'What was handled in both lives');
  },

  'after a sudden end in the middle of its work nothing is missed, and no order broken': async (scene) => {
    await scene.appendRounds(streams, 6);
    const seen: string[] = [];
    for (const dieAt of [2, 5, 9, 14]) {
      const handle = mortalHandle(scene.log.engine);
      const consumer = await scene.start(
        'mortal',
        (event) => {
          if (seen.length === dieAt) handle.die();
          seen.push(nameOf(event));
        },
        { batchSizeMax: 4, leaseMs },
        scene.storeOver(handle.engine),
      );
      await scene.eventually('The end of a life', () => consumer.state.kind === 'retrying' || seen.length > 18);
      await consumer.stop({ timeoutMs: 0 });
      await scene.log.clock.pass(2 * leaseMs * 1000);
    }
    const consumer = await scene.start('mortal', (event) => void seen.push(nameOf(event)), { leaseMs });
    await scene.settle(consumer);
    coversHandled(seen, namesOf(streams, 6), 'What was handled in all lives, the first times');
  },

  'what was recorded survives the end of every handle': async (scene) => {
    if (!scene.log.isDurable) {
      equal(scene.log.engine.capabilities.durability, 'none', 'The durability');
      return;
    }
    await scene.appendRounds(streams, 3);
    await scene.collect('durable');
    await scene.log.reopenAfterLoss();
    const store = scene.storeOver(scene.log.engine);
    await store.append('order-1', [{ type: 'Counted', data: 3 }]);
    equal(await scene.collect('durable', {}, store), ['order-1 4'], 'What was handled after a sudden end');
  },
});
