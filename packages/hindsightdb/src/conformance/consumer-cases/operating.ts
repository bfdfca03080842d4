/** What operators ask of consumers: it is written down and obeyed, whoever runs them. */

import { equal, holds, refuses } from '../assertions.ts';
import { consumerArea, equalHandled, nameOf, namesOf, type ConsumerArea } from './consumer-scene.ts';

const streams = ['order-1', 'order-2'];

/** Consumers are operated. */
export const operating: ConsumerArea = consumerArea('operating', {
  'a paused one begins nothing until it is resumed, also when it is started anew': async (scene) => {
    await scene.appendRounds(streams, 1);
    const seen: string[] = [];
    const handle = (event: Parameters<typeof nameOf>[0]): void => void seen.push(nameOf(event));
    const first = await scene.start('paused', handle);
    await scene.settle(first);
    await scene.runtime.pauseConsumer(scene.store, 'paused', { reason: 'maintenance' });
    await scene.eventually('The pause', () => first.state.kind === 'paused');
    const { status, reason, slices } = await scene.runtime.consumerInfo(scene.store, 'paused');
    equal([status, reason, slices[0]?.isHeld], ['paused', 'maintenance', false], 'What is said of it');
    await scene.appendRounds(streams, 1);
    await first.stop();
    const second = await scene.start('paused', handle);
    await scene.eventually('The pause', () => second.state.kind === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 50));
    equalHandled(seen, namesOf(streams, 1), 'What was handled before it was resumed');
    await scene.runtime.resumeConsumer(scene.store, 'paused');
    await scene.settle(second);
    equalHandled(seen, namesOf(streams, 2), 'What was handled');
  },

  'a reset takes a running one back to where it first began': async (scene) => {
    await scene.appendRounds(['order-1'], 2);
    const after = await scene.store.head();
    await scene.appendRounds(['order-1'], 2);
    const seen: string[] = [];
    const handle = (event: Parameters<typeof nameOf>[0]): void => void seen.push(nameOf(event));
    const consumer = await scene.start('reset', handle, { startAt: { after } });
    await scene.settle(consumer);
    await scene.runtime.resetConsumer(scene.store, 'reset');
    await scene.eventually('The second round', () => seen.length >= 4);
    await scene.settle(consumer);
    equal(seen, ['order-1 3', 'order-1 4', 'order-1 3', 'order-1 4'], 'What was handled');
  },

  'a rewind takes a running one to another place, backward and forward': async (scene) => {
    await scene.appendRounds(['order-1'], 2);
    const after = await scene.store.head();
    await scene.appendRounds(['order-1'], 1);
    const seen: string[] = [];
    const consumer = await scene.start('rewound', (event) => void seen.push(nameOf(event)));
    await scene.settle(consumer);
    await scene.runtime.rewindConsumer(scene.store, 'rewound', { after });
    await scene.eventually('The third event once more', () => seen.length >= 4);
    equal(seen.slice(3), ['order-1 3'], 'What was handled after the rewind');
    await consumer.stop();
    await scene.appendRounds(['order-1'], 2);
    await scene.runtime.rewindConsumer(scene.store, 'rewound', 'now');
    await scene.appendRounds(['order-1'], 1);
    equal(await scene.collect('rewound'), ['order-1 6'], 'What was handled after it was taken forward');
  },

  'a reaction is never taken back': async (scene) => {
    await scene.appendRounds(['order-1'], 2);
    const seen: string[] = [];
    const consumer = await scene.react('mails', (event) => void seen.push(nameOf(event)), scene.store);
    await scene.settle(consumer);
    for (const to of ['beginning', 'start'] as const)
      await refuses(
        `Taking a reaction to ${to}`,
        () => scene.runtime.rewindConsumer(scene.store, 'mails', to),
        'REPLAY_REFUSED',
      );
    await scene.appendRounds(['order-1'], 1);
    await scene.settle(consumer);
    equal(seen, namesOf(['order-1'], 3), 'What it did');
  },

  'a removed one ends, is forgotten whole, and begins anew under its name': async (scene) => {
    await scene.appendRounds(streams, 2);
    const consumer = await scene.start('removed', () => {}, { slices: 2 });
    await scene.settle(consumer);
    await scene.runtime.removeConsumer(scene.store, 'removed');
    await consumer.ended;
    const info = (): Promise<unknown> => scene.runtime.consumerInfo(scene.store, 'removed');
    await refuses('Asking for a removed consumer', info, 'CONSUMER_UNKNOWN');
    const entries = await scene.log.engine.keyedScan({ prefix: '', limit: 1000 });
    const left = entries.filter(({ key }) => key.split('/').includes('removed'));
    equal(left, [], 'What is left of it');
    equalHandled(await scene.collect('removed', { slices: 1 }), namesOf(streams, 2), 'What it handled anew');
  },

  'a clean stop lets the batch at hand end, and begins nothing afterwards': async (scene) => {
    await scene.appendRounds(['order-1'], 9);
    const gate = scene.gate();
    const seen: string[] = [];
    const handle = async (event: Parameters<typeof nameOf>[0]): Promise<void> => {
      if (seen.length === 1) await gate.opened;
      seen.push(nameOf(event));
    };
    const consumer = await scene.start('stopped', handle, { batchSizeMax: 3 });
    await scene.eventually('The first event', () => seen.length === 1);
    const stopped = consumer.stop();
    gate.open();
    await stopped;
    equal([consumer.state.kind, seen], ['stopped', namesOf(['order-1'], 3)], 'The state and what was handled');
    const { slices } = await scene.runtime.consumerInfo(scene.store, 'stopped');
    equal(
      slices.map(({ isHeld }) => isHeld),
      [false],
      'Whether its slice is held',
    );
    await consumer.stop();
    const rest = await scene.collect('stopped');
    equal(rest, namesOf(['order-1'], 9).slice(3), 'What was left');
  },

  'a stop that has waited long enough ends although the handler does not, and records nothing of it': async (scene) => {
    await scene.appendRounds(['order-1'], 1);
    const gate = scene.gate();
    const signals: AbortSignal[] = [];
    const handle = async (_event: unknown, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
      signals.push(signal);
      await gate.opened;
    };
    const consumer = await scene.start('hanging', handle);
    await scene.eventually('The first event', () => signals.length === 1);
    await consumer.stop({ timeoutMs: 20 });
    holds(signals[0]?.aborted === true, 'The signal of the batch was not aborted.');
    equal(await scene.collect('hanging'), ['order-1 1'], 'What the next life handled');
  },
});
