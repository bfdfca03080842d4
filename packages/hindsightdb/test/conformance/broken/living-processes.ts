/**
 * Engines that wake, close, abort or copy wrongly.
 */

import { pause, showing } from '../altered-engine.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

/** Engines with faults in waking, closing, aborting and copying. */
export const lifeBroken: readonly BrokenEngine[] = [
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
