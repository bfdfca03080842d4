/**
 * Engines that are not durable, or whose handles do not act as one.
 */

import { HindsightError } from '../../../src/core/errors.ts';
import { pause } from '../altered-engine.ts';
import { durableModelFixture } from '../durable-model.ts';
import { broken, brokenByFixture, type BrokenEngine } from './broken-engine.ts';

/** Engines with faults in durability and sharing. */
export const handlesBroken: readonly BrokenEngine[] = [
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
];
