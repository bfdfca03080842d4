/**
 * Repetitions without a key: an exact expected version recognises an append that was written before, by its event ids.
 */

import type { AppendBatch, NewEvent } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { newEvent, oneStream } from '../event-maker.ts';

/** Repetitions without a key. */
export const repeating: Area = defineArea('repetitions', {
  'an append with an exact version, sent again, gets its first answer and is not written again': async (log) => {
    for (const [version, expectedVersion] of [
      [0, 0],
      [3, 3],
      [6, 6],
    ] as const) {
      const batch = oneStream('order-1', log.make.many(3), { expectedVersion });
      const first = await log.write(batch);
      await log.expectDuplicate(batch, first);
      await log.clock.pass(1000);
      await log.expectDuplicate(batch, first);
      equal(first.streams[0]?.firstVersion, version + 1, 'The first version');
    }
  },

  'an append to a stream that must not exist, sent again, gets its first answer': async (log) => {
    const batch = oneStream('order-1', log.make.many(2), { expectedVersion: 'none' });
    const first = await log.write(batch);
    await log.expectDuplicate(batch, first);
    await log.append('order-1', log.make.many(5));
    await log.expectDuplicate(batch, first);
  },

  'a repetition is recognised though the stream has moved on, was truncated or has ended': async (log) => {
    const batch = oneStream('order-1', log.make.many(2), { expectedVersion: 0 });
    const first = await log.write(batch);
    await log.append('order-1', log.make.many(2));
    await log.expectDuplicate(batch, first);
    await log.set('order-1', { truncateBefore: 4 });
    await log.expectDuplicate(batch, first);
    await log.set('order-1', { tombstone: true });
    await log.expectDuplicate(batch, first);
  },

  'a repetition is recognised before a condition that its own events now match': withBoundary(async (log) => {
    const condition = { query: [{ tags: ['a'] }], after: await log.engine.heads() };
    const batch = oneStream('order-1', log.make.many(2, { tags: ['a'] }), { expectedVersion: 0, condition });
    const first = await log.write(batch);
    await log.expectDuplicate(batch, first);
  }),

  'a repetition is recognised before keyed writes that no longer hold, and does not apply them again': async (log) => {
    const batch = oneStream('order-1', log.make.many(1), {
      expectedVersion: 0,
      keyedWrites: [{ key: 'entry', value: 'first', expectedRevision: 0 }],
    });
    const first = await log.write(batch);
    await log.expectDuplicate(batch, first);
    await log.engine.keyedWrite([{ key: 'entry', value: 'second' }]);
    await log.expectDuplicate(batch, first);
  },

  'metadata and the order of tags do not make another append, but data does, to the byte': async (log) => {
    const parts = { id: 'the-event', type: 'Placed', dataText: '{"amount":1.10}' };
    const first = await log.append(
      'order-1',
      [newEvent({ ...parts, tags: ['a', 'b'], metadataText: '{"actor":"one"}' })],
      { expectedVersion: 0 },
    );
    const same = newEvent({ ...parts, tags: ['b', 'a'], metadataText: '{"actor":"two","release":"next"}' });
    await log.expectDuplicate(oneStream('order-1', [same], { expectedVersion: 0 }), first);
    const others = [
      { ...parts, dataText: '{"amount":1.1}', tags: ['a', 'b'] },
      { ...parts, dataText: '{"amount": 1.10}', tags: ['a', 'b'] },
      { ...parts, tags: ['a'] },
      { ...parts, tags: ['a', 'b', 'c'] },
      { ...parts, type: 'placed', tags: ['a', 'b'] },
    ];
    for (const other of others)
      await expectMismatch(log, oneStream('order-1', [newEvent(other)], { expectedVersion: 0 }), 'order-1');
  },

  'an append that repeats a part of what was written is refused as a mixture': async (log) => {
    const events = log.make.many(3);
    await log.append('order-1', events, { expectedVersion: 0 });
    const fresh = log.make.one();
    const mixtures: readonly (readonly NewEvent[])[] = [
      [...events, fresh],
      [at(events, 0), fresh, at(events, 2)],
      [fresh, at(events, 1), at(events, 2)],
      [at(events, 2), at(events, 1), at(events, 0)],
    ];
    for (const mixture of mixtures)
      await expectMismatch(log, oneStream('order-1', mixture, { expectedVersion: 0 }), 'order-1');
  },

  'an append that repeats several events, of which any one would say something else, is no repetition': async (log) => {
    const events = log.make.many(3);
    const first = await log.append('order-1', events, { expectedVersion: 0 });
    for (const [index, { id }] of events.entries()) {
      const changed = events.with(index, newEvent({ id, dataText: '"other"' }));
      await expectMismatch(log, oneStream('order-1', changed, { expectedVersion: 0 }), 'order-1');
    }
    await log.expectDuplicate(oneStream('order-1', events, { expectedVersion: 0 }), first);
  },

  'an append that repeats the first of several events is recognised by them': async (log) => {
    const events = log.make.many(3);
    await log.append('order-1', events, { expectedVersion: 0 });
    await log.expectNoTrace(async () => {
      const answer = await log.engine.append(oneStream('order-1', events.slice(0, 2), { expectedVersion: 0 }));
      equal(answer.kind, 'duplicate', 'The kind of answer');
      if (answer.kind === 'duplicate')
        equal(
          answer.written.streams,
          [{ streamId: 'order-1', partition: log.partitionOf('order-1'), firstVersion: 1, lastVersion: 2 }],
          'The streams named',
        );
    });
  },

  'events with other ids, or with the same ids at other versions, are a conflict and no repetition': async (log) => {
    const events = log.make.many(3);
    await log.append('order-1', events, { expectedVersion: 0 });
    await log.expectConflict(oneStream('order-1', log.make.many(3), { expectedVersion: 0 }), [
      { kind: 'version', streamId: 'order-1', expected: 0, actual: 3 },
    ]);
    await log.expectConflict(oneStream('order-1', events, { expectedVersion: 1 }), [
      { kind: 'version', streamId: 'order-1', expected: 1, actual: 3 },
    ]);
    await log.expectConflict(oneStream('order-1', [at(events, 1), at(events, 0)], { expectedVersion: 0 }), [
      { kind: 'version', streamId: 'order-1', expected: 0, actual: 3 },
    ]);
    await log.expectConflict(oneStream('order-1', events, { expectedVersion: 9 }), [
      { kind: 'version', streamId: 'order-1', expected: 9, actual: 3 },
    ]);
  },

  'the same ids in another stream are no repetition': async (log) => {
    const events = log.make.many(2);
    await log.append('order-1', events, { expectedVersion: 0 });
    await log.append('order-2', log.make.many(1));
    await log.expectConflict(oneStream('order-2', events, { expectedVersion: 0 }), [
      { kind: 'version', streamId: 'order-2', expected: 0, actual: 1 },
    ]);
    await log.append('order-3', events, { expectedVersion: 0 });
  },

  'an append whose version holds is written, though its ids were used before': async (log) => {
    const events = log.make.many(2);
    await log.append('order-1', events, { expectedVersion: 0 });
    await log.append('order-1', events, { expectedVersion: 2 });
    equal(await log.versionOf('order-1'), 4, 'The version of the stream');
  },

  'without an exact version nothing is recognised': async (log) => {
    const events = log.make.many(2);
    await log.append('order-1', events);
    await log.append('order-1', events);
    await log.append('order-1', events, { expectedVersion: 'exists' });
    equal(await log.versionOf('order-1'), 6, 'The version of the stream');
  },

  'an append to several streams is recognised when all of its events are there': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    await log.append(second, log.make.many(2));
    const batch: AppendBatch = {
      streams: [
        { streamId: first, expectedVersion: 'none', events: log.make.many(2) },
        { streamId: second, expectedVersion: 2, events: log.make.many(3) },
      ],
    };
    const written = await log.write(batch);
    await log.expectDuplicate(batch, written);
    await log.append(first, log.make.many(1));
    await log.append(second, log.make.many(1));
    await log.expectDuplicate(batch, written);
  },

  'an append to several streams of which some hold its events and others do not is refused as a mixture': async (
    log,
  ) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    const events = log.make.many(2);
    await log.append(first, events, { expectedVersion: 0 });
    await expectMismatch(
      log,
      {
        streams: [
          { streamId: second, expectedVersion: 0, events: log.make.many(1) },
          { streamId: first, expectedVersion: 0, events },
        ],
      },
      first,
    );
    await expectMismatch(
      log,
      {
        streams: [
          { streamId: first, expectedVersion: 0, events },
          { streamId: second, expectedVersion: 'any', events: log.make.many(1) },
        ],
      },
      first,
    );
  },

  'an append to several streams of which one would say something else is no repetition': async (log) => {
    const streams = log.streamIds('order', 3);
    const batchOf = (changed: string | undefined): AppendBatch => ({
      streams: streams.map((streamId) => ({
        streamId,
        expectedVersion: 0,
        events: [newEvent({ id: `in ${streamId}`, dataText: streamId === changed ? '"other"' : '"first"' })],
      })),
    });
    const first = await log.write(batchOf(undefined));
    for (const changed of streams) {
      await log.expectNoTrace(async () => {
        equal(
          (await log.engine.append(batchOf(changed))).kind,
          'repetitionMismatch',
          `The kind of answer where ${changed} would say something else`,
        );
      });
    }
    await log.expectDuplicate(batchOf(undefined), first);
  },

  'a stream that was only checked may have moved on': async (log) => {
    const [first = '', second = '', third = ''] = log.streamIds('order', 3);
    await log.append(second, log.make.many(2));
    const batch: AppendBatch = {
      streams: [
        { streamId: second, expectedVersion: 2, events: [] },
        { streamId: first, expectedVersion: 0, events: log.make.many(2) },
        { streamId: third, expectedVersion: 'none', events: [] },
      ],
    };
    const written = await log.write(batch);
    await log.expectDuplicate(batch, written);
    await log.append(second, log.make.many(1));
    await log.append(third, log.make.many(1));
    await log.expectDuplicate(batch, written);
  },

  'of many identical appends at once exactly one is written, and all get its answer': async (log) => {
    const batch = oneStream('order-1', log.make.many(2), { expectedVersion: 0 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => log.engine.append(batch)));
    equal(
      answers.map(({ kind }) => kind),
      ['appended', ...Array.from({ length: 19 }, () => 'duplicate')],
      'The kinds of answers',
    );
    for (const answer of answers)
      equal(
        'written' in answer && answer.written,
        answers[0] && 'written' in answers[0] && answers[0].written,
        'What the answers name',
      );
    equal(await log.versionOf('order-1'), 2, 'The version of the stream');
  },
});

async function expectMismatch(log: LogUnderTest, batch: AppendBatch, streamId: string): Promise<void> {
  await log.expectNoTrace(async () =>
    equal(await log.engine.append(batch), { kind: 'repetitionMismatch', streamId }, 'The answer to a mixture'),
  );
}

function at(events: readonly NewEvent[], index: number): NewEvent {
  const event = events[index];
  if (event === undefined) throw new RangeError(`There is no event ${index}.`);
  return event;
}
