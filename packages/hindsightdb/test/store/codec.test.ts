/** Everything that says what an event says passes the codec on its way to the disk and back. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { defineDecider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { rawJson } from '../../src/core/raw-json.ts';
import type { Codec, CodecItem } from '../../src/store/codec.ts';
import { handle } from '../../src/commands/handle.ts';
import { anyJson } from '../arbitraries/json.ts';
import { everythingIn, inMemory, openAt, openNew, storeKinds } from '../open-stores.ts';
import { callMethod } from '../misuse.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { encryptingCodec } from './encrypting-codec.ts';

type Named = Event<'Named', { readonly name: string }>;
const person = defineDecider({
  category: 'person',
  initialState: { names: [] as readonly string[] },
  decide: (command: { readonly name: string }): Named => ({ type: 'Named', data: { name: command.name } }),
  evolve: (state, event: Recorded<Named>) => ({ names: [...state.names, event.data.name] }),
  snapshots: { every: 2 },
});

for (const kind of storeKinds) {
  suite(`an encrypting codec over ${kind.name}`, () => {
    test('gives back what was given: values, raw JSON, bytes and metadata', async (t) => {
      const { codec } = await encryptingCodec();
      const store = await openNew(t, kind, { codec });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof(anyJson, fc.uint8Array({ maxLength: 9 })), { minLength: 1, maxLength: 4 }),
          async (values) => {
            const given = values.map((data, index) => ({ type: 'Noted', data, metadata: { index, data } }));
            const { streams } = await store.append('a-1', given);
            const read = await store.readStream('a-1', { fromVersion: streams[0]?.firstVersion ?? 0 }).toArray();
            assert.deepEqual(
              read.map(({ data }) => data),
              values.map((data) => (data instanceof Uint8Array ? Uint8Array.from(data) : data)),
            );
            assert.deepEqual(
              read.map(({ metadata }) => JSON.stringify(metadata)),
              given.map(({ metadata }) => JSON.stringify(metadata)),
            );
          },
        ),
        { numRuns: 30 },
      );
      await store.append('b-1', [{ type: 'Noted', data: rawJson('{"a": 1.10}') }]);
      assert.deepEqual((await store.readStream('b-1').first())?.data, { a: 1.1 });
    });

    test('leaves ids, types, tags and times readable, and nothing of the contents', async (t) => {
      const { codec } = await encryptingCodec();
      const store = await openNew(t, kind, { codec });
      await store.append('person-1', [
        {
          type: 'Named',
          data: { name: 'Ada' },
          metadata: { actor: 'Grace' },
          tags: ['t'],
          id: 'e1',
          occurredAt: '1815-12-10',
        },
      ]);
      const [stored] = await everythingIn(store);
      assert.match(
        stored?.record ?? '',
        /^\{"id":"e1","type":"Named","tags":\["t"\],"occurredAt":"1815-12-10","metadata":\{"sealed":"/,
      );
      assert.ok(!stored?.record.includes('Ada') && !stored?.record.includes('Grace'));
      assert.equal((await store.readQuery([{ types: ['Named'], tags: ['t'] }]).toArray()).length, 1);
    });
  });
}

suite('the codec', () => {
  test('sees snapshots too, so that no state lies about in plain text', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    const { codec, seen } = await encryptingCodec();
    const store = await openAt(t, path, { codec });
    for (const name of ['Ada-Lovelace', 'Grace-Hopper', 'Mary-Shelley'])
      await handle(store, person, 'person-1', { name });
    await store.close();
    const files = await Promise.all(
      ['', '-wal'].map(async (ending) => await readFile(path + ending).catch(() => Buffer.alloc(0))),
    );
    for (const name of ['Ada-Lovelace', 'Grace-Hopper', 'Mary-Shelley'])
      assert.ok(
        files.every((file) => !file.includes(name)),
        `${name} is not in the file`,
      );

    const again = await openAt(t, path, { codec });
    seen.length = 0;
    const { state, version } = await again.load(person, 'person-1');
    assert.deepEqual([state.names.length, version], [3, 3]);
    const passed = seen.flatMap(({ items }) => items.map(({ kind, type }) => [kind, type]));
    assert.deepEqual(passed, [
      ['snapshot', 'snapshot'],
      ['event', 'Named'],
    ]);
  });

  test('is given what an item belongs to, a page at a time', async (t) => {
    const { codec, seen } = await encryptingCodec();
    const store = await openNew(t, inMemory, { codec });
    await store.append(
      'a-1',
      [1, 2, 3].map((data) => ({ type: `T${data}`, data })),
    );
    await store.readStream('a-1', { pageSize: 2 }).toArray();
    const shape = (items: readonly CodecItem[]): string =>
      items.map(({ kind, streamId, type }) => [kind, streamId, type].join(' ')).join();
    assert.deepEqual(
      seen.map(({ way, items }) => `${way} ${shape(items)}`),
      ['encode event a-1 T1,event a-1 T2,event a-1 T3', 'decode event a-1 T1,event a-1 T2', 'decode event a-1 T3'],
    );
  });

  test('is not asked for what was removed', async (t) => {
    const { codec, seen } = await encryptingCodec();
    const store = await openNew(t, inMemory, { codec });
    await store.append('a-1', [{ type: 'Noted', data: 1 }]);
    await store.tombstone('a-1');
    await store.removeTruncated('a-1');
    seen.length = 0;
    const types = (await store.readLog().toArray()).map(({ type }) => type);
    assert.deepEqual([types, seen], [['$removed'], []]);
  });

  test('that fails refuses the append, and nothing is written', async (t) => {
    const broken: Codec = {
      encode: async () => await Promise.reject(new Error('no key')),
      decode: async () => await Promise.reject(new Error('no key')),
    };
    const store = await openNew(t, inMemory, { codec: broken });
    await assert.rejects(store.append('a-1', [{ type: 'Noted', data: 1 }]), /no key/);
    assert.deepEqual(await everythingIn(store), []);
  });

  test('that fails to decode fails the read with its own error, and nothing is lost', async (t) => {
    const [first, second] = [await encryptingCodec(), await encryptingCodec()];
    const path = join(await temporaryFolder(t), 'store.db');
    const store = await openAt(t, path, { codec: first.codec });
    await store.append('a-1', [{ type: 'Noted', data: 1 }]);
    const other = await openAt(t, path, { codec: second.codec });
    await assert.rejects(other.readStream('a-1').toArray(), { name: 'OperationError' });
    assert.equal((await store.readStream('a-1').first())?.data, 1);
  });

  for (const [what, encode] of [
    ['text that is not JSON', async (items: readonly CodecItem[]) => items.map(() => ({ data: '{', metadata: '{}' }))],
    [
      'metadata that are no object',
      async (items: readonly CodecItem[]) => items.map(() => ({ data: '1', metadata: '[1]' })),
    ],
    ['no text at all', async (items: readonly CodecItem[]) => items.map(() => ({ metadata: '{}' }))],
    ['fewer answers than items', async () => []],
    ['more answers than items', async (items: readonly CodecItem[]) => [...items, ...items]],
  ] as const) {
    test(`that answers with ${what} is refused before anything is written`, async (t) => {
      const { codec } = await encryptingCodec();
      // What plain JavaScript can hand in.
      const strange = { ...codec, encode } as Codec;
      const store = await openNew(t, inMemory, { codec: strange });
      await assert.rejects(callMethod(store, 'append', 'a-1', [{ type: 'Noted', data: 1 }]), {
        name: 'TypeError',
        message: /codec/,
      });
      assert.deepEqual(await everythingIn(store), []);
    });
  }

  test('is measured by what it makes: a record beyond the limit is refused', async (t) => {
    const { codec } = await encryptingCodec();
    const store = await openNew(t, inMemory, { codec, limits: 'portable' });
    const data = 'x'.repeat(230_000);
    await assert.rejects(store.append('a-1', [{ type: 'Noted', data }]), { code: 'LIMIT_EXCEEDED' });
    assert.deepEqual(await everythingIn(store), []);
  });
});
