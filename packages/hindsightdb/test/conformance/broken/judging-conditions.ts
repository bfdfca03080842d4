/**
 * Engines that judge boundary conditions wrongly.
 */

import type { QueryItem } from '../../../src/core/query.ts';
import { matchesQuery } from '../../../src/core/query.ts';
import type { AppendBatch, Engine } from '../../../src/engine/contract.ts';
import { pause } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';
import { broken, judgingConditions, receiving, type BrokenEngine } from './broken-engine.ts';

const withoutCondition = ({ streams, key, keyedWrites }: AppendBatch): AppendBatch => ({
  streams,
  ...(key && { key }),
  ...(keyedWrites && { keyedWrites }),
});

const matchingItems =
  (isMatch: (item: Required<QueryItem>, type: string, tags: readonly string[]) => boolean) => (engine: Engine) =>
    judgingConditions(
      engine,
      ({ query, after }, { type, tags, position, partition }) =>
        position > (after[partition] ?? 0) &&
        query.some(({ types = [], tags: wanted = [] }) => isMatch({ types, tags: wanted }, type, tags)),
    );

const typeFits = ({ types }: Required<QueryItem>, type: string): boolean => types.length === 0 || types.includes(type);

/** Engines with faults in conditions. */
export const conditionsBroken: readonly BrokenEngine[] = [
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
        const rest = withoutCondition(batch);
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
];

function judgingSome(engine: Engine, counts: (batch: AppendBatch, streamId: string) => boolean): Partial<Engine> {
  return {
    append: async (batch, options) => {
      const answer = await engine.append(batch, options);
      if (answer.kind !== 'conflict' || batch.condition === undefined) return answer;
      const [conflict] = answer.conflicts;
      if (conflict?.kind !== 'condition') return answer;
      const event = await engine.eventAt(conflict.partition, conflict.position);
      if (event === undefined || counts(batch, event.streamId)) return answer;
      const rest = withoutCondition(batch);
      return await engine.append(rest, options);
    },
  };
}

function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
