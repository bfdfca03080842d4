/**
 * What is known of streams, and lists of them.
 */

import { compareUtf8 } from '../../core/text.ts';
import { categoryOf } from '../../core/stream-id.ts';
import type { StreamListRequest } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, fail, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { oddNames } from '../odd-names.ts';

/** What is known of streams, and lists of them. */
export const listing: Area = defineArea('streams', {
  'of a stream that does not exist, version 0 and nothing else is known': async (log) => {
    await log.append('order-1', log.make.many(1));
    equal(
      await log.engine.streamInfo('order-2'),
      { streamId: 'order-2', version: 0, settings: undefined, settingsVersion: 0, lastEventId: undefined },
      'What is known',
    );
  },

  'the version of a stream is the count of its events, and its last event id that of the newest': async (log) => {
    let version = 0;
    for (const count of [1, 3, 2]) {
      const events = log.make.many(count);
      await log.append('order-1', events);
      await log.append('order-2', log.make.many(1));
      version += count;
      equal(
        await log.engine.streamInfo('order-1'),
        { streamId: 'order-1', version, settings: undefined, settingsVersion: 0, lastEventId: events.at(-1)?.id },
        `What is known at version ${version}`,
      );
    }
  },

  'streams are listed in the order of their UTF-8 bytes, each once, with what is known of them': async (log) => {
    const ids = [
      ...oddNames,
      'order-1',
      'order-10',
      'order-2',
      'z\uE000',
      'z\u{1F642}',
      'z\uFFFF',
      'z\u{10FFFF}',
      'zé',
      'z',
    ];
    for (const [index, streamId] of ids.entries()) await log.append(streamId, log.make.many(1 + (index % 2)));
    const listed = await list(log, { includeReserved: false });
    equal(
      listed.map(({ streamId }) => streamId),
      ids.toSorted(compareUtf8),
      'The ids of the streams listed',
    );
    for (const info of listed)
      equal(info, await log.engine.streamInfo(info.streamId), `What the list says of ${JSON.stringify(info.streamId)}`);
  },

  'pages of any size join to the whole list': async (log) => {
    const ids = ['a', 'b-1', 'b-2', 'b-10', 'é-1', '\uE000', '🙂-1', '🙂'];
    for (const streamId of ids) await log.append(streamId, log.make.many(1));
    for (let limit = 1; limit <= ids.length + 1; limit += 1)
      equal(
        (await list(log, { includeReserved: false }, limit)).map(({ streamId }) => streamId),
        ids.toSorted(compareUtf8),
        `The streams in pages of ${limit}`,
      );
  },

  'a list begins after the id given, whether or not such a stream exists': async (log) => {
    const ids = ['order-1', 'order-10', 'order-2', 'order-3'];
    for (const streamId of ids) await log.append(streamId, log.make.many(1));
    for (const after of [...ids, 'a', 'order-', 'order-11', 'order-1\u0001', 'z', '🙂'])
      equal(
        (await list(log, { includeReserved: false, after })).map(({ streamId }) => streamId),
        ids.filter((streamId) => compareUtf8(streamId, after) > 0),
        `The streams after ${JSON.stringify(after)}`,
      );
  },

  'a list by category or prefix holds exactly the streams of it': async (log) => {
    const ids = [
      'order-1',
      'order-2',
      'order',
      'order-',
      'order2-1',
      'Order-1',
      'orde-r',
      'o',
      'or%er-1',
      'or_er-1',
      '🙂-1',
      '🙂\u200D-1',
      "o'r-1",
      '-1',
      'é-1',
      'e\u0301-1',
    ];
    for (const streamId of ids) await log.append(streamId, log.make.many(1));
    const sorted = ids.toSorted(compareUtf8);
    for (const category of [...new Set(ids.map(categoryOf)), 'orde', 'unknown', '%', 'order-1'])
      equal(
        (await list(log, { includeReserved: false, category }, 2)).map(({ streamId }) => streamId),
        sorted.filter((streamId) => categoryOf(streamId) === category),
        `The streams of the category ${JSON.stringify(category)}`,
      );
    for (const prefix of [
      '',
      'o',
      'or',
      'order',
      'order-',
      'order-1',
      'order-11',
      'Order',
      'or%',
      'or_',
      '%',
      '_',
      '*',
      '🙂',
      "o'",
      'é',
      'e',
      '-',
      'z',
    ]) {
      equal(
        (await list(log, { includeReserved: false, prefix }, 3)).map(({ streamId }) => streamId),
        sorted.filter((streamId) => streamId.startsWith(prefix)),
        `The streams that begin with ${JSON.stringify(prefix)}`,
      );
      equal(
        (await list(log, { includeReserved: false, prefix, category: 'order' }, 3)).map(({ streamId }) => streamId),
        sorted.filter((streamId) => streamId.startsWith(prefix) && categoryOf(streamId) === 'order'),
        `The streams of the category order that begin with ${JSON.stringify(prefix)}`,
      );
      equal(
        (await list(log, { includeReserved: false, prefix, after: 'order-1' }, 3)).map(({ streamId }) => streamId),
        sorted.filter((streamId) => streamId.startsWith(prefix) && compareUtf8(streamId, 'order-1') > 0),
        `The streams after order-1 that begin with ${JSON.stringify(prefix)}`,
      );
    }
  },

  "the store's own streams are listed only when they are asked for": async (log) => {
    await log.append('order-1', log.make.many(1));
    await log.set('order-1', { maxCount: 1 });
    await log.set('order-2', { maxCount: 1 });
    const ids = async (request: Omit<StreamListRequest, 'limit'>) =>
      (await list(log, request)).map(({ streamId }) => streamId);
    equal(await ids({ includeReserved: false }), ['order-1'], 'The streams, reserved ones hidden');
    equal(
      await ids({ includeReserved: true }),
      ['$settings-order-1', '$settings-order-2', 'order-1'],
      'The streams, reserved ones shown',
    );
    equal(
      await ids({ includeReserved: true, prefix: '$settings-' }),
      ['$settings-order-1', '$settings-order-2'],
      'The streams of settings',
    );
    equal(
      await ids({ includeReserved: true, category: '$settings' }),
      ['$settings-order-1', '$settings-order-2'],
      'The category of settings',
    );
    equal(await ids({ includeReserved: false, prefix: '$' }), [], 'The reserved streams, hidden');
  },

  'streams that were truncated, tombstoned or emptied are listed with their versions and settings': async (log) => {
    for (const streamId of ['order-1', 'order-2', 'order-3']) await log.append(streamId, log.make.many(3));
    await log.set('order-1', { truncateBefore: 3 });
    await log.set('order-2', { tombstone: true });
    await log.remove('order-2', 4);
    const listed = await list(log, { includeReserved: false });
    equal(
      listed.map(({ streamId, version, settings, settingsVersion }) => ({
        streamId,
        version,
        settings,
        settingsVersion,
      })),
      [
        { streamId: 'order-1', version: 3, settings: { truncateBefore: 3 }, settingsVersion: 1 },
        { streamId: 'order-2', version: 3, settings: { tombstone: true }, settingsVersion: 1 },
        { streamId: 'order-3', version: 3, settings: undefined, settingsVersion: 0 },
      ],
      'The streams',
    );
  },
});

async function list(log: LogUnderTest, request: Omit<StreamListRequest, 'limit'>, limit = 1000) {
  const all = [];
  for (let after = request.after; ;) {
    const page = await log.engine.listStreams({ ...request, limit, ...(after !== undefined && { after }) });
    if (page.length > limit) fail(`A page of ${limit} streams holds ${page.length}.`);
    if (page.length === 0) return all;
    all.push(...page);
    if (all.length > 10_000) fail('A list of streams did not end.');
    after = present(page.at(-1), 'The last stream').streamId;
  }
}
