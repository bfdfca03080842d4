/**
 * Engines that look up places in the log wrongly.
 */

import type { Engine, LogReadRequest } from '../../../src/engine/contract.ts';
import { pause, showing } from '../altered-engine.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

const asking =
  (change: (request: LogReadRequest) => LogReadRequest) =>
  (engine: Engine): Partial<Engine> => ({
    readLog: (request) => engine.readLog(change(request)),
  });

/** Engines with faults in positions, times and heads. */
export const placesBroken: readonly BrokenEngine[] = [
  broken(
    'begins backward pages with the event that ended the one before',
    {
      failing: [
        'pages of any size join to the whole partition',
        'a forward read begins after a position, a backward one before it',
      ],
      because: /against its direction/,
    },
    asking((request) =>
      request.direction === 'backward' && request.from < 1_000_000 ? { ...request, from: request.from + 1 } : request,
    ),
  ),
  broken(
    'reads everything backward as it does forward',
    {
      failing: [
        'the log is read forward in the order of positions, and backward in the reverse',
        'a stream is read forward from its first event and backward from its last',
      ],
      because: /against its direction|or later is due/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        return request.direction === 'backward' ? { ...page, events: page.events.toReversed() } : page;
      },
      readStream: async (request) => {
        const page = await engine.readStream(request);
        return request.direction === 'backward' ? { ...page, events: page.events.toReversed() } : page;
      },
    }),
  ),
  broken(
    'gives the last position at or before a time only where the time is met exactly',
    {
      failing: [
        'the position at a time is that of the last event recorded at or before it, also where several share a time',
      ],
      because: /The position at/,
    },
    (engine) => ({
      positionAtTime: async (partition, time) => {
        const position = await engine.positionAtTime(partition, time);
        const event = await engine.eventAt(partition, position);
        return event?.recordedAt === time || time > 2_000_000_000_000_000 ? position : 0;
      },
    }),
  ),
  broken(
    'gives the first of several positions that share a time',
    {
      failing: [
        'the position at a time is that of the last event recorded at or before it, also where several share a time',
      ],
      because: /The position at/,
    },
    (engine) => ({
      positionAtTime: async (partition, time) => {
        let position = await engine.positionAtTime(partition, time);
        const shared = (await engine.eventAt(partition, position))?.recordedAt;
        while (position > 1 && (await engine.eventAt(partition, position - 1))?.recordedAt === shared) position -= 1;
        return position;
      },
    }),
  ),
  broken(
    'gives the position before a time, not at it',
    {
      failing: [
        'the position at a time is that of the last event recorded at or before it, also where several share a time',
      ],
      because: /The position at/,
    },
    (engine) => ({ positionAtTime: (partition, time) => engine.positionAtTime(partition, time - 1) }),
  ),
  broken(
    'looks a position up one place too late',
    {
      failing: ['the event at a position is the one that a read shows there, and where there is none, there is none'],
      because: /The event at position|must name the event/,
    },
    (engine) => ({ eventAt: (partition, position) => engine.eventAt(partition, position + 1) }),
  ),
  broken(
    'names heads that no read can see',
    {
      failing: [
        'the heads are the positions of the newest events, 0 where there is none',
        'what a read has shown, every later read shows again, with more behind it',
      ],
      because: /The heads/,
    },
    (engine) => ({ heads: async () => (await engine.heads()).map((head) => head + 1) }),
  ),
  broken(
    'remembers heads for a while',
    {
      failing: [
        'after an append is answered, every kind of read shows it',
        'the heads are the positions of the newest events, 0 where there is none',
      ],
      because: /Event, version, last id, head/,
    },
    (engine, { memory }) => ({
      heads: async () => {
        const kept = memory.get('heads');
        if (Array.isArray(kept)) return kept.map(Number);
        const heads = await engine.heads();
        memory.set('heads', heads);
        setTimeout(() => memory.delete('heads'), 5);
        return heads;
      },
    }),
  ),
  broken(
    'shows events out of order of their positions while two writers commit',
    {
      failing: [
        'followers that start anywhere see exactly the log while many write',
        'what a read has shown, every later read shows again, with more behind it',
      ],
      because: /did not happen|What a follower|earlier read/,
    },
    (engine) => {
      const hidden = new Set<number>();
      let count = 0;
      return {
        append: async (batch, options) => {
          const answer = await engine.append(batch, options);
          if (answer.kind !== 'appended' || (count += 1) % 3 !== 0) return answer;
          const own = answer.written.partitions.flatMap(({ firstPosition, lastPosition }) =>
            Array.from({ length: lastPosition - firstPosition + 1 }, (_, index) => firstPosition + index),
          );
          for (const position of own) hidden.add(position);
          await new Promise((resolve) => setTimeout(resolve, 3));
          for (const position of own) hidden.delete(position);
          return answer;
        },
        readLog: async (request) => {
          const page = await engine.readLog(request);
          return { ...page, events: page.events.filter(({ position }) => !hidden.has(position)) };
        },
      };
    },
  ),
  broken(
    'shows events of an earlier moment for a turn after an append',
    { failing: ['after an append is answered, every kind of read shows it'], because: /Event, version|newest event/ },
    (engine) => {
      let stale: Promise<unknown> | undefined;
      let hiddenFrom = Number.MAX_SAFE_INTEGER;
      return {
        append: async (batch, options) => {
          const before = (await engine.heads())[0] ?? 0;
          const answer = await engine.append(batch, options);
          hiddenFrom = before + 1;
          stale = pause().then(() => (hiddenFrom = Number.MAX_SAFE_INTEGER));
          void stale;
          return answer;
        },
        readStream: async (request) => {
          const page = await engine.readStream(request);
          return { ...page, events: page.events.filter(({ position }) => position < hiddenFrom) };
        },
      };
    },
  ),
  broken(
    'gives events another partition than they have',
    {
      failing: ['the log is read forward in the order of positions, and backward in the reverse'],
      because: /another partition/,
    },
    (engine) => showing(engine, (event) => ({ ...event, partition: event.partition + 1 })),
  ),
];
