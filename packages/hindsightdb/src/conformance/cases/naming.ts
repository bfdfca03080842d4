/**
 * Names: stream ids, types, tags and event ids that are easily mixed up are kept apart and given back unchanged.
 */

import type { QueryItem } from '../../core/query.ts';
import { parseRecord, type ParsedRecord } from '../../core/record.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';
import { oddNames } from '../odd-names.ts';

/** Names that are easily mixed up. */
export const naming: Area = defineArea('names', {
  'streams whose ids are easily mixed up are kept apart': async (log) => {
    for (const [index, streamId] of oddNames.entries())
      equal(
        (await log.append(streamId, log.make.many(1 + (index % 3)), { expectedVersion: 0 })).streams[0]?.streamId,
        streamId,
        'The stream id in the answer',
      );
    for (const [index, streamId] of oddNames.entries()) {
      const events = await log.stream(streamId);
      equal(
        events.map((event) => [event.streamId, event.version]),
        Array.from({ length: 1 + (index % 3) }, (_, each) => [streamId, each + 1]),
        `The events of ${JSON.stringify(streamId)}`,
      );
      const info = await log.engine.streamInfo(streamId);
      equal(
        [info.streamId, info.version, info.lastEventId],
        [streamId, events.length, idOf(present(events.at(-1), 'The last event'))],
        `What is known of ${JSON.stringify(streamId)}`,
      );
    }
    await log.picture();
  },

  'types that are easily mixed up are kept apart by reads': async (log) => {
    await log.append(
      'order-1',
      oddNames.map((type) => log.make.one({ type })),
    );
    for (const type of oddNames)
      equal(await typesRead(log, { types: [type] }), [type], `The types that a read for ${JSON.stringify(type)} shows`);
  },

  'tags that are easily mixed up are kept apart by reads': async (log) => {
    await log.append(
      'order-1',
      oddNames.map((tag) => log.make.one({ tags: [tag] })),
    );
    for (const tag of oddNames)
      equal(await tagsRead(log, { tags: [tag] }), [tag], `The tags that a read for ${JSON.stringify(tag)} shows`);
  },

  'tags and types that are easily mixed up are kept apart by conditions': withBoundary(async (log) => {
    const after = await log.engine.heads();
    const half = oddNames.filter((_, index) => index % 2 === 0);
    await log.append(
      'order-1',
      half.map((tag) => log.make.one({ tags: [tag], type: `type ${tag}` })),
    );
    for (const name of oddNames) {
      for (const item of [{ tags: [name] }, { types: [`type ${name}`] }]) {
        const { kind } = await log.engine.append(
          oneStream('probe-1', [log.make.one({ type: 'Probed' })], { condition: { query: [item], after } }),
        );
        equal(
          kind,
          half.includes(name) ? 'conflict' : 'appended',
          `The answer under a condition on ${JSON.stringify(item)}`,
        );
      }
    }
  }),

  'lists of tags that give the same text when joined are kept apart': withBoundary(async (log) => {
    const lists = [
      ['a', 'b'],
      ['a,b'],
      ['a b'],
      ['a|b'],
      ['a', ',b'],
      ['a,', 'b'],
      ['a\u001Fb'],
      ['a"', '"b'],
      ['a","b'],
      ['["a","b"]'],
      ['a\u0001', 'b'],
      ['a', '\u0001b'],
      ['a:b'],
      ['a', 'b', 'c'],
      ['b', 'a:c'],
    ];
    const after = await log.engine.heads();
    for (const [index, tags] of lists.entries()) await log.append(`order-${index}`, [log.make.one({ tags })]);
    for (const wanted of lists) {
      const expected = lists.filter((tags) => wanted.every((tag) => tags.includes(tag))).length;
      const events = (await log.wholeLogBy({ query: [{ tags: wanted }], includeReserved: false })).length;
      equal(events, expected, `The number of events with all of ${JSON.stringify(wanted)}`);
    }
    for (const wanted of [['b,a'], ['a,b,c'], ['a', 'c,'], ['a b', 'b'], ['"a"', 'b'], ['a\u0001b']]) {
      const condition = { query: [{ tags: wanted }], after };
      equal(
        (await log.engine.append(oneStream('probe-1', [log.make.one({ type: 'Probed' })], { condition }))).kind,
        'appended',
        `The answer under a condition on ${JSON.stringify(wanted)}`,
      );
    }
  }),

  'a type and a tag that give the same text when joined are kept apart': async (log) => {
    await log.append('order-1', [
      log.make.one({ type: 'x', tags: ['y:z'] }),
      log.make.one({ type: 'x:y', tags: ['z'] }),
      log.make.one({ type: 'y:z', tags: ['x'] }),
      log.make.one({ type: 'x:y:z' }),
      log.make.one({ type: 'z', tags: ['x', 'y'] }),
    ]);
    const count = async (item: { types?: string[]; tags?: string[] }) =>
      (await log.wholeLogBy({ query: [item], includeReserved: false })).length;
    equal(
      [
        await count({ types: ['x'], tags: ['y:z'] }),
        await count({ types: ['x:y'], tags: ['z'] }),
        await count({ types: ['y:z'] }),
        await count({ tags: ['y:z'] }),
        await count({ tags: ['x:y:z'] }),
        await count({ types: ['x'], tags: ['y'] }),
      ],
      [1, 1, 1, 1, 0, 0],
      'The numbers of events found',
    );
  },

  'event ids are kept as they are, whether they look like UUIDs or not': async (log) => {
    const ids = [
      ...oddNames,
      '0190163D-8694-739B-AEA5-966C26F8AD90',
      '0190163d-8694-739b-aea5-966c26f8ad90',
      '0190163d8694739baea5966c26f8ad90',
      'x'.repeat(128),
    ];
    for (const [index, id] of ids.entries()) {
      const written = await log.append('order-1', [log.make.one({ id })], { expectedVersion: index });
      equal(written.partitions[0]?.lastEventId, id, 'The last event id in the answer');
      equal((await log.engine.streamInfo('order-1')).lastEventId, id, 'The last event id of the stream');
      const following = oneStream('order-1', [log.make.one()], { expectedVersion: index + 1, predecessorId: `${id}.` });
      equal(
        (await log.engine.append(following)).kind,
        'conflict',
        `The answer to an append that follows ${id}. and not ${id}`,
      );
    }
    equal((await log.stream('order-1')).map(idOf), ids, 'The ids of the events');
  },

  'names as long as the limits allow are taken': async (log) => {
    const { streamIdBytesMax, typeBytesMax, tagBytesMax, idBytesMax, tagsPerEventMax } = log.engine.capabilities.limits;
    const exactly = (bytes: number, filling: string) =>
      'n'.repeat(bytes % new TextEncoder().encode(filling).length) +
      filling.repeat(Math.floor(bytes / new TextEncoder().encode(filling).length));
    for (const filling of ['x', 'é', '🙂']) {
      const streamId = exactly(streamIdBytesMax, filling);
      const tags = Array.from(
        { length: Math.min(tagsPerEventMax, 64) },
        (_, index) => exactly(tagBytesMax - 2, filling) + String(index + 10),
      );
      const event = log.make.one({ id: exactly(idBytesMax, filling), type: exactly(typeBytesMax, filling), tags });
      await log.append(streamId, [event], {
        expectedVersion: 0,
        key: { key: exactly(idBytesMax, filling), digest: 'd'.repeat(64) },
      });
      equal(
        (await log.stream(streamId)).map(({ record }) => record),
        [event.record],
        'The record of an event with long names',
      );
      equal(
        (await log.wholeLogBy({ query: [{ types: [event.type], tags }], includeReserved: false })).length,
        1,
        'The number of events found by long names',
      );
      equal(
        (await log.wholeLogBy({ query: [{ tags: [tags[0]?.slice(0, -1) ?? ''] }], includeReserved: false })).length,
        0,
        'The number of events found by a long tag cut short',
      );
    }
  },
});

async function typesRead(log: LogUnderTest, item: { readonly types: readonly string[] }): Promise<readonly unknown[]> {
  return (await found(log, item)).map((each) => each.type);
}

async function tagsRead(log: LogUnderTest, item: { readonly tags: readonly string[] }): Promise<readonly unknown[]> {
  return (await found(log, item)).flatMap((each) => each.tags ?? []);
}

async function found(log: LogUnderTest, item: QueryItem): Promise<readonly ParsedRecord[]> {
  return (await log.wholeLogBy({ query: [item], includeReserved: false })).map(({ record }) => parseRecord(record));
}
