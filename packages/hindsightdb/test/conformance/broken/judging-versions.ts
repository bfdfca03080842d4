/**
 * Engines that judge versions, predecessors and tombstones wrongly.
 */

import type { AppendBatch, Engine } from '../../../src/engine/contract.ts';
import { inTurn, pause } from '../altered-engine.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

const withoutPredecessors = (batch: AppendBatch): AppendBatch => ({
  ...batch,
  streams: batch.streams.map(({ streamId, expectedVersion, events, effect }) => ({
    streamId,
    expectedVersion,
    events,
    ...(effect && { effect }),
  })),
});

/** Engines with faults in versions and predecessors. */
export const versionsBroken: readonly BrokenEngine[] = [
  broken(
    'judges an append by one before it that it has not yet judged',
    {
      failing: ['an append is not judged by one before it that is refused, though that one is not yet answered'],
      because: /those behind it: at \[1\]: got "conflict"/,
    },
    (engine) => {
      const expected = new Map<string, number>();
      return {
        append: async (batch, options) => {
          for (const { streamId, expectedVersion, events } of batch.streams) {
            if (typeof expectedVersion !== 'number') continue;
            const assumed = expected.get(streamId) ?? expectedVersion;
            expected.set(streamId, expectedVersion + events.length);
            if (assumed !== expectedVersion)
              return {
                kind: 'conflict',
                conflicts: [{ kind: 'version', streamId, expected: expectedVersion, actual: assumed }],
              };
          }
          return await engine.append(batch, options);
        },
      };
    },
  ),
  broken(
    'checks versions before an await and writes after it',
    {
      failing: [
        'the second of two appends that expect the same version is refused, also when neither is awaited',
        'many writers that decide on what they read, and try again when refused, lose no decision',
      ],
      because: /The answers to three appends/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const [write] = batch.streams;
        if (batch.streams.length > 1 || typeof write?.expectedVersion !== 'number')
          return await engine.append(batch, options);
        if ((await engine.streamInfo(write.streamId)).version !== write.expectedVersion)
          return await engine.append(batch, options);
        await pause();
        return await engine.append({ ...batch, streams: [{ ...write, expectedVersion: 'any' }] }, options);
      },
    }),
  ),
  broken(
    'commits a decision whose predecessor failed, by judging it by the version alone',
    {
      failing: [
        'an append whose predecessor was refused is refused, though a foreign append of equal length was written in its place',
        'a predecessor must be the last event of the stream, not an earlier one',
      ],
      because: /foreign one and the follower/,
    },
    (engine) => receiving(engine, withoutPredecessors),
  ),
  broken(
    'follows a predecessor that is anywhere in the stream',
    { failing: ['a predecessor must be the last event of the stream, not an earlier one'], because: /appended/ },
    (engine) => ({
      append: async (batch, options) => {
        const [write] = batch.streams;
        if (write?.predecessorId === undefined) return await engine.append(batch, options);
        const page = await engine.readStream({
          streamId: write.streamId,
          direction: 'forward',
          fromVersion: 1,
          limit: 1000,
          bytesMax: 1_000_000,
        });
        const isThere = page.events.some(({ record }) => record.includes(`"id":"${write.predecessorId}"`));
        return await engine.append(isThere ? withoutPredecessors(batch) : batch, options);
      },
    }),
  ),
  broken(
    'takes an append for a predecessor as soon as it was sent',
    {
      failing: [
        'when an append in a chain is refused, every later one is refused, and nothing of them is written',
        'an append whose predecessor was refused is refused, though a foreign append of equal length was written in its place',
      ],
      because: /The answers/,
    },
    (engine) => {
      const sent = new Set<string>();
      return {
        append: (batch, options) => {
          for (const { events } of batch.streams) for (const { id } of events) sent.add(id);
          const isSent = batch.streams.every(
            ({ predecessorId }) => predecessorId === undefined || sent.has(predecessorId),
          );
          return engine.append(isSent ? withoutPredecessors(batch) : batch, options);
        },
      };
    },
  ),
  broken(
    'does not check the predecessors of streams that are only checked',
    { failing: ['the predecessor of a stream that is only checked is checked as well'], because: /must be refused/ },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) =>
          write.events.length === 0 ? (withoutPredecessors({ streams: [write] }).streams[0] ?? write) : write,
        ),
      })),
  ),
  broken(
    'names the expected version as the actual one',
    {
      failing: [
        'the version that a refusal names lets the next append succeed',
        'a write to a stream with three events is taken exactly when the expected version holds',
      ],
      because: /The conflict/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'conflict') return answer;
        return {
          kind: 'conflict',
          conflicts: answer.conflicts.map((each) =>
            each.kind === 'version' && typeof each.expected === 'number' ? { ...each, actual: each.expected } : each,
          ),
        };
      },
    }),
  ),
  broken(
    'does not judge streams that are only checked',
    {
      failing: [
        'a stream that is only checked refuses the writes to the others',
        'a check of a stream with one event passes exactly when the expected version holds',
      ],
      because: /must be refused/,
    },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) =>
          write.events.length === 0 ? { ...write, expectedVersion: 'any' } : write,
        ),
      })),
  ),
  broken(
    'takes any expected version on a stream that does not exist',
    {
      failing: ['a write to a stream that does not exist is taken exactly when the expected version holds'],
      because: /must be refused/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const streams = await Promise.all(
          batch.streams.map(async (write) =>
            (await engine.streamInfo(write.streamId)).version === 0 && typeof write.expectedVersion === 'number'
              ? { ...write, expectedVersion: 'any' as const }
              : write,
          ),
        );
        return await engine.append({ ...batch, streams }, options);
      },
    }),
  ),
  broken(
    'takes a greater expected version than there is',
    {
      failing: [
        'a write to a stream with one event is taken exactly when the expected version holds',
        'a write to a stream that does not exist is taken exactly when the expected version holds',
      ],
      because: /must be refused/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const streams = await Promise.all(
          batch.streams.map(async (write) =>
            typeof write.expectedVersion === 'number' &&
            write.expectedVersion > (await engine.streamInfo(write.streamId)).version
              ? { ...write, expectedVersion: 'any' as const }
              : write,
          ),
        );
        return await engine.append({ ...batch, streams }, options);
      },
    }),
  ),
  broken(
    'refuses a whole group when one append in it is refused',
    { failing: ['a refused append does not stand in the way of the ones that wait behind it'], because: /The answers/ },
    (engine) => {
      const turn = inTurn();
      let isBroken = false;
      let waiting = 0;
      return {
        append: (batch, options) => {
          waiting += 1;
          return turn(async () => {
            const streamId = batch.streams[0]?.streamId ?? '';
            const refusal = {
              kind: 'conflict',
              conflicts: [{ kind: 'version', streamId, expected: 0, actual: 1 }],
            } as const;
            const answer = isBroken ? refusal : await engine.append(batch, options);
            isBroken ||= answer.kind === 'conflict';
            waiting -= 1;
            // The group ends when nobody waits any more.
            if (waiting === 0) isBroken = false;
            return answer;
          });
        },
      };
    },
  ),
  broken(
    'takes events for a stream that was tombstoned, when any version will do',
    {
      failing: [
        'a tombstone hides everything and takes no more events, for good',
        'a write to a stream that was tombstoned is taken exactly when the expected version holds',
      ],
      because: /must be refused/,
    },
    (engine) => resurrecting(engine),
  ),
];

function resurrecting(engine: Engine): Partial<Engine> {
  return {
    append: async (batch, options) => {
      const [write] = batch.streams;
      const answer = await engine.append(batch, options);
      const isEnded = answer.kind === 'conflict' && answer.conflicts[0]?.kind === 'tombstone';
      if (!isEnded || write?.expectedVersion !== 'any') return answer;
      const effect = { kind: 'settings', streamId: write.streamId, settings: {} } as const;
      await engine.append({
        streams: [{ streamId: `$settings-${write.streamId}`, expectedVersion: 'any', events: [], effect }],
      });
      return await engine.append(batch, options);
    },
  };
}
