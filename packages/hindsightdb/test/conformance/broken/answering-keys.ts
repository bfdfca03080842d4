/**
 * Engines that keep idempotency keys wrongly.
 */

import type { Conflict } from '../../../src/core/errors.ts';
import type { AppendBatch, Engine, KeyedAnswer, Written } from '../../../src/engine/contract.ts';
import { pause } from '../altered-engine.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

const withoutKey = ({ streams, condition, keyedWrites }: AppendBatch): AppendBatch => ({
  streams,
  ...(condition && { condition }),
  ...(keyedWrites && { keyedWrites }),
});

/** Engines with faults in keys. */
export const keysBroken: readonly BrokenEngine[] = [
  broken(
    'answers a repetition before the first answer',
    {
      failing: ['the answer to a repetition never comes before the first answer'],
      because: /order in which they came: at \[0\]: got "duplicate"/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind === 'appended') await pause();
        return answer;
      },
    }),
  ),
  broken(
    'answers a refusal before the append that it rests on',
    {
      failing: ['a refusal never comes before the answer to the append that it rests on'],
      because: /order in which they came: at \[0\]: got "conflict"/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'conflict') await pause();
        return answer;
      },
    }),
  ),
  broken(
    'does not keep keys',
    {
      failing: [
        'the same append under its key gets its first answer and is not written again',
        'the same key with other content is refused, and goes on standing for its first content',
        'answerOf gives what is remembered under a key, and nothing for an unknown one',
      ],
      because: /The answer to a repetition|leave no trace/,
    },
    (engine) => receiving(engine, withoutKey),
  ),
  broken(
    'forgets a key after a conflict',
    {
      failing: ['a key goes on standing for its answer after a refusal, of the same append or of another'],
      because: /other content|repetition/,
    },
    (engine) => {
      const forgotten = new Set<string>();
      const used = new Set<string>();
      return {
        append: async (batch, options) => {
          const answer = await engine.append(
            batch.key && forgotten.has(batch.key.key) ? withoutKey(batch) : batch,
            options,
          );
          if (answer.kind === 'appended' && batch.key) used.add(batch.key.key);
          if (answer.kind === 'conflict') for (const key of used) forgotten.add(key);
          return answer;
        },
      };
    },
  ),
  broken(
    'looks keys up after the conditions',
    {
      failing: [
        'a key is looked up before versions, predecessor, condition, keyed store and tombstone',
        'what was first answered is the answer for good, whatever has happened since',
      ],
      because: /The answer to a repetition/,
    },
    (engine) => ({
      append: async (batch, options) => {
        if (batch.key === undefined || (await engine.answerOf(batch.key.key)) === undefined)
          return await engine.append(batch, options);
        const streams = batch.streams.map((write) => ({ ...write, events: [] }));
        const judged = await engine.append({ ...withoutKey(batch), streams, keyedWrites: [] }, options);
        return judged.kind === 'conflict' ? judged : await engine.append(batch, options);
      },
    }),
  ),
  broken(
    'forgets the key of an append whose first stream is only checked',
    {
      failing: [
        'an append under a key whose first stream is only checked is written exactly when that stands where it should',
        'of outcomes that many handles record under one key, one is written, and all are answered with it',
      ],
      because: /leave no trace|The answer to a repetition/,
    },
    (engine) => receiving(engine, (batch) => (batch.streams[0]?.events.length === 0 ? withoutKey(batch) : batch)),
  ),
  broken(
    'judges the entries of an append before its key',
    {
      failing: [
        'an append under a key that was written is answered before its entries are judged, and changes none of them',
      ],
      because: /The answer to a repetition/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const conflicts: Conflict[] = [];
        for (const { key, expectedRevision: expected } of batch.keyedWrites ?? []) {
          const actual = (await engine.keyedGet(key))?.revision ?? 0;
          if (expected !== undefined && expected !== actual)
            conflicts.push({ kind: 'keyedStore', key, expected, actual });
        }
        return conflicts.length > 0 ? { kind: 'conflict', conflicts } : await engine.append(batch, options);
      },
    }),
  ),
  broken(
    'takes entries that are fired for what they are, and not for what they were',
    {
      failing: [
        'of many that fire one entry at once, each under a key of its own, one writes, and none fires what was moved',
      ],
      because: /those who fire what was moved/,
    },
    (engine) =>
      receiving(engine, ({ keyedWrites, ...batch }) => ({
        ...batch,
        ...(keyedWrites && {
          keyedWrites: keyedWrites.map(({ key, value, expectedRevision }) =>
            value === null || expectedRevision === undefined ? { key, value } : { key, value, expectedRevision },
          ),
        }),
      })),
  ),
  broken(
    'remembers the keys of refused appends',
    {
      failing: ['the key of a refused append is not remembered'],
      because: /The answer to the same append, sent again|remembered/,
    },
    (engine) => {
      const used = new Map<string, Written>();
      return {
        append: async (batch, options) => {
          const before = batch.key && used.get(batch.key.key);
          if (before !== undefined) return { kind: 'duplicate', written: before };
          const answer = await engine.append(batch, options);
          if (answer.kind === 'conflict' && batch.key)
            used.set(batch.key.key, { recordedAt: 1, streams: [], partitions: [] });
          return answer;
        },
      };
    },
  ),
  broken(
    'does not compare the content of appends under one key',
    {
      failing: [
        'the same key with other content is refused, and goes on standing for its first content',
        'digests are compared whole',
      ],
      because: /other content/,
    },
    (engine) => receiving(engine, (batch) => (batch.key ? { ...batch, key: { ...batch.key, digest: 'same' } } : batch)),
  ),
  broken(
    'compares digests by their beginning',
    { failing: ['digests are compared whole'], because: /digest/ },
    (engine) =>
      receiving(engine, (batch) =>
        batch.key ? { ...batch, key: { ...batch.key, digest: batch.key.digest.slice(0, 6) } } : batch,
      ),
  ),
  broken(
    'takes keys for equal whatever their case',
    { failing: ['a key is recognised by its whole text and by nothing else'], because: /answered|keyReused/ },
    (engine) =>
      receiving(engine, (batch) =>
        batch.key ? { ...batch, key: { ...batch.key, key: batch.key.key.toLowerCase() } } : batch,
      ),
  ),
  broken(
    'keeps keys for a hundred appends only',
    { failing: ['hundreds of keys are all remembered'], because: /was not remembered/ },
    (engine) => {
      const order: string[] = [];
      return keepingKeys(engine, {
        find: ({ key }, known) => {
          if (!known.has(key)) order.push(key);
          return order.indexOf(key) < order.length - 100 ? undefined : known.get(key);
        },
      });
    },
  ),
  broken(
    'keeps keys in memory only after the append has been answered',
    {
      failing: ['of many appends at once under one key exactly one is written, and all get its answer'],
      because: /kinds of answers/,
    },
    (engine) => keepingKeys(engine, { find: ({ key }, known) => known.get(key) }),
  ),
  broken(
    'never forgets a key',
    {
      failing: ['a key with an end is known until then and forgotten after it'],
      because: /after the end|nothing stands against/,
    },
    (engine) =>
      receiving(engine, (batch) =>
        batch.key ? { ...batch, key: { key: batch.key.key, digest: batch.key.digest } } : batch,
      ),
  ),
  broken(
    'forgets keys before their end',
    { failing: ['a key with an end is known until then and forgotten after it'], because: /repetition/ },
    (engine) =>
      receiving(engine, (batch) =>
        batch.key?.expiresAt === undefined
          ? batch
          : { ...batch, key: { ...batch.key, expiresAt: batch.key.expiresAt - 39_999 } },
      ),
  ),
  broken(
    'forgets every key after a while',
    {
      failing: ['a key without an end is never forgotten, and the end of one key is not that of another'],
      because: /repetition/,
    },
    (engine, { now }) =>
      receiving(engine, (batch) =>
        batch.key && batch.key.expiresAt === undefined
          ? { ...batch, key: { ...batch.key, expiresAt: now() + 86_400_000_000 } }
          : batch,
      ),
  ),
  broken(
    'does the keyed writes of a repetition again',
    {
      failing: ['keyed writes and settings of an append are not applied again by its repetition'],
      because: /The answer to a repetition|leave no trace|value of the entry/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind === 'duplicate' && batch.keyedWrites) await engine.keyedWrite(batch.keyedWrites);
        return answer;
      },
    }),
  ),
];

function keepingKeys(
  engine: Engine,
  rule: {
    readonly find: (
      key: { readonly key: string; readonly digest: string; readonly expiresAt?: number },
      known: ReadonlyMap<string, KeyedAnswer>,
    ) => KeyedAnswer | undefined;
  },
): Partial<Engine> {
  const known = new Map<string, KeyedAnswer>();
  return {
    append: async (batch, options) => {
      const { key, ...rest } = batch;
      const found = key && rule.find(key, known);
      if (key !== undefined && found !== undefined)
        return found.digest === key.digest
          ? { kind: 'duplicate', written: found.written }
          : { kind: 'keyReused', key: key.key };
      const answer = await engine.append(rest, options);
      if (answer.kind === 'appended' && key !== undefined)
        known.set(key.key, { digest: key.digest, written: answer.written });
      return answer;
    },
    answerOf: async (key) => known.get(key),
  };
}
