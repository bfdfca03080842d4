/**
 * Settings of streams, truncation, tombstones and physical removal: what they change in reads of the stream, and that they
 * change nothing else.
 */

import type { StreamSettings } from '../../core/stream-settings.ts';
import { removedRecord, parseRecord } from '../../core/record.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';
import { readWholeStream } from '../readings.ts';

/** Settings of streams, truncation, tombstones and removal. */
export const setting: Area = defineArea('settings of streams', {
  'settings are kept whole, replaced whole, and counted': async (log) => {
    await log.append('order-1', log.make.many(2));
    const all: readonly StreamSettings[] = [
      { maxCount: 5 },
      { custom: { note: 'é🙂', nested: { list: [1, null, 'x'] }, amount: 1.5 } },
      {
        truncateBefore: 2,
        maxCount: 10,
        maxAgeMs: 1_000_000_000,
        custom: { ['__proto__']: { a: 1 }, constructor: 2 },
      },
      {},
      { maxAgeMs: 1_000_000 },
    ];
    for (const [index, settings] of all.entries()) {
      await log.set('order-1', settings);
      const info = await log.engine.streamInfo('order-1');
      equal(
        [info.settings, info.settingsVersion, info.version],
        [settings, index + 1, 2],
        `Settings, their version and the version of the stream after change ${index + 1}`,
      );
    }
    equal(
      await log.engine.streamInfo('order-2'),
      { streamId: 'order-2', version: 0, settings: undefined, settingsVersion: 0, lastEventId: undefined },
      'What is known of another stream',
    );
  },

  'every change of settings is an event with a position of its own': async (log) => {
    await log.append('order-1', log.make.many(1));
    const written = await log.set('order-1', { truncateBefore: 1 });
    const { partition, lastPosition } = present(written.partitions[0], 'The partition written to');
    const event = present(await log.engine.eventAt(partition, lastPosition), 'The event of the change');
    equal(
      [event.streamId, event.version, parseRecord(event.record).type],
      ['$settings-order-1', 1, '$settingsChanged'],
      'Stream, version and type of the event',
    );
    equal(partition, log.partitionOf('order-1'), 'The partition of the settings, which live beside the stream');
  },

  'truncation hides earlier events from reads of the stream, and only from them': async (log) => {
    await log.append('order-1', log.make.many(6));
    await log.append('order-2', log.make.many(6));
    const all = await log.stream('order-1');
    for (const truncateBefore of [1, 3, 6, 7, 2]) {
      const before = (await log.wholeLog()).filter(({ streamId }) => !streamId.startsWith('$'));
      await log.set('order-1', { truncateBefore });
      await expectShown(
        log,
        all.filter(({ version }) => version >= truncateBefore).map(({ version }) => version),
      );
      equal(
        (await log.wholeLog()).filter(({ streamId }) => !streamId.startsWith('$')),
        before,
        'What reads of the log show',
      );
      equal((await log.stream('order-2')).length, 6, 'The number of events of another stream');
      for (const event of all)
        equal(await log.engine.eventAt(event.partition, event.position), event, 'The event at its position');
    }
  },

  'truncation does not turn the version back': async (log) => {
    await log.append('order-1', log.make.many(4));
    await log.set('order-1', { truncateBefore: 5 });
    equal(await log.versionOf('order-1'), 4, 'The version of a truncated stream');
    const page = await log.engine.readStream({
      streamId: 'order-1',
      direction: 'forward',
      fromVersion: 1,
      limit: 10,
      bytesMax: 1000,
    });
    equal([page.events, page.version], [[], 4], 'The events and the version that a read of it names');
    const written = await log.append('order-1', log.make.many(1), { expectedVersion: 4 });
    equal(written.streams[0]?.firstVersion, 5, 'The version of the next event');
    await expectShown(log, [5]);
  },

  'a greatest count shows the newest events as the stream grows': async (log) => {
    await log.set('order-1', { maxCount: 3 });
    for (let version = 1; version <= 7; version += 1) {
      await log.append('order-1', log.make.many(1), { expectedVersion: version - 1 });
      await expectShown(
        log,
        [version - 2, version - 1, version].filter((each) => each > 0),
      );
    }
    await log.set('order-1', { maxCount: 3, truncateBefore: 7 });
    await expectShown(log, [7]);
    await log.set('order-1', { maxCount: 2, truncateBefore: 2 });
    await expectShown(log, [6, 7]);
    await log.set('order-1', {});
    await expectShown(log, [1, 2, 3, 4, 5, 6, 7]);
  },

  'a greatest age hides events when they have become older': async (log) => {
    const step = 40_000;
    for (let version = 1; version <= 3; version += 1) {
      await log.append('order-1', log.make.many(1));
      await log.clock.pass(step);
    }
    await log.set('order-1', { maxAgeMs: 3_600_000 });
    await expectShown(log, [1, 2, 3]);
    if (log.clock.isExact) {
      await log.set('order-1', { maxAgeMs: 80 });
      await expectShown(log, [2, 3]);
      await log.clock.pass(1);
      await expectShown(log, [3]);
      await log.clock.pass(step);
      await expectShown(log, []);
      await log.append('order-1', log.make.many(1));
      await expectShown(log, [4]);
      await log.set('order-1', { maxAgeMs: 1_000_000, truncateBefore: 2, maxCount: 2 });
      await expectShown(log, [3, 4]);
    } else {
      await log.set('order-1', { maxAgeMs: 1 });
      await expectShown(log, []);
    }
    equal(await log.versionOf('order-1'), log.clock.isExact ? 4 : 3, 'The version of the stream');
  },

  'a tombstone hides everything and takes no more events, for good': async (log) => {
    await log.append('order-1', log.make.many(3));
    await log.append('order-2', log.make.many(3));
    const before = (await log.wholeLog()).filter(({ streamId }) => streamId === 'order-1');
    await log.set('order-1', { tombstone: true });
    await expectShown(log, []);
    for (const expectedVersion of ['any', 'none', 'exists', 0, 3, 4] as const) {
      await log.expectConflict(oneStream('order-1', log.make.many(1), { expectedVersion }), [
        { kind: 'tombstone', streamId: 'order-1', actual: 3 },
      ]);
      await log.clock.pass(1_000_000);
    }
    equal(
      (await log.wholeLog()).filter(({ streamId }) => streamId === 'order-1'),
      before,
      'What reads of the log show of the stream',
    );
    equal((await log.engine.streamInfo('order-1')).version, 3, 'The version of the stream');
    await log.append('order-2', log.make.many(1), { expectedVersion: 3 });
  },

  'settings come with the events of an append in one decision': async (log) => {
    const [neighbour = ''] = log.neighboursOf('order-1', 1);
    await log.append('order-1', log.make.many(3));
    const change = log.settingsBatch('order-1', { truncateBefore: 3 }, { expectedVersion: 0 }).streams;
    await log.write({ streams: [{ streamId: neighbour, expectedVersion: 0, events: log.make.many(2) }, ...change] });
    await expectShown(log, [3]);
    const other = log.settingsBatch('order-1', { truncateBefore: 1 }, { expectedVersion: 1 }).streams;
    await log.expectConflict(
      { streams: [{ streamId: neighbour, expectedVersion: 0, events: log.make.many(2) }, ...other] },
      [{ kind: 'version', streamId: neighbour, expected: 0, actual: 2 }],
    );
  },

  'settings are changed under the version that is expected of them': async (log) => {
    await log.append('order-1', log.make.many(3));
    await log.set('order-1', { maxCount: 1 }, { expectedVersion: 0 });
    const answers = await Promise.all(
      [2, 3, 4].map((maxCount) =>
        log.engine.append(log.settingsBatch('order-1', { maxCount }, { expectedVersion: 1 })),
      ),
    );
    equal(
      answers.map(({ kind }) => kind),
      ['appended', 'conflict', 'conflict'],
      'The answers to three changes at once',
    );
    const info = await log.engine.streamInfo('order-1');
    equal([info.settings, info.settingsVersion], [{ maxCount: 2 }, 2], 'The settings and their version');
  },

  'physical removal empties the records before a version and keeps place, id, tags and a digest': async (log) => {
    await log.append(
      'order-1',
      log.make.many(5, {
        type: 'Placed',
        tags: ['a', 'customer:1'],
        dataText: '{"name":"secret"}',
        metadataText: '{"actor":"secret"}',
      }),
    );
    for (const streamId of ['order-2', 'order-10', 'order-1-1']) await log.append(streamId, log.make.many(5));
    const before = await log.wholeLog();
    await log.set('order-1', { truncateBefore: 4 });
    await log.remove('order-1', 4);
    const after = await log.wholeLog();
    for (const event of before) {
      const isRemoved = event.streamId === 'order-1' && event.version < 4;
      const expected = isRemoved ? { ...event, record: removedRecord(event.record) } : event;
      equal(
        after.find(({ partition, position }) => partition === event.partition && position === event.position),
        expected,
        `Version ${event.version} of ${event.streamId} after the removal`,
      );
      equal(
        await log.engine.eventAt(event.partition, event.position),
        expected,
        `Version ${event.version} of ${event.streamId} by its position`,
      );
    }
    equal(
      after.filter(({ record }) => record.includes('secret')).map(({ version }) => version),
      [4, 5],
      'The versions of which contents remain',
    );
    equal(await log.versionOf('order-1'), 5, 'The version of the stream');
    await expectShown(log, [4, 5]);
  },

  'removed events are found in the log under their former type and tags, and shown with it': async (log) => {
    await log.append('order-1', log.make.many(2, { type: 'Placed', tags: ['a'] }));
    await log.append('order-1', log.make.many(1, { type: 'Closed' }));
    const ids = (await log.stream('order-1')).map(idOf);
    await log.set('order-1', { truncateBefore: 3 });
    await log.remove('order-1', 3);
    for (const item of [{ types: ['Placed'] }, { tags: ['a'] }, { types: ['Placed'], tags: ['a'] }])
      equal(
        (await log.wholeLogBy({ query: [item], includeReserved: false })).map(idOf),
        ids.slice(0, 2),
        'The removed events that a filtered read shows',
      );
    equal((await log.wholeLogBy({ includeReserved: false })).map(idOf), ids, 'The events that a read of the log shows');
    equal(
      await log.wholeLogBy({ query: [{ types: ['$removed'] }], includeReserved: true }),
      [],
      'Events by the type that marks a removal',
    );
  },

  'removal needs no settings, makes none, and reaches no further than the stream': async (log) => {
    await log.append('order-1', log.make.many(3, { dataText: '"secret"' }));
    await log.remove('order-1', 3);
    const { settings, settingsVersion } = await log.engine.streamInfo('order-1');
    equal([settings, settingsVersion], [undefined, 0], 'The settings of the stream and their version');
    const hasContents = (await log.stream('order-1')).map(({ record }) => record.includes('secret'));
    equal(hasContents, [false, false, true], 'Which records still have contents, of all that are shown');
    await log.remove('order-1', 100);
    await log.append('order-1', log.make.many(1, { dataText: '"secret"' }));
    equal(
      (await log.stream('order-1')).map(({ record }) => record.includes('secret')),
      [false, false, false, true],
      'Which records have contents after a removal past the end and one more event',
    );
  },

  'removing twice, or more, changes nothing more than the first time did': async (log) => {
    await log.append('order-1', log.make.many(4, { dataText: '"secret"' }));
    await log.set('order-1', { truncateBefore: 4 });
    await log.remove('order-1', 3);
    const first = await log.wholeLog();
    await log.remove('order-1', 3);
    equal(
      (await log.wholeLog()).slice(0, first.length).map(({ record }) => record),
      first.map(({ record }) => record),
      'The records after a second removal',
    );
    await log.remove('order-1', 4);
    const records = (await log.wholeLog()).filter(({ streamId }) => streamId === 'order-1').map(({ record }) => record);
    equal(
      records.map((record) => record.includes('secret')),
      [false, false, false, true],
      'Which records still have contents',
    );
    equal(
      records.slice(0, 2),
      first
        .filter(({ streamId }) => streamId === 'order-1')
        .slice(0, 2)
        .map(({ record }) => record),
      'The records that were removed first',
    );
  },
});

async function expectShown(log: LogUnderTest, versions: readonly number[]): Promise<void> {
  const version = await log.versionOf('order-1');
  for (const limit of [1, 2, 100]) {
    const forward = await readWholeStream(log.engine, 'order-1', { limit });
    equal(
      forward.events.map((event) => event.version),
      versions,
      `The versions shown in pages of ${limit}`,
    );
    const backward = await readWholeStream(log.engine, 'order-1', { limit, direction: 'backward' });
    equal(
      backward.events.map((event) => event.version),
      versions.toReversed(),
      `The versions shown backward in pages of ${limit}`,
    );
    equal([forward.version, backward.version], [version, version], 'The version that both reads name');
  }
  const middle = Math.max(1, version - 1);
  const from = await readWholeStream(log.engine, 'order-1', { fromVersion: middle });
  equal(
    from.events.map((event) => event.version),
    versions.filter((each) => each >= middle),
    `The versions shown from ${middle}`,
  );
}
