/** What consumers are handed: everything that they want, in order for each entity, and no more at once than they can take. */

import type { ConsumerOptions } from '../../consumers/index.ts';
import type { RecordedEvent } from '../../core/event.ts';
import { equal, holds } from '../assertions.ts';
import { engineWith } from '../engine-with.ts';
import { consumerArea, equalHandled, nameOf, namesOf, type ConsumerArea } from './consumer-scene.ts';

const streams = ['order-1', 'order-2', 'cart-1', 'cart-2', 'note-7'];

/** Events are handed out. */
export const handingOut: ConsumerArea = consumerArea('handing out', {
  'what is there and what is appended meanwhile is handled, each event once and in order for each entity': async (
    scene,
  ) => {
    await scene.appendRounds(streams, 4);
    const seen: string[] = [];
    const consumer = await scene.start('all', (event) => void seen.push(nameOf(event)), { batchSizeMax: 3 });
    await Promise.all(streams.map(async (streamId) => await scene.appendRounds([streamId], 8)));
    await scene.settle(consumer);
    equalHandled(seen, namesOf(streams, 12), 'What was handled');
  },

  'what is appended while the last of what was there is handled is handled next': async (scene) => {
    // Whether all that is there is one batch, or what follows was read ahead.
    for (const [index, batchSizeMax] of [200, 2].entries()) {
      const streamId = `order-${index}`;
      await scene.appendRounds([streamId], 3);
      const seen: string[] = [];
      const handle = async (event: RecordedEvent): Promise<void> => {
        // The consumer is busy with what was the end of the log, and the end moves on.
        if (event.version < 9) await scene.appendRounds([streamId], 1);
        seen.push(nameOf(event));
      };
      await scene.start(`seam-${batchSizeMax}`, handle, { batchSizeMax, streamId });
      await scene.eventually('The last event', () => seen.includes(`${streamId} 11`));
      equal(seen, namesOf([streamId], 11), 'What was handled');
    }
  },

  'a filter by category, stream, type, tag or query lets through exactly what it says': async (scene) => {
    const { store } = scene;
    await store.append('order-1', [{ type: 'Placed', data: 1, tags: ['vip'] }]);
    await store.append('order-1', [{ type: 'Paid', data: 1 }]);
    await store.append('order-2', [{ type: 'Placed', data: 1 }]);
    await store.append('cart-1', [{ type: 'Placed', data: 1, tags: ['vip', 'new'] }]);
    const expected: readonly (readonly [Partial<ConsumerOptions>, readonly string[]])[] = [
      [{}, ['order-1 1', 'order-1 2', 'order-2 1', 'cart-1 1']],
      [{ category: 'order' }, ['order-1 1', 'order-1 2', 'order-2 1']],
      [{ streamId: 'order-1' }, ['order-1 1', 'order-1 2']],
      [{ types: ['Paid'] }, ['order-1 2']],
      [{ category: 'order', types: ['Placed'] }, ['order-1 1', 'order-2 1']],
      [{ query: [{ tags: ['vip'] }] }, ['order-1 1', 'cart-1 1']],
      [{ query: [{ tags: ['vip', 'new'] }, { types: ['Paid'] }] }, ['order-1 2', 'cart-1 1']],
      [{ category: 'order', query: [{ tags: ['vip'] }] }, ['order-1 1']],
      [{ category: 'none' }, []],
    ];
    for (const [index, [filter, names]] of expected.entries())
      equalHandled(
        await scene.collect(`filter-${index}`, filter),
        names,
        `What ${JSON.stringify(filter)} lets through`,
      );
  },

  'events of the store itself are not handed out': async (scene) => {
    await scene.appendRounds(['order-1'], 1);
    await scene.store.setStreamSettings('order-1', { maxCount: 10 });
    await scene.appendRounds(['order-1'], 1);
    equal(await scene.collect('plain'), namesOf(['order-1'], 2), 'What was handled');
  },

  'a batch holds as many events as was said at most, each of them once and in order': async (scene) => {
    await scene.appendRounds(streams, 5);
    const batches: string[][] = [];
    const handleBatch = (events: readonly RecordedEvent[]): void => void batches.push(events.map(nameOf));
    const consumer = await scene.start('batches', undefined, { handleBatch, batchSizeMax: 4 });
    await scene.settle(consumer);
    const most = Math.max(...batches.map((batch) => batch.length));
    // The bound is one for each partition, which are read side by side.
    holds(most <= 4 * scene.log.partitionCount, `A batch held ${most} events, and 4 were asked for.`);
    equalHandled(batches.flat(), namesOf(streams, 5), 'What was handled');
  },

  'a handler that is slow holds a bounded number of events in memory': async (scene) => {
    await scene.appendRounds(streams, 40);
    const gate = scene.gate();
    let readCount = 0;
    const { engine } = scene.log;
    const counting = engineWith(engine, {
      readLog: async (request) => {
        const page = await engine.readLog(request);
        readCount += page.events.length;
        return page;
      },
    });
    let isAt = false;
    const handle = async (): Promise<void> => {
      isAt = true;
      await gate.opened;
    };
    await scene.start('slow', handle, { batchSizeMax: 5 }, scene.storeOver(counting));
    await scene.eventually('The first event', () => isAt);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // One batch at hand, and one that is read ahead.
    const most = 2 * 5 * scene.log.partitionCount;
    holds(readCount <= most, `${readCount} events were read while the first was handled, and ${most} are enough.`);
  },

  'several entities are handled at once where that is asked for, the events of each in order': async (scene) => {
    await scene.appendRounds(streams, 6);
    const seen: string[] = [];
    const under = new Set<string>();
    let mostAtOnce = 0;
    const handle = async (event: RecordedEvent): Promise<void> => {
      holds(!under.has(event.streamId), `Two events of ${event.streamId} were handled at once.`);
      under.add(event.streamId);
      mostAtOnce = Math.max(mostAtOnce, under.size);
      await new Promise((resolve) => setTimeout(resolve, 1));
      under.delete(event.streamId);
      seen.push(nameOf(event));
    };
    const consumer = await scene.start('side-by-side', handle, { concurrencyMax: 3, retry: { attemptsMax: 1 } });
    await scene.settle(consumer);
    equalHandled(seen, namesOf(streams, 6), 'What was handled');
    holds(mostAtOnce > 1 && mostAtOnce <= 3, `${mostAtOnce} entities were handled at once, and 3 were asked for.`);
  },
});
