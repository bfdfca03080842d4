/**
 * Engines that recognise repetitions by their ids wrongly.
 */

import type { AppendBatch } from '../../../src/engine/contract.ts';
import { pause } from '../altered-engine.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

const withoutKey = ({ streams, condition, keyedWrites }: AppendBatch): AppendBatch => ({
  streams,
  ...(condition && { condition }),
  ...(keyedWrites && { keyedWrites }),
});

/** Engines with faults in repetitions without a key. */
export const repetitionsBroken: readonly BrokenEngine[] = [
  broken(
    'answers a repetition by what is true now',
    {
      failing: [
        'what was first answered is the answer for good, whatever has happened since',
        'a key goes on standing for its answer after a refusal, of the same append or of another',
      ],
      because: /The answer to a repetition/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'duplicate') return answer;
        const streams = await Promise.all(
          answer.written.streams.map(async (each) => ({
            ...each,
            lastVersion: (await engine.streamInfo(each.streamId)).version,
          })),
        );
        return { ...answer, written: { ...answer.written, streams } };
      },
    }),
  ),
  broken(
    'does not recognise a repetition by its ids',
    {
      failing: [
        'an append with an exact version, sent again, gets its first answer and is not written again',
        'an append to several streams is recognised when all of its events are there',
      ],
      because: /The answer to a repetition/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        const [write] = batch.streams;
        if (answer.kind !== 'duplicate' || batch.key !== undefined || write === undefined) return answer;
        return {
          kind: 'conflict',
          conflicts: [
            {
              kind: 'version',
              streamId: write.streamId,
              expected: write.expectedVersion,
              actual: (await engine.streamInfo(write.streamId)).version,
            },
          ],
        };
      },
    }),
  ),
  broken(
    'recognises a repetition by the versions alone',
    {
      failing: [
        'events with other ids, or with the same ids at other versions, are a conflict and no repetition',
        'a write to a stream with three events is taken exactly when the expected version holds',
      ],
      because: /must be refused|The answer/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        const [write] = batch.streams;
        if (
          answer.kind !== 'conflict' ||
          batch.key !== undefined ||
          typeof write?.expectedVersion !== 'number' ||
          write.events.length === 0
        )
          return answer;
        const info = await engine.streamInfo(write.streamId);
        if (info.version < write.expectedVersion + write.events.length) return answer;
        const firstVersion = write.expectedVersion + 1;
        return {
          kind: 'duplicate',
          written: {
            recordedAt: 1,
            partitions: [],
            streams: [
              {
                streamId: write.streamId,
                partition: 0,
                firstVersion,
                lastVersion: firstVersion + write.events.length - 1,
              },
            ],
          },
        };
      },
    }),
  ),
  broken(
    'recognises a repetition by its first id alone',
    { failing: ['an append that repeats a part of what was written is refused as a mixture'], because: /mixture/ },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'repetitionMismatch') return answer;
        return await engine.append(
          { ...batch, streams: batch.streams.map((write) => ({ ...write, events: write.events.slice(0, 1) })) },
          options,
        );
      },
    }),
  ),
  broken(
    'answers a mixture with a conflict',
    {
      failing: [
        'an append that repeats a part of what was written is refused as a mixture',
        'metadata and the order of tags do not make another append, but data does, to the byte',
      ],
      because: /repetitionMismatch|mixture/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        const [write] = batch.streams;
        return answer.kind === 'repetitionMismatch' && write
          ? {
              kind: 'conflict',
              conflicts: [{ kind: 'version', streamId: write.streamId, expected: write.expectedVersion, actual: 1 }],
            }
          : answer;
      },
    }),
  ),
  broken(
    'wants streams that were only checked to stand where they stood',
    { failing: ['a stream that was only checked may have moved on'], because: /The answer to a repetition/ },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        const checked = batch.streams.find(({ events }) => events.length === 0);
        if (answer.kind !== 'duplicate' || batch.key !== undefined || checked === undefined) return answer;
        const judged = await engine.append({ streams: [checked] }, options);
        return judged.kind === 'conflict' ? judged : answer;
      },
    }),
  ),
  broken(
    'takes metadata for content',
    {
      failing: ['metadata and the order of tags do not make another append, but data does, to the byte'],
      because: /repetition/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        const [write] = batch.streams;
        const [event] = write?.events ?? [];
        if (answer.kind !== 'duplicate' || write === undefined || event === undefined || batch.key) return answer;
        const page = await engine.readStream({
          streamId: write.streamId,
          direction: 'forward',
          fromVersion: 1,
          limit: 1000,
          bytesMax: 1_000_000,
        });
        return page.events.some(({ record }) => record === event.record)
          ? answer
          : { kind: 'repetitionMismatch', streamId: write.streamId };
      },
    }),
  ),
  broken(
    'writes again what is sent twice at once',
    {
      failing: [
        'of many identical appends at once exactly one is written, and all get its answer',
        'of many appends at once under one key exactly one is written, and all get its answer',
      ],
      because: /kinds of answers/,
    },
    (engine) => {
      let inFlight = 0;
      return {
        append: async (batch, options) => {
          inFlight += 1;
          try {
            const isCrowded = inFlight > 1;
            await pause();
            return await engine.append(
              isCrowded
                ? {
                    ...withoutKey(batch),
                    streams: batch.streams.map((write) => ({ ...write, expectedVersion: 'any' })),
                  }
                : batch,
              options,
            );
          } finally {
            inFlight -= 1;
          }
        },
      };
    },
  ),
];
