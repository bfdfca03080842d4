/**
 * Appending through the store: what users give is what they read, and what is refused leaves no trace.
 */

import type { Checkpoint } from '../../core/checkpoint.ts';
import { isConflict, type ErrorCode } from '../../core/errors.ts';
import { rawJson } from '../../core/raw-json.ts';
import { dataTextOf } from '../../core/record.ts';
import type { StandardSchema } from '../../core/standard-schema.ts';
import type { Store } from '../../store/store.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, fail, holds, outcomeOf, present, refuses, within } from '../assertions.ts';
import { show } from '../difference.ts';
import { idsOf, storeOn } from './store-under-test.ts';

/** A member of a value that may be anything. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

/** A schema that answers late and adds a field. */
const slowSchema: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate: async (value) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return typeof value === 'object' && value !== null && 'bad' in value
        ? { issues: [{ message: 'It is bad.' }] }
        : { value: { ...Object(value), checked: true } };
    },
  },
};

/** Appending through the store. */
export const storing: Area = defineArea('the store: appending', {
  'an event is read as it was given, with everything that the store adds': async (log) => {
    const store = storeOn(log, { metadata: { actor: 'somebody', release: 'r1' } });
    const earliest = log.clock.now();
    const result = await store.append('order-75', [
      {
        type: 'OrderPlaced',
        data: { amount: 1.5, text: 'é🙂', list: [null, true] },
        tags: ['customer:1', 'a', 'a'],
        occurredAt: '2026-02-01T10:00:00+02:00',
        metadata: { actor: 'else', own: 1 },
      },
      { type: 'OrderPaid', data: null, id: 'my-id' },
    ]);
    const [first, second] = await store.readStream('order-75').toArray();
    const event = present(first, 'The first event');
    equal(
      [event.type, event.data, event.version, event.streamId],
      ['OrderPlaced', { amount: 1.5, text: 'é🙂', list: [null, true] }, 1, 'order-75'],
      'Type, data, version and stream',
    );
    equal(event.tags.toSorted(), ['a', 'customer:1'], 'The tags');
    equal([event.metadata.actor, event.metadata.release, event.metadata['own']], ['else', 'r1', 1], 'The metadata');
    equal(Date.parse(event.occurredAt ?? ''), Date.parse('2026-02-01T08:00:00Z'), 'When it occurred');
    equal(
      [second?.id, second?.data, second?.version, result.version],
      ['my-id', null, 2, 2],
      'Id, data and version of the second event, and the version answered',
    );
    equal([second?.position, second?.recordedAt], [result.position, result.recordedAt], 'Position and time answered');
    if (log.clock.isExact) equal(Math.floor(earliest / 1000), Date.parse(event.recordedAt), 'The time in milliseconds');
    await store.validateCheckpoint(result.checkpoint);
  },

  'JSON given as text is kept to the byte, and bytes are given back as bytes': async (log) => {
    const store = storeOn(log);
    const text = '{ "amount": 1.10, "big": 1e400, "lone": "\\ud800", "b": 1, "a": 2 }';
    await store.append('order-1', [
      { type: 'Kept', data: rawJson(text) },
      { type: 'Bytes', data: new Uint8Array([0, 1, 254, 255]), contentType: 'application/octet-stream' },
    ]);
    const records = await store.readRecords({ streamId: 'order-1' }).toArray();
    equal(dataTextOf(present(records[0], 'The first record').record), text, 'The text of the data');
    const [, bytes] = await store.readStream('order-1').toArray();
    holds(bytes?.data instanceof Uint8Array, 'Bytes are not given back as bytes.');
    equal(
      [[...bytes.data], bytes.contentType],
      [[0, 1, 254, 255], 'application/octet-stream'],
      'The bytes and their type',
    );
  },

  'any key can be in data, __proto__ too, without harm': async (log) => {
    const store = storeOn(log);
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}';
    await store.append('order-1', [
      { type: 'Odd', data: JSON.parse(text) },
      { type: 'Odd', data: rawJson(text) },
    ]);
    for (const { data } of await store.readStream('order-1').toArray()) equal(JSON.stringify(data), text, 'The data');
    equal(Reflect.get({}, 'polluted'), undefined, 'A member of every object');
  },

  'appends that are not awaited are written in the order of the calls, also where some are validated late': async (
    log,
  ) => {
    const store = storeOn(log, { events: { Slow: slowSchema } });
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        store.append('order-1', [{ type: index % 3 === 1 ? 'Slow' : 'Fast', data: { index } }]),
      ),
    );
    equal(
      results.map(({ version }) => version),
      results.map((_, index) => index + 1),
      'The versions answered',
    );
    const events = await store.readStream('order-1').toArray();
    equal(
      events.map(({ data }) => memberOf(data, 'index')),
      events.map((_, index) => index),
      'The order of the events',
    );
    equal(memberOf(events[1]?.data, 'checked'), true, 'What the schema added');
  },

  'what is refused before it reaches the engine leaves no trace': async (log) => {
    const store = storeOn(log, { events: { Checked: slowSchema } });
    await store.append('order-1', [{ type: 'First', data: {} }]);
    const { limits } = log.engine.capabilities;
    const event = { type: 'Event', data: {} };
    // Users without types can pass any text.
    const nonsense = 'nonsense' as Checkpoint;
    const refusals: readonly (readonly [string, ErrorCode, () => Promise<unknown>])[] = [
      ['an empty append', 'INVALID_ARGUMENT', () => store.append('order-1', [])],
      ['an empty stream id', 'INVALID_TEXT', () => store.append('', [event])],
      ['a stream id with NUL', 'INVALID_TEXT', () => store.append('a\0b', [event])],
      ['a lone surrogate in a type', 'INVALID_TEXT', () => store.append('order-1', [{ type: 'a\ud800', data: {} }])],
      ['a lone surrogate in a tag', 'INVALID_TEXT', () => store.append('order-1', [{ ...event, tags: ['\udc00'] }])],
      ['a reserved stream', 'RESERVED_NAME', () => store.append('$settings-order-1', [event])],
      ['a reserved type', 'RESERVED_NAME', () => store.append('order-1', [{ type: '$removed', data: {} }])],
      ['data without JSON', 'NOT_JSON', () => store.append('order-1', [event, { type: 'Event', data: () => 1 }])],
      [
        'data that its schema refuses',
        'VALIDATION_FAILED',
        () => store.append('order-1', [event, { type: 'Checked', data: { bad: 1 } }]),
      ],
      [
        'a stream that occurs twice',
        'INVALID_ARGUMENT',
        () => store.append({ streams: [{ streamId: 'a', events: [event] }, { streamId: 'a' }] }),
      ],
      [
        'a query without items',
        'INVALID_QUERY',
        () => store.append('order-1', [event], { condition: { failIfEventsMatch: [] } }),
      ],
      [
        'a query with an empty item',
        'INVALID_QUERY',
        () => store.append('order-1', [event], { condition: { failIfEventsMatch: [{}] } }),
      ],
      [
        'a strange expected version',
        'INVALID_ARGUMENT',
        () => store.append('order-1', [event], { expectedVersion: -1 }),
      ],
      [
        'too many tags',
        'LIMIT_EXCEEDED',
        () =>
          store.append('order-1', [
            { ...event, tags: Array.from({ length: limits.tagsPerEventMax + 1 }, (_, index) => `t${index}`) },
          ]),
      ],
      [
        'a stream id that is too long',
        'LIMIT_EXCEEDED',
        () => store.append('x'.repeat(limits.streamIdBytesMax + 1), [event]),
      ],
      [
        'a checkpoint that is none',
        'CHECKPOINT_INVALID',
        () =>
          store.append('order-1', [event], {
            condition: { failIfEventsMatch: [{ types: ['Event'] }], after: nonsense },
          }),
      ],
    ];
    for (const [what, code, attempt] of refusals) await log.expectRefusal(`An append with ${what}`, attempt, code);
    equal(
      (await store.append('order-1', [event], { expectedVersion: 1 })).version,
      2,
      'The version after the refusals',
    );
  },

  'a conflict is thrown with a code for what stands against the append, and everything that does': withBoundary(
    async (log) => {
      const store = storeOn(log);
      await store.append('order-1', [
        { type: 'Placed', data: {}, tags: ['a'] },
        { type: 'Placed', data: {} },
      ]);
      const condition = { failIfEventsMatch: [{ tags: ['a'] }] };
      const event = { type: 'Event', data: {} };
      const conflictOf = async (attempt: () => Promise<unknown>): Promise<unknown> => {
        const outcome = await outcomeOf(attempt);
        if (outcome.kind === 'fulfilled' || !isConflict(outcome.reason))
          return fail(`A conflict must be thrown, and ${show(outcome)} came about.`);
        return [outcome.reason.code, outcome.reason.conflicts.map(({ kind }) => kind)];
      };
      equal(
        await conflictOf(() => store.append('order-1', [event], { expectedVersion: 1 })),
        ['VERSION_CONFLICT', ['version']],
        'The conflict of a version',
      );
      equal(
        await conflictOf(() => store.append('order-1', [event], { condition })),
        ['CONDITION_CONFLICT', ['condition']],
        'The conflict of a condition',
      );
      equal(
        await conflictOf(() => store.append('order-1', [event], { expectedVersion: 7, condition })),
        ['VERSION_CONFLICT', ['version', 'condition']],
        'The conflict of both',
      );
      await store.tombstone('order-1');
      equal(
        await conflictOf(() => store.append('order-1', [event])),
        ['STREAM_TOMBSTONED', ['tombstone']],
        'The conflict of a stream that has ended',
      );
    },
  ),

  'a decision over a boundary is taken once: read, decide, append with the place that was read': withBoundary(
    async (log) => {
      const store = storeOn(log);
      const query = [{ types: ['Booked'], tags: ['seat:1'] }];
      const book = async (guest: string): Promise<boolean> => {
        const after = await store.head();
        if ((await store.readQuery(query, { until: after }).toArray()).length > 0) return false;
        const append = (): Promise<unknown> =>
          store.append(`booking-${guest}`, [{ type: 'Booked', data: { guest }, tags: ['seat:1', `guest:${guest}`] }], {
            condition: { failIfEventsMatch: query, after },
          });
        const outcome = await outcomeOf(append);
        if (outcome.kind === 'rejected' && !isConflict(outcome.reason)) throw outcome.reason;
        return outcome.kind === 'fulfilled';
      };
      const booked = await Promise.all(Array.from({ length: 12 }, (_, index) => book(`g${index}`)));
      equal(booked.filter(Boolean).length, 1, 'How many of twelve guests booked the seat');
      equal((await store.readQuery(query).toArray()).length, 1, 'The number of bookings');
      equal(await book('late'), false, 'Whether a late guest books the seat');
    },
  ),

  'a retry under its key gets the first result and writes nothing, and other content is refused': async (log) => {
    const store = storeOn(log);
    const send = (amount: number): ReturnType<Store['append']> =>
      store.append('order-1', [{ type: 'Placed', data: { amount } }], { key: 'request-1' });
    const first = await send(1);
    await store.append('order-1', [{ type: 'Paid', data: {} }]);
    const second = await send(1);
    equal(
      [second.isDuplicate, second.version, second.position, second.checkpoint, second.recordedAt],
      [true, first.version, first.position, first.checkpoint, first.recordedAt],
      'The second result',
    );
    await refuses('Other content under the key', () => send(2), 'KEY_REUSED');
    equal((await store.streamInfo('order-1')).version, 2, 'The version of the stream');
  },

  'truncation, tombstone and removal are recorded, and show in reads': async (log) => {
    const store = storeOn(log, { events: { Summed: { carriesState: true } } });
    const types = ['Added', 'Added', 'Summed', 'Added'];
    await store.append(
      'order-1',
      types.map((type) => ({ type, data: { secret: type }, tags: ['t'] })),
    );
    await refuses(
      'A truncation before an event that does not carry the state',
      () => store.truncate('order-1', { before: 2 }),
      'TRUNCATION_REFUSED',
    );
    await store.truncate('order-1', { before: 3 });
    equal(
      (await store.readStream('order-1').toArray()).map(({ version }) => version),
      [3, 4],
      'The versions shown',
    );
    equal(
      (await store.readLog().toArray()).map(({ type }) => type),
      types,
      'The types that the log shows',
    );
    await store.removeTruncated('order-1');
    equal(
      (await store.readLog().toArray()).map(({ type }) => type),
      ['$removed', '$removed', 'Summed', 'Added'],
      'The types that the log shows after the removal',
    );
    await store.tombstone('order-1');
    equal(await store.readStream('order-1').toArray(), [], 'What an ended stream shows');
    equal(
      (await store.streamInfo('order-1')).settingsVersion,
      3,
      'The version of the settings, which counts everything recorded there',
    );
    equal(
      (await store.readLog({ includeReserved: true }).toArray()).length,
      7,
      'The number of all events, the recorded changes included',
    );
  },

  'closing finishes what was accepted, and everything after it is refused': async (log) => {
    const store = storeOn(log, { events: { Slow: slowSchema } });
    const appends = Array.from({ length: 12 }, (_, index) =>
      outcomeOf(() => store.append('order-1', [{ type: index % 4 === 1 ? 'Slow' : 'Fast', data: {} }])),
    );
    const closed = store.close();
    equal(
      (await Promise.all(appends)).map(({ kind }) => kind),
      appends.map(() => 'fulfilled'),
      'How the appends ended that were begun before the close',
    );
    await within(log.patienceMs, 'The end of close()', closed);
    await store.close();
    await refuses('An append after the close', () => store.append('order-1', [{ type: 'Late', data: {} }]), 'CLOSED');
    await refuses('A read after the close', () => store.readStream('order-1').toArray(), 'CLOSED');
    if (!log.isDurable) return;
    await log.reopen();
    equal(
      idsOf(await storeOn(log).readStream('order-1').toArray()).length,
      12,
      'The number of events after opening again',
    );
  },
});
