/**
 * Idempotency keys: an append that is sent again under its key gets its first answer and is not written again.
 */

import type { AppendKey, Written } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, holds } from '../assertions.ts';
import { normalAnswer, type LogUnderTest } from '../log-under-test.ts';
import { oneStream } from '../event-maker.ts';

const key = (name: string, digest = 'digest'): AppendKey => ({ key: name, digest });

/** Idempotency keys. */
export const keying: Area = defineArea('idempotency keys', {
  'the same append under its key gets its first answer and is not written again': async (log) => {
    const batch = oneStream('order-1', log.make.many(3), { key: key('k') });
    const first = await log.write(batch);
    for (let round = 0; round < 3; round += 1) await log.expectDuplicate(batch, first);
  },

  'what was first answered is the answer for good, whatever has happened since': withBoundary(async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    await log.append(second, log.make.many(2));
    const condition = { query: [{ tags: ['a'] }], after: await log.engine.heads() };
    const batch = {
      streams: [
        { streamId: first, expectedVersion: 0, events: log.make.many(2, { tags: ['a'] }) },
        { streamId: second, expectedVersion: 2, events: [] },
      ],
      condition,
      key: key('k'),
    } as const;
    const written = await log.write(batch);
    await log.clock.pass(1_000_000);
    await log.expectDuplicate(batch, written);
    await log.append(second, log.make.many(3, { tags: ['a'] }));
    await log.append(first, log.make.many(1));
    await log.expectDuplicate(batch, written);
    await log.set(first, { tombstone: true });
    await log.remove(first, 3);
    await log.expectDuplicate(batch, written);
  }),

  'a key is looked up before versions, predecessor, condition, keyed store and tombstone': withBoundary(async (log) => {
    const first = await log.append('order-1', log.make.many(1, { tags: ['a'] }), { key: key('k') });
    await log.engine.keyedWrite([{ key: 'entry', value: '1' }]);
    const after = (await log.engine.heads()).map(() => 0);
    const again = log.make.many(1, { tags: ['a'] });
    const standing = [
      oneStream('order-1', again, { key: key('k'), expectedVersion: 7 }),
      oneStream('order-1', again, { key: key('k'), predecessorId: 'never-written' }),
      oneStream('order-1', again, { key: key('k'), condition: { query: [{ tags: ['a'] }], after } }),
      oneStream('order-1', again, { key: key('k'), keyedWrites: [{ key: 'entry', value: '2', expectedRevision: 0 }] }),
    ];
    for (const batch of standing) await log.expectDuplicate(batch, first);
    await log.set('order-1', { tombstone: true });
    for (const batch of standing) await log.expectDuplicate(batch, first);
  }),

  'the same key with other content is refused, and goes on standing for its first content': async (log) => {
    const first = await log.append('order-1', log.make.many(1), { key: key('k', 'one') });
    for (let round = 0; round < 2; round += 1) {
      for (const streamId of ['order-1', ...log.neighboursOf('order-1', 2)]) {
        await log.expectNoTrace(async () => {
          const answer = await log.engine.append(oneStream(streamId, log.make.many(1), { key: key('k', 'two') }));
          equal(answer, { kind: 'keyReused', key: 'k' }, 'The answer to other content under a known key');
        });
      }
      await log.expectDuplicate(oneStream('order-1', log.make.many(1), { key: key('k', 'one') }), first);
    }
  },

  'other content under a known key is refused for that, though a condition stands against it as well': async (log) => {
    await log.append('order-1', log.make.many(1), { key: key('k', 'one') });
    const answer = await log.engine.append(
      oneStream('order-1', log.make.many(1), { expectedVersion: 9, key: key('k', 'two') }),
    );
    equal(answer, { kind: 'keyReused', key: 'k' }, 'The answer');
  },

  'a key is recognised by its whole text and by nothing else': async (log) => {
    const names = [
      'k',
      'K',
      'k ',
      ' k',
      'kk',
      'k%',
      'k_',
      '%',
      "k'",
      'k"',
      'k\\',
      '1',
      '01',
      '1.0',
      'é',
      'e\u0301',
      '🙂',
      '\uE000',
      'k'.repeat(128),
    ];
    const first = new Map<string, Written>();
    for (const name of names) first.set(name, await log.append('order-1', log.make.many(1), { key: key(name) }));
    for (const [name, written] of first) {
      const answer = await log.engine.append(oneStream('order-1', log.make.many(1), { key: key(name) }));
      equal(
        normalAnswer(answer),
        normalAnswer({ kind: 'duplicate', written }),
        `The answer under the key ${JSON.stringify(name)}`,
      );
    }
    equal(await log.versionOf('order-1'), names.length, 'The version of the stream');
  },

  'digests are compared whole': async (log) => {
    await log.append('order-1', log.make.many(1), { key: key('k', 'abcdef') });
    for (const digest of ['abcde', 'abcdefg', 'ABCDEF', '', 'abcdeF', 'bcdef'])
      equal(
        (await log.engine.append(oneStream('order-1', log.make.many(1), { key: key('k', digest) }))).kind,
        'keyReused',
        `The answer for the digest ${JSON.stringify(digest)}`,
      );
  },

  'a key is known whatever streams the append names beside its first one': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    const written = await log.append(first, log.make.many(1), { key: key('k') });
    await log.expectDuplicate(
      {
        streams: [
          { streamId: first, expectedVersion: 'any', events: log.make.many(1) },
          { streamId: second, expectedVersion: 'any', events: log.make.many(1) },
        ],
        key: key('k'),
      },
      written,
    );
  },

  'appends without a key, or under different keys, are different appends': async (log) => {
    const event = log.make.one();
    for (const options of [{}, {}, { key: key('a') }, { key: key('b') }]) await log.append('order-1', [event], options);
    equal(await log.versionOf('order-1'), 4, 'The version of the stream');
  },

  'of many appends at once under one key exactly one is written, and all get its answer': async (log) => {
    const batch = oneStream('order-1', log.make.many(2), { key: key('k') });
    const answers = await Promise.all(Array.from({ length: 30 }, () => log.engine.append(batch)));
    equal(
      answers.map(({ kind }) => kind).toSorted(),
      ['appended', ...Array.from({ length: 29 }, () => 'duplicate')],
      'The kinds of answers',
    );
    const written = answers.map((answer) => ('written' in answer ? answer.written : undefined));
    for (const each of written) equal(each, written[0], 'What the answers name');
    equal(await log.versionOf('order-1'), 2, 'The version of the stream');
  },

  'the answer to a repetition never comes before the first answer': async (log) => {
    for (let round = 0; round < 20; round += 1) {
      const answered: string[] = [];
      const batch = oneStream('order-1', log.make.many(1), { key: key(`k${round}`) });
      const send = async (): Promise<unknown> => answered.push((await log.engine.append(batch)).kind);
      await Promise.all([send(), send(), send()]);
      equal(answered, ['appended', 'duplicate', 'duplicate'], 'The answers in the order in which they came');
    }
  },

  'of two appends at once with one key and different content the second is refused': async (log) => {
    const [neighbour = ''] = log.neighboursOf('order-1', 1);
    const [first, second] = await Promise.all([
      log.engine.append(oneStream('order-1', log.make.many(1), { key: key('k', 'one') })),
      log.engine.append(oneStream(neighbour, log.make.many(1), { key: key('k', 'two') })),
    ]);
    equal([first.kind, second.kind], ['appended', 'keyReused'], 'The answers');
  },

  'the key of a refused append is not remembered': withBoundary(async (log) => {
    await log.append('order-1', log.make.many(1, { tags: ['a'] }));
    const after = await log.engine.heads();
    const refused = [
      oneStream('order-1', log.make.many(1), { key: key('k'), expectedVersion: 9 }),
      oneStream('order-1', log.make.many(1), {
        key: key('k'),
        condition: { query: [{ tags: ['a'] }], after: after.map(() => 0) },
      }),
      oneStream('order-1', log.make.many(1), {
        key: key('k'),
        keyedWrites: [{ key: 'entry', value: '', expectedRevision: 3 }],
      }),
    ];
    for (const batch of refused) {
      equal((await log.engine.append(batch)).kind, 'conflict', 'The answer to an append that a check stands against');
      equal((await log.engine.append(batch)).kind, 'conflict', 'The answer to the same append, sent again');
    }
    equal(await log.engine.answerOf('k'), undefined, 'What is remembered under the key');
    await log.append('order-1', log.make.many(1), { key: key('k', 'other content') });
  }),

  'a key goes on standing for its answer after a refusal, of the same append or of another': async (log) => {
    const batch = oneStream('order-1', log.make.many(1), { expectedVersion: 0, key: key('k') });
    const first = await log.write(batch);
    await log.append('order-1', log.make.many(1));
    for (let round = 0; round < 3; round += 1) {
      await log.expectDuplicate(batch, first);
      equal(
        (await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 0 }))).kind,
        'conflict',
        'The answer to a refused append',
      );
      equal(
        (await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 0, key: key('other') })))
          .kind,
        'conflict',
        'The answer to a refused append under another key',
      );
      equal(
        (
          await log.engine.append(
            oneStream('order-1', log.make.many(1), { expectedVersion: 0, key: key('k', 'other') }),
          )
        ).kind,
        'keyReused',
        'The answer to other content',
      );
    }
    await log.expectDuplicate(batch, first);
  },

  'an append that only checks is remembered under its key as well': async (log) => {
    await log.append('order-1', log.make.many(2));
    const batch = oneStream('order-1', [], { expectedVersion: 2, key: key('k') });
    const first = await log.write(batch);
    await log.append('order-1', log.make.many(1));
    await log.expectDuplicate(batch, first);
  },

  'keyed writes and settings of an append are not applied again by its repetition': async (log) => {
    const [streamId = '', other = ''] = log.streamIds('order', 2);
    await log.append(streamId, log.make.many(3));
    const settings = log.settingsBatch(streamId, { truncateBefore: 3 }, { key: key('settings') });
    const firstSettings = await log.write(settings);
    await log.set(streamId, { truncateBefore: 2 });
    await log.expectDuplicate(settings, firstSettings);
    const batch = oneStream(other, log.make.many(1), {
      key: key('k'),
      keyedWrites: [{ key: 'entry', value: 'first' }],
    });
    const first = await log.write(batch);
    await log.engine.keyedWrite([{ key: 'entry', value: 'second' }]);
    await log.expectDuplicate(batch, first);
    equal((await log.engine.keyedGet('entry'))?.value, 'second', 'The value of the entry');
  },

  'answerOf gives what is remembered under a key, and nothing for an unknown one': async (log) => {
    equal(await log.engine.answerOf('k'), undefined, 'What is remembered under an unknown key');
    const written = await log.append('order-1', log.make.many(2), { key: key('k', 'one') });
    await log.append('order-1', log.make.many(2));
    equal(await log.engine.answerOf('k'), { digest: 'one', written }, 'What is remembered under the key');
    await log.engine.append(oneStream('order-1', log.make.many(1), { key: key('k', 'two') }));
    equal(
      await log.engine.answerOf('k'),
      { digest: 'one', written },
      'What is remembered after it was used for other content',
    );
    equal(await log.engine.answerOf('K'), undefined, 'What is remembered under another key');
  },

  'a key with an end is known until then and forgotten after it': async (log) => {
    const expiresAt = log.clock.now() + 40_000;
    const own = { key: 'k', digest: 'one', expiresAt };
    const first = await log.append('order-1', log.make.many(1), { key: own });
    await log.expectDuplicate(oneStream('order-1', log.make.many(1), { key: own }), first);
    if (log.clock.isExact) {
      log.clock.set(expiresAt - 1);
      await log.expectDuplicate(oneStream('order-1', log.make.many(1), { key: own }), first);
      equal(
        await log.engine.answerOf('k'),
        { digest: 'one', written: first },
        'What is remembered just before the end',
      );
    }
    log.clock.set(expiresAt);
    await log.clock.pass(50_000);
    equal(await log.engine.answerOf('k'), undefined, 'What is remembered after the end');
    const again = { key: 'k', digest: 'two', expiresAt: log.clock.now() + 3_600_000_000 };
    const second = await log.append('order-1', log.make.many(1), { key: again });
    equal(second.streams[0]?.firstVersion, 2, 'The version written under the forgotten key');
    await log.expectDuplicate(oneStream('order-1', log.make.many(1), { key: again }), second);
  },

  'a key without an end is never forgotten, and the end of one key is not that of another': async (log) => {
    const first = await log.append('order-1', log.make.many(1), { key: key('kept') });
    await log.append('order-1', log.make.many(1), { key: { ...key('short'), expiresAt: log.clock.now() + 1 } });
    await log.clock.pass(log.clock.isExact ? 20 * 365 * 86_400_000_000 : 5000);
    await log.append('order-1', log.make.many(1), { key: key('short', 'another') });
    await log.expectDuplicate(oneStream('order-1', log.make.many(1), { key: key('kept') }), first);
  },

  'hundreds of keys are all remembered': async (log) => {
    const names = Array.from({ length: 300 }, (_, index) => `request-${index}`);
    const send = (name: string) =>
      log.engine.append(oneStream(`order-${name.length}`, log.make.many(1), { key: key(name) }));
    const first = await Promise.all(names.map(send));
    const again = await Promise.all(names.map(send));
    again.forEach((answer, index) => {
      const before = first[index];
      holds(answer.kind === 'duplicate' && before?.kind === 'appended', `The key ${names[index]} was not remembered.`);
      equal(answer.written, before.written, `The answer under ${names[index]}`);
    });
    await expectCount(log, 300);
  },
});

async function expectCount(log: LogUnderTest, count: number): Promise<void> {
  equal((await log.wholeLog()).length, count, 'The number of events');
}
