/** Documents are found by their indexes, in order and page by page, whatever they and their ids hold. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { isHindsightError, openStore, type Event, type Recorded, type Store } from '../../src/index.ts';
import { defineProjection, documents, foldLive, runProjection, viewOf } from '../../src/projections/index.ts';
import { compareUtf8 } from '../../src/core/text.ts';
import { openNew, storeKinds } from '../open-stores.ts';

interface Item {
  readonly shelf?: string | null;
  readonly weight?: number | null;
  readonly isFragile?: boolean;
  readonly name?: string;
}
type Put = Event<'Put', { id: string; item: Item | null }>;

const items = documents<Item>({ indexes: ['shelf', ['shelf', 'weight'], ['isFragile', 'name'], 'weight'] });
const projection = defineProjection({
  name: 'items',
  view: items,
  on: {
    Put: ({ data: { id, item } }: Recorded<Put>) => (item === null ? items.remove(id) : items.set(id, item)),
  },
});

const id = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('', ' ', '!', '/', '../x', 'a b', '__proto__', '\ud800', '\uffff', '%20'),
);
const item: fc.Arbitrary<Item> = fc.record(
  {
    shelf: fc.oneof(fc.constantFrom('a', 'b', 'a b', 'a!', ''), fc.constant(null)),
    weight: fc.oneof(fc.constantFrom(0, 1, -1, 1.5, 1e21), fc.constant(null)),
    isFragile: fc.boolean(),
    name: fc.string({ maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const put: fc.Arbitrary<Put> = fc
  .record({ id, item: fc.option(item) })
  .map((data): Put => ({ type: 'Put', data: { ...data, id: data.id } }));

const rank = (value: unknown): number =>
  value === null || value === undefined
    ? 0
    : value === false
      ? 1
      : value === true
        ? 2
        : typeof value === 'number'
          ? 3
          : 4;
const compare = (left: unknown, right: unknown): number => {
  if (rank(left) !== rank(right)) return rank(left) - rank(right);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return typeof left === 'string' && typeof right === 'string' ? compareUtf8(left, right) : 0;
};

test('find gives what a plain search in all documents gives, in both directions and any size of page', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(put, { maxLength: 20 }),
      fc.record(
        {
          shelf: fc.constantFrom('a', 'a b', '', null),
          weight: fc.constantFrom(0, 1, null),
          isFragile: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      fc.record({
        direction: fc.constantFrom('forward' as const, 'backward' as const),
        limit: fc.integer({ min: 1, max: 7 }),
        orderBy: fc.constantFrom(undefined, 'weight' as const, 'name' as const),
      }),
      async (puts, where, { direction, limit, orderBy }) => {
        await using store = await openStore('memory:');
        if (puts.length > 0) await store.append('items', puts);
        const { view } = await foldLive(store, projection);
        const request = { where, direction, limit, ...(orderBy !== undefined && { orderBy }) };
        const served = isServed(where, orderBy);
        if (!served) {
          await assert.rejects(view.find(request), (error) => isHindsightError(error, 'VIEW_INDEX_MISSING'));
          return;
        }
        const found: string[] = [];
        for await (const each of view.all(request)) found.push(each.id);
        assert.deepEqual(
          found.toSorted(),
          matching(puts, where)
            .map(([key]) => key)
            .toSorted(),
        );
        if (orderBy === undefined) return;
        const plain = new Map(matching(puts, where));
        const sign = direction === 'forward' ? 1 : -1;
        for (const [index, key] of found.entries()) {
          const before = found[index - 1];
          if (before === undefined) continue;
          const order = compare(plain.get(before)?.[orderBy], plain.get(key)?.[orderBy]);
          assert.ok(sign * order <= 0, `${before} stands before ${key}`);
        }
      },
    ),
    { numRuns: 200 },
  );
});

function matching(puts: readonly Put[], where: object): [string, Item][] {
  const all = new Map<string, Item>();
  for (const { data } of puts) {
    if (!('id' in data)) continue;
    if (data.item === null) all.delete(data.id);
    else all.set(data.id, data.item);
  }
  return [...all].filter(([, each]) =>
    Object.entries(where).every(([field, value]) => compare(Reflect.get(each, field), value) === 0),
  );
}

const declared = [['shelf'], ['shelf', 'weight'], ['isFragile', 'name'], ['weight']];

function isServed(where: object, orderBy: string | undefined): boolean {
  const fields = new Set(Object.keys(where));
  const wanted = orderBy === undefined || fields.has(orderBy) ? [] : [orderBy];
  if (fields.size === 0 && wanted.length === 0) return true;
  return declared.some(
    (index) =>
      index.slice(0, fields.size).every((field) => fields.has(field)) &&
      index.length >= fields.size &&
      wanted.every((field) => index[fields.size] === field),
  );
}

for (const kind of storeKinds)
  suite(`documents (${kind.name}):`, () => {
    async function shown(store: Store) {
      const run = await runProjection(store, projection);
      await run.waitFor(await store.head());
      await run.stop();
      return viewOf(store, projection);
    }

    test('pages go on where the last one ended, also when documents come and go', async (context) => {
      const store = await openNew(context, kind);
      const event = (key: number): Put => ({ type: 'Put', data: { id: `i${key}`, item: { shelf: 'a', weight: key } } });
      await store.append('items', [1, 2, 3, 4, 5].map(event));
      const view = await shown(store);
      const request = { where: { shelf: 'a' }, orderBy: 'weight' as const, limit: 2 };
      const first = await view.find(request);
      assert.deepEqual(
        first.documents.map(({ id: key }) => key),
        ['i1', 'i2'],
      );
      await store.append('items', [event(0), { type: 'Put', data: { id: 'i3', item: null } }]);
      await shown(store);
      const second = await view.find({ ...request, ...(first.next !== undefined && { after: first.next }) });
      assert.deepEqual(
        second.documents.map(({ id: key }) => key),
        ['i4', 'i5'],
      );
      assert.equal(second.next, undefined);
    });

    test('what JSON leaves of a document is what is read, and what the next update sees', async (context) => {
      const store = await openNew(context, kind);
      const odd = documents<Record<string, unknown>>();
      const seen: unknown[] = [];
      const prototypeNamed: object = Object.fromEntries([['__proto__', { polluted: true }]]);
      const keeping = defineProjection({
        name: 'odd',
        view: odd,
        on: {
          Put: ({ data: { id: key } }: Recorded<Put>) => [
            odd.set(key, {
              gone: undefined,
              at: new Date(0),
              nothing: Number.NaN,
              list: [undefined, () => 1],
              ...prototypeNamed,
            }),
            odd.update(key, (document) => {
              seen.push(document);
              return document;
            }),
          ],
        },
      });
      const { checkpoint } = await store.append('items', [{ type: 'Put', data: { id: '__proto__', item: {} } }]);
      await using run = await runProjection(store, keeping);
      await run.waitFor(checkpoint);
      const expected: unknown = JSON.parse(
        '{"at":"1970-01-01T00:00:00.000Z","nothing":null,"list":[null,null],"__proto__":{"polluted":true}}',
      );
      assert.deepEqual(await run.view.get('__proto__'), expected);
      assert.deepEqual(seen, [expected]);
      assert.equal(Reflect.get({}, 'polluted'), undefined);
    });

    test('wrong requests are refused with what would be right', async (context) => {
      const store = await openNew(context, kind);
      const view = await shown(store);
      await assert.rejects(
        view.find({ where: { name: 'x' } }),
        (error) => isHindsightError(error, 'VIEW_INDEX_MISSING') && error.message.includes('Declare "name"'),
      );
      for (const wrong of [
        { limit: 0 },
        { limit: 1001 },
        { direction: 'up' },
        { after: 7 },
        { after: '%' },
        { where: 'shelf' },
        { where: { shelf: undefined } },
        { where: { shelf: {} } },
        null,
      ])
        await assert.rejects(
          view.find(wrong as never),
          (error) => isHindsightError(error, 'INVALID_ARGUMENT'),
          JSON.stringify(wrong),
        );
      await assert.rejects(view.get(7 as never), (error) => isHindsightError(error, 'INVALID_ARGUMENT'));
    });
  });
