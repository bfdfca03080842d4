/**
 * Engines that judge appends wrongly: versions, predecessors, conditions.
 */

import type { QueryItem } from '../../../src/core/query.ts';
import { matchesQuery } from '../../../src/core/query.ts';
import type { AppendBatch } from '../../../src/engine/contract.ts';
import { inTurn, pause } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';
import { broken, judgingConditions, receiving, type BrokenEngine } from './broken-engine.ts';

const withoutPredecessors = (batch: AppendBatch): AppendBatch => ({
  ...batch,
  streams: batch.streams.map(({ predecessorId: _, ...write }) => write),
});

/** An engine that matches items of conditions by a rule of its own. */
const matchingItems =
  (isMatch: (item: Required<QueryItem>, type: string, tags: readonly string[]) => boolean) =>
  (engine: Parameters<typeof judgingConditions>[0]) =>
    judgingConditions(
      engine,
      ({ query, after }, { type, tags, position, partition }) =>
        position > (after[partition] ?? 0) &&
        query.some(({ types = [], tags: wanted = [] }) => isMatch({ types, tags: wanted }, type, tags)),
    );

const typeFits = ({ types }: Required<QueryItem>, type: string): boolean => types.length === 0 || types.includes(type);

export const judgingBroken: readonly BrokenEngine[] = [
  broken(
    'lets two conditions through at once, by checking before an await and writing after it',
    {
      failing: [
        'of many appends at once under the same condition exactly one is written',
        'bookings of seats under conditions, by many at once, never book a seat twice',
      ],
      because: /How many of 40 appends/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const { condition, ...rest } = batch;
        if (condition === undefined || batch.key !== undefined) return await engine.append(batch, options);
        const answer = await engine.append({
          streams: [{ streamId: 'never-written', expectedVersion: 'any', events: [] }],
          condition,
        });
        if (answer.kind === 'conflict') return await engine.append(batch, options);
        await pause();
        return await engine.append(rest, options);
      },
    }),
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
    'counts the event at the place of a condition as after it',
    {
      failing: ['events at or before the place do not count, and the one right after it does'],
      because: /is named at 1, not after/,
    },
    (engine) =>
      receiving(engine, (batch) =>
        batch.condition
          ? {
              ...batch,
              condition: { ...batch.condition, after: batch.condition.after.map((position) => position - 1) },
            }
          : batch,
      ),
  ),
  broken(
    'does not count the event right after the place of a condition',
    {
      failing: [
        'events at or before the place do not count, and the one right after it does',
        'the place of a condition counts in each partition by itself',
      ],
      because: /was answered/,
    },
    (engine) =>
      receiving(engine, (batch) =>
        batch.condition
          ? {
              ...batch,
              condition: { ...batch.condition, after: batch.condition.after.map((position) => position + 1) },
            }
          : batch,
      ),
  ),
  broken(
    'judges a condition in every partition by the place in the first',
    {
      failing: ['the place of a condition counts in each partition by itself'],
      because: /was answered|is named at \d+, not after/,
    },
    (engine) =>
      receiving(engine, (batch) =>
        batch.condition
          ? {
              ...batch,
              condition: { ...batch.condition, after: batch.condition.after.map(() => batch.condition?.after[0] ?? 0) },
            }
          : batch,
      ),
    memoryFixture({ partitionCount: 4 }),
  ),
  broken(
    'judges a condition only in the partition that is written',
    {
      failing: ['a condition sees the events of every partition exactly when the engine says so'],
      because: /did not see the matching event/,
    },
    (engine) =>
      receiving(engine, (batch) => {
        if (batch.condition === undefined) return batch;
        const written = batch.streams.map(({ streamId }) => streamId);
        const partitions = new Set(written.map((streamId) => (streamId.length * 7) % 4));
        return {
          ...batch,
          condition: {
            ...batch.condition,
            after: batch.condition.after.map((position, partition) =>
              partitions.has(partition) ? position : Number.MAX_SAFE_INTEGER,
            ),
          },
        };
      }),
    memoryFixture({ partitionCount: 4 }),
  ),
  broken(
    'looks only at the first item of a condition',
    {
      failing: [
        'the items of a condition are joined by OR, wherever the one that matches stands',
        'many items, many tags and many types are all looked at',
      ],
      because: /was answered/,
    },
    (engine) =>
      receiving(engine, (batch) =>
        batch.condition
          ? { ...batch, condition: { ...batch.condition, query: batch.condition.query.slice(0, 1) } }
          : batch,
      ),
  ),
  broken(
    'wants all items of a condition to match',
    {
      failing: ['the items of a condition are joined by OR, wherever the one that matches stands'],
      because: /was answered/,
    },
    (engine) =>
      judgingConditions(
        engine,
        ({ query, after }, { type, tags, position, partition }) =>
          position > (after[partition] ?? 0) && query.every((item) => matchesQuery([item], type, tags)),
      ),
  ),
  broken(
    'takes any tag of an item for all of them',
    { failing: ['a condition on tags is judged by all of its tags'], because: /that nothing matches/ },
    matchingItems(
      (item, type, tags) =>
        typeFits(item, type) && (item.tags.length === 0 || item.tags.some((tag) => tags.includes(tag))),
    ),
  ),
  broken(
    'takes type or tags of an item for both',
    { failing: ['a condition on types and tags needs both on one event'], because: /does not match/ },
    matchingItems(
      (item, type, tags) =>
        (item.types.length > 0 && item.types.includes(type)) ||
        (item.tags.length > 0 && item.tags.every((tag) => tags.includes(tag))),
    ),
  ),
  broken(
    'matches the tags of a condition by substring',
    {
      failing: ['tags and types that are easily mixed up are kept apart by conditions'],
      because: /The answer under a condition/,
    },
    matchingItems((item, type, tags) => typeFits(item, type) && item.tags.every((tag) => tags.join(' ').includes(tag))),
  ),
  broken(
    'matches the tags of a condition as joined text',
    {
      failing: ['lists of tags that give the same text when joined are kept apart'],
      because: /The answer under a condition/,
    },
    matchingItems(
      (item, type, tags) =>
        typeFits(item, type) && item.tags.every((tag) => `,${tags.join(',')},`.includes(`,${tag},`)),
    ),
  ),
  broken(
    'matches the tags of a condition whatever their case',
    {
      failing: ['tags and types that are easily mixed up are kept apart by conditions'],
      because: /The answer under a condition/,
    },
    matchingItems(
      (item, type, tags) =>
        typeFits(item, type) && item.tags.every((tag) => tags.some((own) => own.toLowerCase() === tag.toLowerCase())),
    ),
  ),
  broken(
    'matches the types of a condition by their beginning',
    { failing: ['a condition on types is judged by the type'], because: /that nothing matches/ },
    matchingItems(
      (item, type, tags) =>
        (item.types.length === 0 || item.types.some((wanted) => type.startsWith(wanted))) &&
        item.tags.every((tag) => tags.includes(tag)),
    ),
  ),
  broken(
    'compares tags by a hash of 32 bits',
    {
      failing: ['tags and types that are easily mixed up are kept apart by conditions'],
      because: /The answer under a condition/,
    },
    matchingItems(
      (item, type, tags) => typeFits(item, type) && item.tags.every((tag) => tags.some((own) => fnv(own) === fnv(tag))),
    ),
  ),
  broken(
    'compares tags that look like numbers as numbers',
    {
      failing: ['tags and types that are easily mixed up are kept apart by conditions'],
      because: /The answer under a condition/,
    },
    matchingItems(
      (item, type, tags) =>
        typeFits(item, type) &&
        item.tags.every((tag) => tags.some((own) => own === tag || (own.trim() !== '' && Number(own) === Number(tag)))),
    ),
  ),
  broken(
    'does not judge the condition of an append without events',
    {
      failing: ['a condition is judged for an append that only checks streams or only writes to the keyed store'],
      because: /was answered/,
    },
    (engine) =>
      receiving(engine, ({ condition, ...rest }) => ({
        ...rest,
        ...(condition && rest.streams.some(({ events }) => events.length > 0) && { condition }),
      })),
  ),
  broken(
    'does not judge the condition of an append to several streams',
    { failing: ['a condition is judged for an append to several streams'], because: /was answered/ },
    (engine) =>
      receiving(engine, ({ condition, ...rest }) => ({
        ...rest,
        ...(condition && rest.streams.length === 1 && { condition }),
      })),
  ),
  broken(
    'does not judge the condition of an append with an exact version',
    {
      failing: [
        'a condition and an expected version must both hold',
        'events of the stream that is written count like any other',
      ],
      because: /was answered/,
    },
    (engine) =>
      receiving(engine, ({ condition, ...rest }) => ({
        ...rest,
        ...(condition && typeof rest.streams[0]?.expectedVersion !== 'number' && { condition }),
      })),
  ),
  broken(
    'does not count the events of the stream that is written',
    { failing: ['events of the stream that is written count like any other'], because: /was answered/ },
    (engine) => judgingSome(engine, (batch, streamId) => !batch.streams.some((write) => write.streamId === streamId)),
  ),
  broken(
    'does not count events that settings hide',
    {
      failing: ['events that were truncated, tombstoned or physically removed still count, under their type and tags'],
      because: /did not see an event that was truncated/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'conflict' || batch.condition === undefined) return answer;
        const [conflict] = answer.conflicts;
        if (conflict?.kind !== 'condition') return answer;
        const event = await engine.eventAt(conflict.partition, conflict.position);
        const shown = await engine.readStream({
          streamId: event?.streamId ?? '',
          direction: 'forward',
          fromVersion: event?.version ?? 1,
          limit: 1,
          bytesMax: 1,
        });
        if (shown.events[0]?.version === event?.version) return answer;
        const { condition: _, ...rest } = batch;
        return await engine.append(rest, options);
      },
    }),
  ),
  broken(
    'lists only the first check that fails',
    {
      failing: ['every check that fails is listed with what was found, in the order streams, condition, keyed store'],
      because: /missing/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        return answer.kind === 'conflict' ? { ...answer, conflicts: answer.conflicts.slice(0, 1) } : answer;
      },
    }),
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

function judgingSome(
  engine: Parameters<typeof judgingConditions>[0],
  counts: (batch: AppendBatch, streamId: string) => boolean,
): Partial<Parameters<typeof judgingConditions>[0]> {
  return {
    append: async (batch, options) => {
      const answer = await engine.append(batch, options);
      if (answer.kind !== 'conflict' || batch.condition === undefined) return answer;
      const [conflict] = answer.conflicts;
      if (conflict?.kind !== 'condition') return answer;
      const event = await engine.eventAt(conflict.partition, conflict.position);
      if (event === undefined || counts(batch, event.streamId)) return answer;
      const { condition: _, ...rest } = batch;
      return await engine.append(rest, options);
    },
  };
}

/** A tombstone is set aside while an append that expects any version is written. */
function resurrecting(
  engine: Parameters<typeof judgingConditions>[0],
): Partial<Parameters<typeof judgingConditions>[0]> {
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

/** FNV-1a of 32 bits. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
