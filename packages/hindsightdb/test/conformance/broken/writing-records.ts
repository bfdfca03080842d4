/**
 * Engines that store something else than the text that they were given, or another time.
 */

import type { StoredEvent } from '../../../src/engine/contract.ts';
import { showing } from '../altered-engine.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

/** Engines with faults in records and times. */
export const recordsBroken: readonly BrokenEngine[] = [
  broken(
    'keeps the tags of the first event of an append only',
    {
      failing: ['every event of an append to several streams counts, with its own type and tags'],
      because: /must be refused|was answered/,
    },
    (engine) =>
      receiving(engine, (batch) => {
        const [first] = batch.streams.flatMap(({ events }) => events);
        const streams = batch.streams.map((write) => ({
          ...write,
          events: write.events.map((event) => (event === first ? event : { ...event, tags: [] })),
        }));
        return { ...batch, streams };
      }),
  ),
  broken(
    'forgets tags',
    {
      failing: [
        'a condition on tags is judged by all of its tags',
        'a query selects by types, by all tags of an item, and by any of its items',
      ],
      because: /was answered/,
    },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) => ({
          ...write,
          events: write.events.map((event) => ({ ...event, tags: [] })),
        })),
      })),
  ),
  broken(
    'keeps only the first tags of an event',
    { failing: ['many items, many tags and many types are all looked at'], because: /was answered/ },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) => ({
          ...write,
          events: write.events.map((event) => ({ ...event, tags: event.tags.slice(0, 10) })),
        })),
      })),
  ),
  broken(
    'lets recordedAt follow the clock backward',
    {
      failing: [
        'recordedAt never decreases along a partition, though the clock goes backward',
        'a batch over streams takes the newest time of the places that it writes to',
      ],
      because: /times of appends|recordedAt decreases/,
    },
    (engine, { now, memory }) => {
      const timeOf = (event: StoredEvent): StoredEvent => ({
        ...event,
        recordedAt: Number(memory.get(`${event.position}`) ?? event.recordedAt),
      });
      return {
        ...showing(engine, timeOf),
        append: async (batch, options) => {
          const time = now();
          const answer = await engine.append(batch, options);
          if (answer.kind !== 'appended') return answer;
          for (const { firstPosition, lastPosition } of answer.written.partitions)
            for (let position = firstPosition; position <= lastPosition; position += 1) memory.set(`${position}`, time);
          return { ...answer, written: { ...answer.written, recordedAt: time } };
        },
      };
    },
  ),
  broken(
    'gives each event of a batch a time of its own',
    {
      failing: [
        'recordedAt is the time of the clock, in microseconds, and shared by a batch',
        'answers to appends that are not awaited name what was written of each',
      ],
      because: /recordedAt|time/,
    },
    (engine) => showing(engine, (event) => ({ ...event, recordedAt: event.recordedAt + event.position })),
  ),
  broken(
    'keeps times in milliseconds',
    {
      failing: [
        'recordedAt is the time of the clock, in microseconds, and shared by a batch',
        'copied events keep ids, records, times, streams, versions and order',
      ],
      because: /recordedAt|time/,
    },
    (engine) => showing(engine, (event) => ({ ...event, recordedAt: Math.floor(event.recordedAt / 1000) * 1000 })),
  ),
  broken(
    'stores records parsed and printed again',
    {
      failing: [
        'a record keeps numbers that JSON.parse would change, to the byte',
        'a record keeps the order of keys, and a key that occurs twice, to the byte',
        'a record keeps white space, to the byte',
        'a record keeps escapes where none are needed, to the byte',
      ],
      because: /1\.10|1\.1/,
    },
    (engine) => showing(engine, (event) => ({ ...event, record: JSON.stringify(JSON.parse(event.record)) })),
  ),
  broken(
    'drops what follows an escaped NUL',
    { failing: ['a record keeps an escaped NUL, to the byte'], because: /before/ },
    (engine) => showing(engine, (event) => ({ ...event, record: event.record.replace(/\\u0000[^"]*/, '') })),
  ),
  broken(
    'replaces lone surrogates',
    { failing: ['a record keeps escaped lone surrogates, to the byte'], because: /differs from character/ },
    (engine) =>
      showing(engine, (event) => ({
        ...event,
        record: event.record.replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd'),
      })),
  ),
];
