/**
 * Durability: what was acknowledged is there when the log is opened again, after a close and after a sudden end. A log that
 * is not durable says so, and is asserted to be new each time.
 */

import type { Written } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, fail, holds, present } from '../assertions.ts';
import { openLogUnderTest, type LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';
import { completeViews, expectComplete, fact, viewOf } from '../view-maker.ts';

/** Durability, and what is asserted of logs that have none. */
export const reopening: Area = defineArea('durability', {
  'a durable log can be opened again, and one that is not durable cannot': async (log) => {
    const { reopen, reopenAfterLoss } = log.ways;
    equal(
      [reopen, reopenAfterLoss],
      [log.isDurable, log.isDurable],
      'Whether the fixture reopens a log, and after a loss',
    );
  },

  'everything is as it was when the log was closed': whenDurable(async (log) => {
    await fill(log);
    const before = await log.picture();
    const identity = log.engine.identity;
    for (let round = 0; round < 2; round += 1) {
      await log.reopen();
      equal(await log.picture(), before, 'The log, opened again');
      equal(log.engine.identity, identity, 'Log id, partitions and lineage');
    }
    await log.append('order-1', log.make.many(1), { expectedVersion: 7 });
    await log.expectConflict(oneStream('order-2', log.make.many(1)), [
      { kind: 'tombstone', streamId: 'order-2', actual: 4 },
    ]);
    equal(
      (await log.wholeLogBy({ query: [{ tags: ['a'] }], includeReserved: false })).length,
      4,
      'The number of events found by a tag',
    );
    const condition = { query: [{ types: ['Happened'], tags: ['a'] }], after: (await log.engine.heads()).map(() => 0) };
    const answer = await log.engine.append(oneStream('order-1', log.make.many(1), { condition }));
    equal(answer.kind, 'conflict', 'The answer under a condition that an event before the reopening matches');
  }),

  'a log that is opened again goes on behind its end: versions, positions, times and revisions': whenDurable(
    async (log) => {
      await fill(log);
      const heads = await log.engine.heads();
      const last = present((await log.stream('order-1')).at(-1), 'The last event');
      await log.engine.keyedWrite([{ key: 'entry', value: '1' }]);
      const revisions = [present(await log.engine.keyedGet('entry'), 'The entry').revision];
      await log.engine.keyedWrite([{ key: 'entry', value: null }]);
      log.clock.set(log.clock.now() - 3_600_000_000);
      for (let round = 0; round < 3; round += 1) {
        await log.reopen();
        const written = await log.append('order-1', log.make.many(1), { expectedVersion: 7 + round });
        const { partition, firstPosition } = present(written.partitions[0], 'The partition written to');
        holds(firstPosition > (heads[partition] ?? 0), `Position ${firstPosition} was handed out again.`);
        holds(written.recordedAt >= last.recordedAt, `recordedAt ${written.recordedAt} follows ${last.recordedAt}.`);
        await log.engine.keyedWrite([{ key: 'entry', value: String(round), expectedRevision: 0 }]);
        revisions.push(present(await log.engine.keyedGet('entry'), 'The entry').revision);
        await log.engine.keyedWrite([{ key: 'entry', value: null }]);
      }
      equal(new Set(revisions).size, revisions.length, 'The number of different revisions');
      await log.picture();
    },
  ),

  'keys and repetitions are recognised when the log is opened again': whenDurable(async (log) => {
    const keyed = oneStream('order-1', log.make.many(2), { key: { key: 'k', digest: 'one' } });
    const expiring = oneStream('order-1', log.make.many(1), {
      key: { key: 'short', digest: 'one', expiresAt: log.clock.now() + 1000 },
    });
    const exact = oneStream('order-2', log.make.many(2), { expectedVersion: 0 });
    const first: Written[] = [];
    for (const batch of [keyed, expiring, exact]) first.push(await log.write(batch));
    await log.clock.pass(2000);
    await log.reopen();
    await log.expectDuplicate(keyed, present(first[0], 'The first answer'));
    await log.expectDuplicate(exact, present(first[2], 'The first answer'));
    equal(
      await log.engine.append(oneStream('order-1', log.make.many(1), { key: { key: 'k', digest: 'two' } })),
      { kind: 'keyReused', key: 'k' },
      'The answer to other content',
    );
    equal(await log.engine.answerOf('k'), { digest: 'one', written: first[0] }, 'What is remembered under the key');
    equal(await log.engine.answerOf('short'), undefined, 'What is remembered under the key that ended');
    equal((await log.write(expiring)).streams[0]?.firstVersion, 4, 'The version written under the key that ended');
  }),

  'after a sudden end in the midst of appends their views hold exactly the events that are there': whenDurable(
    async (log) => {
      const hasSql = log.engine.capabilities.sql !== 'none';
      const made = { sql: 'CREATE TABLE seen (name TEXT)', parameters: [] };
      await log.engine.sql?.write({ keyedWrites: [], statements: [made] });
      await completeViews(log, 'progress');
      for (let round = 0; round < 3; round += 1) {
        let answered = 0;
        for (let index = 0; index < 40; index += 1) {
          const streamId = `order-${round}-${index}`;
          const sql = 'INSERT INTO seen VALUES (? || ?)';
          const view = viewOf('progress', {
            keyedWrites: [{ key: ['seen/', streamId, ' ', fact('version')], value: '' }],
            statements: hasSql ? [{ sql, parameters: [`${streamId} `, fact('version')] }] : [],
          });
          void log.engine.append(oneStream(streamId, log.make.many(1), { views: [view] })).then(
            () => (answered += 1),
            () => undefined,
          );
        }
        await log.eventually('The answer to an append', async () => answered > 10 * round);
        await log.reopenAfterLoss();
        const names = (await log.wholeLog()).map(({ streamId, version }) => `${streamId} ${version}`).toSorted();
        const entries = await log.engine.keyedScan({ prefix: 'seen/', limit: 1000 });
        equal(entries.map(({ key }) => key.slice(5)).toSorted(), names, 'The entries of the view, one for each event');
        const rows = await log.engine.sql?.query({ sql: 'SELECT name FROM seen', parameters: [] });
        if (hasSql) equal(rows?.map(({ name }) => String(name)).toSorted(), names, 'The rows, one for each event');
        await expectComplete(log, 'progress');
      }
    },
  ),

  'what was answered is there after a sudden end, and nothing is there in part': whenDurable(async (log) => {
    for (let round = 0; round < 4; round += 1) {
      const acknowledged: string[] = [];
      for (let index = 0; index < 30; index += 1) {
        const batch = oneStream(`order-${index % 4}`, log.make.many(3), {
          keyedWrites: [{ key: `entry-${round}-${index}`, value: 'x' }],
        });
        void log.engine.append(batch).then(
          () =>
            acknowledged.push(
              `entry-${round}-${index}`,
              ...batch.streams.flatMap(({ events }) => events.map(({ id }) => id)),
            ),
          () => undefined,
        );
      }
      await log.eventually('The answer to an append', async () => acknowledged.length > 12 * round);
      const answered = [...acknowledged];
      await log.reopenAfterLoss();
      const picture = await log.picture();
      const found = new Set([...picture.partitions.flat().map(idOf), ...picture.keyed.map(({ key }) => key)]);
      for (const each of answered) holds(found.has(each), `${each} was acknowledged and is not there.`);
      for (const { streamId, version } of picture.streams)
        equal(version % 3, 0, `The version of ${streamId} after appends of three, modulo 3`);
      equal(
        picture.keyed.length * 3,
        picture.partitions.flat().length,
        'Three times the entries, and the events that came with them',
      );
    }
  }),

  'the answer to a repetition comes only when what it repeats is durable': whenDurable(async (log) => {
    for (const [index, repetition] of ['by key', 'by ids', 'by key, looked up'].entries()) {
      const streamId = `order-${index}`;
      const batch = oneStream(
        streamId,
        log.make.many(2),
        repetition === 'by ids' ? { expectedVersion: 0 } : { key: { key: streamId, digest: 'd' } },
      );
      await afterFirst(log, [
        () => log.engine.append(batch),
        () => log.engine.append(batch),
        ...(repetition === 'by key, looked up' ? [() => untilThere(log, () => log.engine.answerOf(streamId))] : []),
      ]);
      equal(
        await log.versionOf(streamId),
        2,
        `The version of a stream after a repetition ${repetition} was answered and the end came at once`,
      );
    }
  }),

  'a refusal comes only when the events that it rests on are durable': whenDurable(async (log) => {
    for (const [index, reason] of ['version', 'keyed store', 'condition'].entries()) {
      if (reason === 'condition' && !log.canSpan) continue;
      const streamId = `order-${index}`;
      const condition = reason === 'condition' && {
        condition: { query: [{ tags: [streamId] }], after: await log.engine.heads() },
      };
      const keyed = reason === 'keyed store' && { keyedWrites: [{ key: streamId, value: '1', expectedRevision: 0 }] };
      const batch = () =>
        oneStream(streamId, log.make.many(1, { tags: [streamId] }), {
          ...(reason === 'version' && { expectedVersion: 0 }),
          ...keyed,
          ...condition,
        });
      const [first, second] = [batch(), batch()];
      await afterFirst(log, [() => log.engine.append(first), () => log.engine.append(second)]);
      equal(
        await log.versionOf(streamId),
        1,
        `The version of a stream after a refusal for the ${reason} and a sudden end`,
      );
    }
  }),

  'what a read, a head, a wake or the keyed store shows is durable': whenDurable(async (log) => {
    const looks: Readonly<Record<string, (streamId: string) => Promise<unknown>>> = {
      'a read of the stream': (streamId) => untilThere(log, async () => (await log.stream(streamId))[0]),
      'a read of the log': (streamId) =>
        untilThere(log, async () => (await log.wholeLogBy({ streamId, includeReserved: false }))[0]),
      'the version of the stream': (streamId) =>
        untilThere(log, async () => (await log.versionOf(streamId)) || undefined),
      'the keyed store': (streamId) => untilThere(log, () => log.engine.keyedGet(streamId)),
      'a scan of the keyed store': (streamId) =>
        untilThere(log, async () => (await log.engine.keyedScan({ prefix: streamId, limit: 1 }))[0]),
      'the list of streams': (streamId) =>
        untilThere(
          log,
          async () => (await log.engine.listStreams({ prefix: streamId, includeReserved: false, limit: 1 }))[0],
        ),
    };
    for (const [index, [by, look]] of Object.entries(looks).entries()) {
      const streamId = `order-${index}`;
      const batch = oneStream(streamId, log.make.many(2), { keyedWrites: [{ key: streamId, value: '1' }] });
      await afterFirst(log, [() => log.engine.append(batch), () => look(streamId)]);
      equal(
        [await log.versionOf(streamId), (await log.engine.keyedGet(streamId))?.value],
        [2, '1'],
        `Version and entry after ${by} showed them and the end came at once`,
      );
    }
  }),

  'an append is written after its predecessor, or not at all, whenever the end comes': whenDurable(async (log) => {
    for (let round = 0; round < 5; round += 1) {
      const streamId = `order-${round}`;
      let before: string | undefined;
      const appends = Array.from({ length: 10 }, (_, index) => {
        const events = log.make.many(1);
        const batch = oneStream(streamId, events, {
          expectedVersion: index,
          ...(before !== undefined && { predecessorId: before }),
        });
        before = events[0]?.id;
        return () => log.engine.append(batch);
      });
      await afterFirst(log, appends);
      const events = await log.stream(streamId);
      equal(
        events.map(({ version }) => version),
        events.map((_, index) => index + 1),
        'The versions after a sudden end',
      );
      holds(events.length > 0, 'Nothing is left of a chain of which an append was answered.');
    }
  }),

  'a log that is not durable begins empty each time, under an id of its own': async (log) => {
    await log.append('order-1', log.make.many(3));
    const other = await openLogUnderTest(log.fixture);
    try {
      equal((await other.wholeLog()).length, 0, 'The number of events of another new log');
      equal(await other.engine.keyedScan({ prefix: '', limit: 10 }), [], 'The entries of another new log');
      holds(
        other.engine.identity.logId !== log.engine.identity.logId,
        `Two new logs have the id ${log.engine.identity.logId}.`,
      );
    } finally {
      await other.dispose();
    }
  },
});

/** A test of durable logs. Of a log that is not durable it is asserted that it does not claim to be, and cannot be reopened. */
function whenDurable(run: (log: LogUnderTest) => Promise<void>): (log: LogUnderTest) => Promise<void> {
  return async (log) => {
    if (log.isDurable) return await run(log);
    equal(
      [log.engine.capabilities.durability, log.ways.reopen],
      ['none', false],
      'The durability declared, and whether the fixture reopens the log',
    );
  };
}

async function fill(log: LogUnderTest): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await log.append('order-1', log.make.many(1, { tags: ['a'], dataText: '{"amount":1.10,"name":"é🙂"}' }));
    await log.append('order-2', log.make.many(1));
    await log.append('or\u0001der-é', log.make.many(2));
    await log.clock.pass(1001);
  }
  await log.append('order-1', log.make.many(3));
  await log.set('order-1', { truncateBefore: 3, custom: { a: 1.5 } });
  await log.remove('order-1', 3);
  await log.set('order-2', { tombstone: true });
  await log.engine.keyedWrite([
    { key: 'a', value: '1' },
    { key: 'b', value: 'é\u0000' },
  ]);
  await log.engine.keyedWrite([{ key: 'a', value: null }]);
}

/** Begins everything, and lets the end come in the very turn in which the first of it is answered. */
async function afterFirst(log: LogUnderTest, begin: readonly (() => Promise<unknown>)[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      log.reopenAfterLoss().then(resolve, reject);
    };
    const started = begin.map((each) => each());
    for (const [index, each] of started.entries())
      each.then(end, (reason: unknown) => {
        const error = reason instanceof Error ? reason : new Error(String(reason));
        if (index === 0 && !isOver) reject(error);
      });
  });
}

/** Looks again and again, a turn of the event loop apart, until something is there. */
async function untilThere<Found>(log: LogUnderTest, look: () => Promise<Found | undefined>): Promise<Found> {
  const end = Date.now() + log.patienceMs;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return fail(`Nothing of an append was to be seen within ${log.patienceMs} ms.`);
}
