/**
 * Reading through the store: ranges by version, place and time, pages, checkpoints, lists.
 */

import { decodeCheckpoint, encodeCheckpoint } from '../../core/checkpoint.ts';
import type { RecordedEvent } from '../../core/event.ts';
import { isoOfMicros } from '../../core/time.ts';
import type { Store } from '../../store/store.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, present, refuses } from '../assertions.ts';
import { openLogUnderTest } from '../log-under-test.ts';
import { equalEvents, idsOf, storeOn, take } from './store-under-test.ts';

/** Reading through the store. */
export const browsing: Area = defineArea('the store: reading', {
  'a stream is read from and to a version, in both directions, in pages of any size': async (log) => {
    const store = storeOn(log);
    const all = await fill(store, 'order-1', 9);
    for (const direction of ['forward', 'backward'] as const) {
      for (const [fromVersion, toVersion] of [
        [1, 9],
        [3, 7],
        [4, 4],
        [7, 3],
        [0, 100],
        [10, 20],
      ] as const) {
        for (const pageSize of [1, 2, 4, 100]) {
          for (const limit of [0, 1, 3, 100]) {
            const range = all.filter(({ version }) => version >= fromVersion && version <= toVersion);
            const expected = (direction === 'forward' ? range : range.toReversed()).slice(0, limit);
            const events = await store
              .readStream('order-1', { direction, fromVersion, toVersion, pageSize, limit })
              .toArray();
            equal(
              idsOf(events),
              idsOf(expected),
              `${limit} events ${direction} from ${fromVersion} to ${toVersion} in pages of ${pageSize}`,
            );
          }
        }
      }
    }
    equal(await store.readStream('unknown').toArray(), [], 'The events of a stream that does not exist');
  },

  'the log, a category and a query are read whole, in both directions, in pages of any size': async (log) => {
    const store = storeOn(log);
    const all = await fillAll(store);
    const wanted: readonly (readonly [
      string,
      (options: object) => ReturnType<Store['readLog']>,
      (event: RecordedEvent) => boolean,
    ])[] = [
      ['the log', (options) => store.readLog(options), () => true],
      [
        'a category',
        (options) => store.readCategory('order', options),
        ({ streamId }) => streamId.startsWith('order-'),
      ],
      [
        'a query',
        (options) => store.readQuery([{ types: ['Paid'] }, { tags: ['t:0', 'u:1'] }], options),
        ({ type, tags }) => type === 'Paid' || (tags.includes('t:0') && tags.includes('u:1')),
      ],
    ];
    for (const [what, read, isWanted] of wanted) {
      const expected = all.filter(isWanted);
      for (const pageSize of [1, 3, 1000]) {
        equalEvents(await read({ pageSize }).toArray(), expected, `The events of ${what} in pages of ${pageSize}`);
        equalEvents(
          await read({ pageSize, direction: 'backward' }).toArray(),
          expected.toReversed(),
          `The events of ${what} backward in pages of ${pageSize}`,
        );
        equal(
          (await read({ pageSize, limit: 2 }).toArray()).length,
          Math.min(2, expected.length),
          `The number of events of ${what} under a limit of 2`,
        );
      }
    }
  },

  'reading on from the checkpoint of any page gives exactly the rest': async (log) => {
    const store = storeOn(log);
    const all = await fillAll(store);
    for (const pageSize of [2, 5]) {
      const seen: RecordedEvent[] = [];
      for await (const page of store.readLog({ pageSize }).pages()) {
        seen.push(...page.events);
        const checkpoint = present(page.checkpoint, 'The checkpoint of a page');
        const rest = await store.readLog({ after: checkpoint }).toArray();
        equal([...seen, ...rest].map(({ id }) => id).toSorted(), idsOf(all).toSorted(), 'What was read and the rest');
        const before = await store.readLog({ until: checkpoint }).toArray();
        equalEvents(before, seen, 'What lies up to the checkpoint');
      }
    }
  },

  'the head has everything before it and nothing behind it': async (log) => {
    const store = storeOn(log);
    const empty = await store.head();
    equal(await store.readLog({ until: empty }).toArray(), [], 'What lies up to the head of an empty log');
    const all = await fillAll(store);
    const head = await store.head();
    equalEvents(await store.readLog({ until: head }).toArray(), all, 'What lies up to the head');
    equal(await store.readLog({ after: head }).toArray(), [], 'What lies behind the head');
    equalEvents(await store.readLog({ after: empty }).toArray(), all, 'What lies behind the head of the empty log');
    const result = await store.append('order-1', [{ type: 'Late', data: {} }]);
    equal(
      (await store.readLog({ after: head }).toArray()).map(({ type }) => type),
      ['Late'],
      'What lies behind the head afterwards',
    );
    const behind = await store.readLog({ after: result.checkpoint, until: await store.head() }).toArray();
    equal(
      behind.filter(({ partition }) => partition === log.partitionOf('order-1')),
      [],
      'What lies behind the append in its partition',
    );
  },

  'the log is read from a time and until a time, both inclusive': async (log) => {
    const store = storeOn(log);
    const batches: { readonly time: string; readonly ids: readonly string[] }[] = [];
    for (let round = 0; round < 5; round += 1) {
      await log.clock.pass(10_000);
      const { recordedAt } = await store.append('order-1', [
        { type: 'A', data: {} },
        { type: 'B', data: {} },
      ]);
      batches.push({
        time: recordedAt,
        ids: idsOf(await store.readStream('order-1', { fromVersion: 2 * round + 1 }).toArray()),
      });
    }
    for (const [from, { time: fromTime }] of batches.entries()) {
      for (const [until, { time: untilTime }] of batches.entries()) {
        const events = await store.readLog({ fromTime, untilTime }).toArray();
        equal(
          idsOf(events),
          batches.slice(from, until + 1).flatMap(({ ids }) => ids),
          `The events from batch ${from} until batch ${until}`,
        );
      }
    }
    equal(
      await store.readLog({ fromTime: isoOfMicros(log.clock.now() + 60_000_000) }).toArray(),
      [],
      'The events from a time to come',
    );
    equal(await store.readLog({ untilTime: '2000-01-01' }).toArray(), [], 'The events until a time before all');
  },

  'a read of a growing log ends where the log ended when it began': async (log) => {
    const store = storeOn(log);
    const all = await fill(store, 'order-1', 6);
    const read: string[] = [];
    for await (const event of store.readLog({ pageSize: 2 })) {
      read.push(event.id);
      await store.append('order-1', [{ type: 'Meanwhile', data: {} }]);
    }
    equal(read, idsOf(all), 'The events read');
  },

  'a reading can be walked again, and reads anew': async (log) => {
    const store = storeOn(log);
    await fill(store, 'order-1', 3);
    const reading = store.readStream('order-1');
    equal((await take(reading, 2)).length, 2, 'The number of events of a walk that was left');
    equal((await reading.toArray()).length, 3, 'The number of events of a second walk');
    await store.append('order-1', [{ type: 'Later', data: {} }]);
    equal((await reading.toArray()).length, 4, 'The number of events of a third walk');
    equal((await reading.first())?.version, 1, 'The version of the first event');
  },

  'streams are listed by category and prefix, in order': async (log) => {
    const store = storeOn(log);
    for (const streamId of ['order-2', 'order-1', 'invoice-1', 'order2-1', '🙂-1'])
      await store.append(streamId, [{ type: 'A', data: {} }]);
    await store.setStreamSettings('order-1', { maxCount: 5 });
    const list = async (options: object): Promise<readonly string[]> => {
      const ids: string[] = [];
      for await (const { streamId } of store.listStreams(options)) ids.push(streamId);
      return ids;
    };
    equal(await list({}), ['invoice-1', 'order-1', 'order-2', 'order2-1', '🙂-1'], 'All streams');
    equal(await list({ category: 'order' }), ['order-1', 'order-2'], 'The streams of a category');
    equal(await list({ prefix: 'order' }), ['order-1', 'order-2', 'order2-1'], 'The streams with a prefix');
    equal(await list({ limit: 2, after: 'invoice-1' }), ['order-1', 'order-2'], 'Two streams after one');
    equal(await list({ includeReserved: true, prefix: '$' }), ['$settings-order-1'], "The store's own streams");
  },

  'checkpoints of another log, from ahead of the log, or of other events are refused': async (log) => {
    const store = storeOn(log);
    await fillAll(store);
    const other = await openLogUnderTest(log.fixture);
    try {
      const foreign = await storeOn(other).head();
      await refuses(
        'A read from a checkpoint of another log',
        () => store.readLog({ after: foreign }).toArray(),
        'CHECKPOINT_FOREIGN',
      );
      const head = await store.head();
      const { places, ...life } = decodeCheckpoint(head);
      const ahead = encodeCheckpoint({
        ...life,
        places: places.map(({ position }) => ({ position: position + 1000, eventId: undefined })),
      });
      await refuses(
        'A read from a checkpoint ahead of the log',
        () => store.readLog({ after: ahead }).toArray(),
        'CHECKPOINT_AHEAD',
      );
      const diverged = encodeCheckpoint({
        ...life,
        places: places.map(({ position }) => ({ position, eventId: 'another-event' })),
      });
      await refuses(
        'A read from a checkpoint that names another event',
        () => store.readLog({ after: diverged }).toArray(),
        'CHECKPOINT_DIVERGED',
      );
    } finally {
      await other.dispose();
    }
  },
});

async function fill(store: Store, streamId: string, count: number): Promise<readonly RecordedEvent[]> {
  for (let index = 0; index < count; index += 1) await store.append(streamId, [{ type: 'Added', data: { index } }]);
  return await store.readStream(streamId).toArray();
}

/** Events of several kinds in several streams, and all of them as the log shows them. */
async function fillAll(store: Store): Promise<readonly RecordedEvent[]> {
  for (let index = 0; index < 24; index += 1) {
    const streamId = `${index % 4 === 0 ? 'invoice' : 'order'}-${index % 7}`;
    await store.append(streamId, [
      { type: index % 5 === 0 ? 'Paid' : 'Placed', data: { index }, tags: [`t:${index % 2}`, `u:${index % 3}`] },
    ]);
  }
  return await store.readLog().toArray();
}
