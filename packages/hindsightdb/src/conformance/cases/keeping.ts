/**
 * The keyed store beside the log: compare-and-set, and writes that come with an append.
 */

import type { KeyedWrite } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, holds, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { oneStream } from '../event-maker.ts';

/** The keyed store. */
export const keeping: Area = defineArea('the keyed store', {
  'an entry that was never written is absent': async (log) => {
    equal(await log.engine.keyedGet('a'), undefined, 'An entry that was never written');
    equal(await log.engine.keyedScan({ prefix: '', limit: 10 }), [], 'All entries');
  },

  'an entry gives back its key and value unchanged, with a positive revision': async (log) => {
    for (const value of ['', 'text', '{"a": 1.10}', '\u0000', 'é🙂\u2028', 'x'.repeat(1_000_000), '1', 'null']) {
      await put(log, 'a', value);
      const entry = present(await log.engine.keyedGet('a'), 'The entry');
      equal(
        [entry.key, entry.value === value],
        ['a', true],
        `Key, and whether the value of ${value.length} characters is the same`,
      );
      holds(Number.isSafeInteger(entry.revision) && entry.revision > 0, `The revision is ${entry.revision}.`);
    }
  },

  'the revision of an entry changes with every write, and none is used twice, also after a deletion': async (log) => {
    const seen: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      await put(log, 'a', round % 3 === 0 ? 'same' : String(round));
      seen.push(await revisionOf(log, 'a'));
      if (round % 4 === 3) {
        equal(await log.engine.keyedWrite([{ key: 'a', value: null }]), [], 'The answer to a deletion');
        equal(await log.engine.keyedGet('a'), undefined, 'The entry after its deletion');
      }
    }
    equal(new Set(seen).size, seen.length, 'The number of different revisions');
  },

  'a write that expects a revision is taken exactly when it is the present one': async (log) => {
    equal(
      await write(log, { key: 'a', value: '1', expectedRevision: 3 }),
      [{ kind: 'keyedStore', key: 'a', expected: 3, actual: 0 }],
      'The answer where the entry is absent',
    );
    equal(await write(log, { key: 'a', value: '1', expectedRevision: 0 }), [], 'The answer to a first write');
    const first = await revisionOf(log, 'a');
    equal(
      await write(log, { key: 'a', value: '2', expectedRevision: 0 }),
      [{ kind: 'keyedStore', key: 'a', expected: 0, actual: first }],
      'The answer where absence is expected',
    );
    equal(
      await write(log, { key: 'a', value: '2', expectedRevision: first }),
      [],
      'The answer to the present revision',
    );
    const second = await revisionOf(log, 'a');
    for (const expectedRevision of [first, second + 1, second - 1 || second + 2])
      equal(
        await write(log, { key: 'a', value: '3', expectedRevision }),
        [{ kind: 'keyedStore', key: 'a', expected: expectedRevision, actual: second }],
        `The answer to revision ${expectedRevision}`,
      );
    equal((await log.engine.keyedGet('a'))?.value, '2', 'The value');
  },

  'a deletion that expects a revision is done exactly when it is the present one': async (log) => {
    equal(await write(log, { key: 'a', value: null }), [], 'The answer to deleting what is absent');
    equal(
      await write(log, { key: 'a', value: null, expectedRevision: 0 }),
      [],
      'The answer to deleting what is absent, as expected',
    );
    equal(
      await write(log, { key: 'a', value: null, expectedRevision: 1 }),
      [{ kind: 'keyedStore', key: 'a', expected: 1, actual: 0 }],
      'The answer to deleting what is absent, unexpectedly',
    );
    await put(log, 'a', '1');
    const revision = await revisionOf(log, 'a');
    equal(
      await write(log, { key: 'a', value: null, expectedRevision: revision + 1 }),
      [{ kind: 'keyedStore', key: 'a', expected: revision + 1, actual: revision }],
      'The answer to another revision',
    );
    equal(
      await write(log, { key: 'a', value: null, expectedRevision: revision }),
      [],
      'The answer to the present revision',
    );
    equal(await log.engine.keyedGet('a'), undefined, 'The entry');
    equal(
      await write(log, { key: 'a', value: '2', expectedRevision: revision }),
      [{ kind: 'keyedStore', key: 'a', expected: revision, actual: 0 }],
      'The answer to the revision before the deletion',
    );
    equal(await write(log, { key: 'a', value: '2', expectedRevision: 0 }), [], 'The answer to writing it anew');
  },

  'several writes are done together or not at all, and every one that stands against them is listed': async (log) => {
    await put(log, 'a', '1');
    const revision = await revisionOf(log, 'a');
    const before = await log.picture();
    const writes = [
      { key: 'b', value: '1' },
      { key: 'a', value: '2', expectedRevision: revision + 5 },
      { key: 'c', value: '1', expectedRevision: 0 },
      { key: 'd', value: null, expectedRevision: 7 },
    ];
    equal(
      await log.engine.keyedWrite(writes),
      [
        { kind: 'keyedStore', key: 'a', expected: revision + 5, actual: revision },
        { kind: 'keyedStore', key: 'd', expected: 7, actual: 0 },
      ],
      'The answer',
    );
    equal(await log.picture(), before, 'The log and the keyed store');
    equal(
      await log.engine.keyedWrite([
        { key: 'b', value: '1' },
        { key: 'a', value: null, expectedRevision: revision },
        { key: 'c', value: '2', expectedRevision: 0 },
      ]),
      [],
      'The answer where everything holds',
    );
    equal(
      (await log.picture()).keyed.map(({ key, value }) => [key, value]),
      [
        ['b', '1'],
        ['c', '2'],
      ],
      'The entries',
    );
  },

  'keyed writes that come with an append are done with it': async (log) => {
    await put(log, 'old', '1');
    const revision = await revisionOf(log, 'old');
    const keyedWrites = [
      { key: 'new', value: 'x', expectedRevision: 0 },
      { key: 'old', value: null, expectedRevision: revision },
      { key: 'any', value: 'y' },
    ];
    await log.append('order-1', log.make.many(2), { keyedWrites });
    equal(
      (await log.engine.keyedScan({ prefix: '', limit: 10 })).map(({ key, value }) => [key, value]),
      [
        ['any', 'y'],
        ['new', 'x'],
      ],
      'The entries',
    );
    equal(await log.versionOf('order-1'), 2, 'The version of the stream');
    equal((await log.wholeLog()).length, 2, 'The number of events: keyed writes are none');
  },

  'keyed writes of an append that is refused are not done, and one that does not hold refuses the append': withBoundary(
    async (log) => {
      await log.append('order-1', log.make.many(1, { tags: ['a'] }));
      await put(log, 'a', '1');
      const revision = await revisionOf(log, 'a');
      const keyedWrites = [
        { key: 'a', value: '2' },
        { key: 'b', value: '2' },
      ];
      await log.expectConflict(oneStream('order-1', log.make.many(1), { expectedVersion: 0, keyedWrites }), [
        { kind: 'version', streamId: 'order-1', expected: 0, actual: 1 },
      ]);
      const condition = { query: [{ tags: ['a'] }], after: (await log.engine.heads()).map(() => 0) };
      await log.expectNoTrace(async () =>
        equal(
          (await log.engine.append(oneStream('order-2', log.make.many(1), { condition, keyedWrites }))).kind,
          'conflict',
          'The answer',
        ),
      );
      await log.expectConflict(
        oneStream('order-1', log.make.many(1), {
          keyedWrites: [...keyedWrites, { key: 'c', value: null, expectedRevision: 8 }],
        }),
        [{ kind: 'keyedStore', key: 'c', expected: 8, actual: 0 }],
      );
      await log.expectConflict(
        oneStream('order-1', log.make.many(1), {
          keyedWrites: [{ key: 'a', value: '2', expectedRevision: revision + 1 }],
        }),
        [{ kind: 'keyedStore', key: 'a', expected: revision + 1, actual: revision }],
      );
    },
  ),

  'an append without events writes to the keyed store under its checks': async (log) => {
    await log.append('order-1', log.make.many(2));
    await log.write(oneStream('order-1', [], { expectedVersion: 2, keyedWrites: [{ key: 'a', value: '1' }] }));
    equal((await log.engine.keyedGet('a'))?.value, '1', 'The value');
    await log.expectConflict(
      oneStream('order-1', [], { expectedVersion: 1, keyedWrites: [{ key: 'a', value: '2' }] }),
      [{ kind: 'version', streamId: 'order-1', expected: 1, actual: 2 }],
    );
  },

  'of many writes at once that expect the same revision exactly one is taken': async (log) => {
    await put(log, 'a', '0');
    for (let round = 0; round < 3; round += 1) {
      const expectedRevision = await revisionOf(log, 'a');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => write(log, { key: 'a', value: String(index), expectedRevision })),
      );
      equal(
        answers.filter((conflicts) => conflicts.length === 0).length,
        1,
        `How many of 20 writes were taken in round ${round}`,
      );
      const winner = answers.findIndex((conflicts) => conflicts.length === 0);
      equal((await log.engine.keyedGet('a'))?.value, String(winner), 'The value');
    }
  },

  'a counter that many raise by compare-and-set loses no step': async (log) => {
    await put(log, 'count', '0');
    const raise = async (): Promise<void> => {
      for (let attempt = 1; ; attempt += 1) {
        holds(attempt <= 1000, 'A step of the counter was refused a thousand times.');
        const { value, revision } = present(await log.engine.keyedGet('count'), 'The counter');
        const conflicts = await write(log, {
          key: 'count',
          value: String(Number(value) + 1),
          expectedRevision: revision,
        });
        if (conflicts.length === 0) return;
      }
    };
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let step = 0; step < 5; step += 1) await raise();
      }),
    );
    equal((await log.engine.keyedGet('count'))?.value, '40', 'The counter after 40 steps');
  },

  'of appends at once with the same compare-and-set exactly one is written': async (log) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        log.engine.append(
          oneStream(`order-${index}`, log.make.many(1), {
            keyedWrites: [{ key: 'lease', value: String(index), expectedRevision: 0 }],
          }),
        ),
      ),
    );
    equal(answers.filter(({ kind }) => kind === 'appended').length, 1, 'How many of 20 appends were written');
    equal((await log.wholeLog()).length, 1, 'The number of events');
    equal(
      (await log.engine.keyedGet('lease'))?.value,
      String(answers.findIndex(({ kind }) => kind === 'appended')),
      'The value of the entry',
    );
  },
});

async function write(log: LogUnderTest, one: KeyedWrite) {
  return await log.engine.keyedWrite([one]);
}

async function put(log: LogUnderTest, key: string, value: string): Promise<void> {
  equal(await write(log, { key, value }), [], `The answer to writing ${JSON.stringify(key)} whatever is there`);
}

async function revisionOf(log: LogUnderTest, key: string): Promise<number> {
  return present(await log.engine.keyedGet(key), `The entry ${JSON.stringify(key)}`).revision;
}
