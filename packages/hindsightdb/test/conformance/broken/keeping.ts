/**
 * Engines that keep settings and keyed entries wrongly.
 */

import { removedRecord } from '../../../src/core/record.ts';
import type { StreamWrite } from '../../../src/engine/contract.ts';
import { pause, showing } from '../altered-engine.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

const withoutEffect = ({ streamId, expectedVersion, predecessorId, events }: StreamWrite): StreamWrite => ({
  streamId,
  expectedVersion,
  events,
  ...(predecessorId !== undefined && { predecessorId }),
});

/** Engines with faults in settings and in the keyed store. */
export const keepingBroken: readonly BrokenEngine[] = [
  broken(
    'applies settings to reads of the log',
    {
      failing: [
        'truncation hides earlier events from reads of the stream, and only from them',
        'a tombstone hides everything and takes no more events, for good',
      ],
      because: /What reads of the log show/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        const shown = await Promise.all(
          page.events.map(async (event) => {
            const { settings } = await engine.streamInfo(event.streamId);
            return settings?.tombstone !== true && event.version >= (settings?.truncateBefore ?? 1);
          }),
        );
        return { ...page, events: page.events.filter((_, index) => shown[index]) };
      },
    }),
  ),
  broken(
    'turns the version back with a truncation',
    { failing: ['truncation does not turn the version back'], because: /version/ },
    (engine) => ({
      streamInfo: async (streamId) => {
        const info = await engine.streamInfo(streamId);
        return { ...info, version: Math.max(0, info.version - (info.settings?.truncateBefore ?? 1) + 1) };
      },
    }),
  ),
  broken(
    'does not apply settings',
    {
      failing: [
        'truncation hides earlier events from reads of the stream, and only from them',
        'settings are kept whole, replaced whole, and counted',
      ],
      because: /versions shown/,
    },
    (engine) => receiving(engine, (batch) => ({ ...batch, streams: batch.streams.map(withoutEffect) })),
  ),
  broken(
    'merges settings with the earlier ones',
    {
      failing: [
        'settings are kept whole, replaced whole, and counted',
        'a greatest count shows the newest events as the stream grows',
      ],
      because: /Settings, their version/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const streams = await Promise.all(
          batch.streams.map(async (write) => {
            if (write.effect?.kind !== 'settings') return write;
            const before = (await engine.streamInfo(write.effect.streamId)).settings;
            return { ...write, effect: { ...write.effect, settings: { ...before, ...write.effect.settings } } };
          }),
        );
        return await engine.append({ ...batch, streams }, options);
      },
    }),
  ),
  broken(
    'applies the settings of refused appends',
    {
      failing: [
        'settings of a refused append are not applied',
        'settings come with the events of an append in one decision',
      ],
      because: /leave no trace/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind === 'conflict')
          for (const write of batch.streams)
            if (write.effect) await engine.append({ streams: [{ ...write, expectedVersion: 'any', events: [] }] });
        return answer;
      },
    }),
  ),
  broken(
    'forgets the count of settings',
    { failing: ['settings are kept whole, replaced whole, and counted'], because: /Settings, their version/ },
    (engine) => ({
      streamInfo: async (streamId) => {
        const info = await engine.streamInfo(streamId);
        return { ...info, settingsVersion: Math.min(1, info.settingsVersion) };
      },
    }),
  ),
  broken(
    'shows one event too many under a greatest count',
    { failing: ['a greatest count shows the newest events as the stream grows'], because: /versions shown/ },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) =>
          write.effect?.kind === 'settings' && write.effect.settings.maxCount !== undefined
            ? {
                ...write,
                effect: {
                  ...write.effect,
                  settings: { ...write.effect.settings, maxCount: write.effect.settings.maxCount + 1 },
                },
              }
            : write,
        ),
      })),
  ),
  broken(
    'takes a greatest age for seconds',
    { failing: ['a greatest age hides events when they have become older'], because: /versions shown/ },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) =>
          write.effect?.kind === 'settings' && write.effect.settings.maxAgeMs !== undefined
            ? {
                ...write,
                effect: {
                  ...write.effect,
                  settings: { ...write.effect.settings, maxAgeMs: write.effect.settings.maxAgeMs * 1000 },
                },
              }
            : write,
        ),
      })),
  ),
  broken(
    'removes the events of streams whose ids begin alike',
    {
      failing: ['physical removal empties the records before a version and keeps place, id, tags and a digest'],
      because: /after the removal/,
    },
    (engine) => {
      const removed = new Map<string, number>();
      return {
        ...showing(engine, (event) => {
          const isRemoved = [...removed].some(
            ([prefix, before]) =>
              event.streamId !== prefix && event.streamId.startsWith(prefix) && event.version < before,
          );
          return isRemoved ? { ...event, record: removedRecord(event.record) } : event;
        }),
        append: async (batch, options) => {
          for (const { effect } of batch.streams)
            if (effect?.kind === 'removal') removed.set(effect.streamId, effect.beforeVersion);
          return await engine.append(batch, options);
        },
      };
    },
  ),
  broken(
    'removes one event too many',
    {
      failing: ['physical removal empties the records before a version and keeps place, id, tags and a digest'],
      because: /after the removal/,
    },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) =>
          write.effect?.kind === 'removal'
            ? { ...write, effect: { ...write.effect, beforeVersion: write.effect.beforeVersion + 1 } }
            : write,
        ),
      })),
  ),
  broken(
    'removes nothing',
    {
      failing: ['physical removal empties the records before a version and keeps place, id, tags and a digest'],
      because: /after the removal/,
    },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map(({ effect, ...write }) =>
          effect?.kind === 'removal' ? write : { ...write, ...(effect && { effect }) },
        ),
      })),
  ),
  broken(
    'does keyed writes though their append is refused',
    {
      failing: [
        'keyed writes of an append that is refused are not done, and one that does not hold refuses the append',
        'a refused append leaves no trace in the log, the streams and the keyed store, for whatever reason',
      ],
      because: /leave no trace/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind === 'conflict' && batch.keyedWrites)
          await engine.keyedWrite(batch.keyedWrites.map(({ key, value }) => ({ key, value })));
        return answer;
      },
    }),
  ),
  broken(
    'does keyed writes after their append, in a second step',
    {
      failing: [
        'keyed writes of an append that is refused are not done, and one that does not hold refuses the append',
      ],
      because: /leave no trace|must be refused|The answer/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const { keyedWrites, ...rest } = batch;
        const answer = await engine.append(rest, options);
        if (answer.kind === 'appended' && keyedWrites) await engine.keyedWrite(keyedWrites);
        return answer;
      },
    }),
  ),
  broken(
    'does a part of several keyed writes',
    {
      failing: ['several writes are done together or not at all, and every one that stands against them is listed'],
      because: /The log and the keyed store/,
    },
    (engine) => ({
      keyedWrite: async (writes) => {
        const conflicts = [];
        for (const write of writes) conflicts.push(...(await engine.keyedWrite([write])));
        return conflicts;
      },
    }),
  ),
  broken(
    'compares and sets with an await in between',
    {
      failing: [
        'of many writes at once that expect the same revision exactly one is taken',
        'a counter that many raise by compare-and-set loses no step',
      ],
      because: /How many of 20 writes/,
    },
    (engine) => ({
      keyedWrite: async (writes) => {
        for (const { key, expectedRevision } of writes) {
          if (expectedRevision === undefined) continue;
          const actual = (await engine.keyedGet(key))?.revision ?? 0;
          if (actual !== expectedRevision) return await engine.keyedWrite(writes);
        }
        await pause();
        return await engine.keyedWrite(writes.map(({ key, value }) => ({ key, value })));
      },
    }),
  ),
  broken(
    'counts revisions for each entry, beginning again after a deletion',
    {
      failing: ['the revision of an entry changes with every write, and none is used twice, also after a deletion'],
      because: /different revisions/,
    },
    (engine) => {
      const first = new Map<string, number>();
      const shifted = (key: string, revision: number): number => revision - (first.get(key) ?? revision) + 1;
      return {
        keyedGet: async (key) => {
          const entry = await engine.keyedGet(key);
          if (entry === undefined) first.delete(key);
          else if (!first.has(key)) first.set(key, entry.revision);
          return entry && { ...entry, revision: shifted(key, entry.revision) };
        },
      };
    },
  ),
  broken(
    'keeps the revision of an entry that is written with the same value',
    {
      failing: ['the revision of an entry changes with every write, and none is used twice, also after a deletion'],
      because: /different revisions/,
    },
    (engine) => ({
      keyedWrite: async (writes) => {
        const [write] = writes;
        const before = write && (await engine.keyedGet(write.key));
        return writes.length === 1 && before?.value === write?.value && write?.expectedRevision === undefined
          ? []
          : await engine.keyedWrite(writes);
      },
      keyedGet: async (key) => {
        const entry = await engine.keyedGet(key);
        return entry?.value === 'same' ? { ...entry, revision: 1 } : entry;
      },
    }),
  ),
  broken(
    'takes a prefix of keys for a pattern',
    {
      failing: ['a scan shows the entries whose keys begin with the prefix, in the order of UTF-8 bytes'],
      because: /begin with/,
    },
    (engine) => ({
      keyedScan: async ({ prefix, limit, ...rest }) => {
        const all = await engine.keyedScan({ prefix: '', limit: 100_000, ...rest });
        const pattern = new RegExp(
          `^${prefix
            .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
            .replaceAll('%', '.*')
            .replaceAll('_', '.')}`,
          'u',
        );
        return all.filter(({ key }) => pattern.test(key)).slice(0, limit);
      },
    }),
  ),
  broken(
    'keeps an empty value as a deletion',
    { failing: ['an entry gives back its key and value unchanged, with a positive revision'], because: /is missing/ },
    (engine) => ({
      keyedWrite: (writes) =>
        engine.keyedWrite(writes.map((write) => ({ ...write, value: write.value === '' ? null : write.value }))),
    }),
  ),
  broken(
    'ignores the revision that a deletion expects',
    {
      failing: ['a deletion that expects a revision is done exactly when it is the present one'],
      because: /The answer to/,
    },
    (engine) => ({
      keyedWrite: (writes) =>
        engine.keyedWrite(
          writes.map(({ expectedRevision, ...write }) =>
            write.value === null || expectedRevision === undefined ? write : { ...write, expectedRevision },
          ),
        ),
    }),
  ),
  broken(
    'scans forward where it was asked to scan backward',
    {
      failing: ['a scan backward shows the same entries in the opposite order, in pages that follow each other'],
      because: /backward in pages of 1000/,
    },
    (engine) => ({ keyedScan: (request) => engine.keyedScan({ ...request, direction: 'forward' }) }),
  ),
  broken(
    'begins a scan backward at the key that it should begin behind',
    {
      failing: ['a scan backward shows the same entries in the opposite order, in pages that follow each other'],
      because: /does not end|in pages of 3/,
    },
    (engine) => ({
      keyedScan: async (request) => {
        const { after, direction, prefix, limit } = request;
        const entries = await engine.keyedScan(request);
        const at = direction === 'backward' && after?.startsWith(prefix) ? await engine.keyedGet(after) : undefined;
        return at === undefined ? entries : [at, ...entries].slice(0, limit);
      },
    }),
  ),
  broken(
    'turns a page of a forward scan around',
    {
      failing: ['a scan backward shows the same entries in the opposite order, in pages that follow each other'],
      because: /backward in pages of/,
    },
    (engine) => ({
      keyedScan: async ({ direction, ...request }) => {
        const entries = await engine.keyedScan(request);
        return direction === 'backward' ? entries.toReversed() : entries;
      },
    }),
  ),
];
