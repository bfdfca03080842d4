/**
 * Engines that wake, close, abort, copy, survive or share wrongly.
 */

import { HindsightError } from '../../../src/core/errors.ts';
import type { AppendAnswer, Engine } from '../../../src/engine/contract.ts';
import { pause, showing } from '../altered-engine.ts';
import { durableModelFixture } from '../durable-model.ts';
import { broken, brokenByFixture, type BrokenEngine } from './broken-engine.ts';

export const livingBroken: readonly BrokenEngine[] = [
  brokenByFixture(
    'answers a duplicate before its first answer is durable',
    {
      failing: ['the answer to a repetition comes only when what it repeats is durable'],
      because: /after a repetition by key was answered and the end came at once: got 0/,
    },
    durableModelFixture('duplicate'),
  ),
  brokenByFixture(
    'answers a conflict before what it rests on is durable',
    {
      failing: ['a refusal comes only when the events that it rests on are durable'],
      because: /after a refusal for the version and a sudden end/,
    },
    durableModelFixture('conflict'),
  ),
  brokenByFixture(
    'acknowledges before the sync',
    {
      failing: [
        'what was answered is there after a sudden end, and nothing is there in part',
        'an append is written after its predecessor, or not at all, whenever the end comes',
      ],
      because: /was acknowledged and is not there/,
    },
    durableModelFixture('acknowledgement'),
  ),
  brokenByFixture(
    'shows events before they are durable',
    {
      failing: ['what a read, a head, a wake or the keyed store shows is durable'],
      because: /showed them and the end came at once/,
    },
    durableModelFixture('read'),
  ),
  brokenByFixture(
    'shows entries of the keyed store before they are durable',
    {
      failing: ['what a read, a head, a wake or the keyed store shows is durable'],
      because: /showed them and the end came at once/,
    },
    durableModelFixture('keyed read'),
  ),
  broken(
    'forgets its keys when it is opened again',
    { failing: ['keys and repetitions are recognised when the log is opened again'], because: /repetition/ },
    (engine, { memory }) => {
      const opening = Number(memory.get('openings') ?? 0) + 1;
      memory.set('openings', opening);
      return {
        append: (batch, options) =>
          engine.append(
            batch.key ? { ...batch, key: { ...batch.key, key: `${opening} ${batch.key.key}` } } : batch,
            options,
          ),
        answerOf: (key) => engine.answerOf(`${opening} ${key}`),
      };
    },
    durableModelFixture(),
  ),
  broken(
    'begins again with revisions when it is opened again',
    {
      failing: ['a log that is opened again goes on behind its end: versions, positions, times and revisions'],
      because: /different revisions/,
    },
    (engine, { memory }) => {
      let first = Number.NaN;
      memory.set('openings', Number(memory.get('openings') ?? 0) + 1);
      return {
        keyedGet: async (key) => {
          const entry = await engine.keyedGet(key);
          if (entry === undefined) return entry;
          if (Number.isNaN(first)) first = entry.revision - 1;
          return { ...entry, revision: entry.revision - first };
        },
      };
    },
    durableModelFixture(),
  ),
  broken(
    'has another identity each time it is opened',
    { failing: ['everything is as it was when the log was closed'], because: /Log id, partitions and lineage/ },
    (engine, { memory }) => {
      memory.set('openings', Number(memory.get('openings') ?? 0) + 1);
      return { identity: { ...engine.identity, logId: `log-${String(memory.get('openings'))}` } };
    },
    durableModelFixture(),
  ),
  broken(
    'judges versions by what its own handle has seen',
    {
      failing: [
        'of appends by several handles at once under the same check exactly one is written',
        'versions, tombstones and keyed entries are judged by what any handle wrote',
      ],
      because: /expect version|another handle has passed/,
    },
    (engine) => {
      const versions = new Map<string, number>();
      return {
        append: async (batch, options) => {
          const [write] = batch.streams;
          if (write === undefined || typeof write.expectedVersion !== 'number')
            return await engine.append(batch, options);
          if ((versions.get(write.streamId) ?? 0) !== write.expectedVersion) return await engine.append(batch, options);
          versions.set(write.streamId, write.expectedVersion + write.events.length);
          return await engine.append(
            { ...batch, streams: [{ ...write, expectedVersion: 'any' }, ...batch.streams.slice(1)] },
            options,
          );
        },
      };
    },
    durableModelFixture(),
  ),
  broken(
    'does not wake followers for other handles',
    { failing: ['a follower is woken for what another handle writes'], because: /append 1 of another handle/ },
    (engine) => {
      const listeners = new Set<() => void>();
      return {
        append: async (batch, options) => {
          const answer = await engine.append(batch, options);
          for (const listener of listeners) listener();
          return answer;
        },
        wake: (listener) => {
          const own = (): void => listener();
          listeners.add(own);
          return () => listeners.delete(own);
        },
      };
    },
    durableModelFixture(),
  ),
  broken(
    'closes the log for every handle',
    { failing: ['closing one handle leaves the others as they are'], because: /was closed|CLOSED/ },
    (engine, { memory }) => ({
      append: async (batch, options) => {
        if (memory.get('closed') === true) throw new HindsightError('CLOSED', 'The store was closed.');
        return await engine.append(batch, options);
      },
      close: async () => {
        memory.set('closed', true);
        await engine.close();
      },
    }),
    durableModelFixture(),
  ),
  broken(
    'wakes a listener once and never again',
    {
      failing: [
        'a listener is called for every append that comes after a quiet time',
        'no wake is lost between a read and the wait that follows it',
      ],
      because: /after append 1/,
    },
    (engine) => ({
      wake: (listener) => {
        let isDone = false;
        return engine.wake(() => {
          if (!isDone) listener();
          isDone = true;
        });
      },
    }),
  ),
  broken(
    'wakes before the events can be seen, and not after',
    {
      failing: [
        'after a listener was called, a read shows the events that it was called for',
        'no wake is lost between a read and the wait that follows it',
      ],
      because: /A read that begins when the listener is called/,
    },
    (engine) => {
      const listeners = new Set<() => void>();
      return {
        append: async (batch, options) => {
          for (const listener of listeners) listener();
          await pause();
          return await engine.append(batch, options);
        },
        wake: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
    },
  ),
  broken(
    'loses wakes that come while another is being delivered',
    { failing: ['no wake is lost between a read and the wait that follows it'], because: /by a waiting follower/ },
    (engine) => ({
      wake: (listener) => {
        let isDelivering = false;
        let count = 0;
        return engine.wake(() => {
          if (isDelivering) return;
          count += 1;
          isDelivering = true;
          setTimeout(() => (isDelivering = false), count % 4 === 3 ? 4 : 0);
          listener();
        });
      },
    }),
  ),
  broken(
    'wakes listeners that were ended',
    {
      failing: ['an ended listener is not called again, and ending it twice does no harm'],
      because: /How often the ended listener/,
    },
    (engine) => ({
      wake: (listener) => {
        engine.wake(listener);
        return () => undefined;
      },
    }),
  ),
  broken(
    'does not wake followers when it is closed',
    {
      failing: ['a follower that waits is woken when the log is closed, so that it can end'],
      because: /The call of the listener/,
    },
    (engine) => {
      let isClosed = false;
      return {
        wake: (listener) => engine.wake(() => (isClosed ? undefined : listener())),
        close: async () => {
          isClosed = true;
          await engine.close();
        },
      };
    },
  ),
  broken(
    'drops accepted appends when it is closed',
    { failing: ['closing finishes the appends that were accepted'], because: /closed|CLOSED/ },
    (engine) => ({
      append: async (batch, options) => {
        await pause();
        return await engine.append(batch, options);
      },
    }),
    durableModelFixture(),
  ),
  broken(
    'answers on when it is closed',
    { failing: ['every operation on a closed log is refused with CLOSED'], because: /must be refused with CLOSED/ },
    () => ({ close: async () => undefined }),
  ),
  broken(
    'fails when it is closed twice',
    { failing: ['closing twice, also at once, does no harm'], because: /twice/ },
    (engine) => {
      let isClosed = false;
      return {
        close: async () => {
          if (isClosed) throw new Error('It was closed twice.');
          isClosed = true;
          await engine.close();
        },
      };
    },
  ),
  broken(
    'writes appends that were aborted before',
    {
      failing: ['an append whose signal was aborted before is refused with the reason and not written'],
      because: /that was aborted before was answered/,
    },
    (engine) => ({ append: (batch) => engine.append(batch) }),
  ),
  broken(
    'refuses aborted appends and writes them nevertheless',
    {
      failing: ['an append that is aborted on its way is either written and answered, or refused and not written'],
      because: /answered as written/,
    },
    (engine) => ({
      append: async (batch, options) => {
        options?.signal?.throwIfAborted();
        const answer = await engine.append(batch);
        await pause();
        options?.signal?.throwIfAborted();
        return answer;
      },
    }),
  ),
  broken(
    'refuses aborted appends with an error of its own',
    {
      failing: ['an append whose signal was aborted before is refused with the reason and not written'],
      because: /not with the reason/,
    },
    (engine) => ({
      append: async (batch, options) => {
        if (options?.signal?.aborted === true) throw new Error('Aborted.');
        return await engine.append(batch, options);
      },
    }),
  ),
  broken(
    'gives copied events the present time',
    {
      failing: [
        'copied events keep ids, records, times, streams, versions and order',
        'copied times that lie ahead of the clock are not passed by later appends',
      ],
      because: /recordedAt/,
    },
    (engine, { now }) => ({
      appendRecorded: (events, keyedWrites) =>
        engine.appendRecorded(
          events.map((event) => ({ ...event, recordedAt: now() })),
          keyedWrites,
        ),
    }),
  ),
  broken(
    'copies into a log that has events',
    { failing: ['nothing can be copied into a log that has events'], because: /must be refused/ },
    () => ({ beginCopy: async () => undefined }),
  ),
  broken(
    'takes appends during a copy',
    { failing: ['ordinary appends are refused during a copy, and taken after it'], because: /must be refused/ },
    (engine) => ({
      append: async (batch, options) => {
        await engine.endCopy();
        return await engine.append(batch, options);
      },
    }),
  ),
  broken(
    'forgets the settings of what is copied',
    {
      failing: [
        'settings that were copied are in force',
        'a copy that is read from one log and written to another gives the same log',
      ],
      because: /versions that the truncated stream shows/,
    },
    (engine) => ({
      appendRecorded: (events, keyedWrites) =>
        engine.appendRecorded(
          events.map((event) => (event.type === '$settingsChanged' ? { ...event, type: '$copied' } : event)),
          keyedWrites,
        ),
    }),
  ),
  broken(
    'forgets the tags of what is copied',
    {
      failing: ['copied events are found by type, tags and category, and judged by conditions'],
      because: /What filtered reads show/,
    },
    (engine) => ({
      appendRecorded: (events, keyedWrites) =>
        engine.appendRecorded(
          events.map((event) => ({ ...event, tags: [] })),
          keyedWrites,
        ),
    }),
  ),
  broken(
    'makes new ids for what is copied',
    { failing: ['copied events keep ids, records, times, streams, versions and order'], because: /record/ },
    (engine) =>
      showing(engine, (event) =>
        event.recordedAt < 1_600_000_000_000_000
          ? { ...event, record: event.record.replace('"id":"', '"id":"new-') }
          : event,
      ),
  ),
];

/** An engine that does nothing: every answer is the emptiest that its type allows. */
export function idleEngine(engine: Engine): Partial<Engine> {
  const nothing = async (): Promise<void> => undefined;
  return {
    append: async (): Promise<AppendAnswer> => ({
      kind: 'appended',
      written: { recordedAt: 0, streams: [], partitions: [] },
    }),
    answerOf: async () => undefined,
    readStream: async () => ({ events: [], version: 0, nextVersion: undefined }),
    readLog: async ({ from }) => ({ events: [], scannedTo: from, scannedEventId: undefined, isEnd: true }),
    heads: async () => Array.from({ length: engine.identity.partitionCount }, () => 0),
    eventAt: async () => undefined,
    positionAtTime: async () => 0,
    streamInfo: async (streamId) => ({
      streamId,
      version: 0,
      settings: undefined,
      settingsVersion: 0,
      lastEventId: undefined,
    }),
    listStreams: async () => [],
    keyedGet: async () => undefined,
    keyedScan: async () => [],
    keyedWrite: async () => [],
    wake: () => () => undefined,
    beginCopy: nothing,
    appendRecorded: nothing,
    endCopy: nothing,
    statistics: async () => ({}),
    close: nothing,
  };
}
