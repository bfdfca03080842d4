/**
 * History against its definitions: as of version n is folding n events, a difference applied to the one state gives the
 * other, and blame, timeline and bisect are what a naive replay says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { openStore, type Event, type Recorded, type SnapshottedFold } from '../../src/index.ts';
import {
  applyChanges,
  bisect,
  bisectCategory,
  blame,
  changesBetween,
  diff,
  diffCategory,
  foldLog,
  statesOf,
  timeline,
} from '../../src/history/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import { naiveBlame } from './naive.ts';

type Put = Event<'Put', { key: string; value: unknown }>;
type Dropped = Event<'Dropped', { key: string }>;
type Changed = Put | Dropped;
type State = Readonly<Record<string, unknown>>;

const keyed = {
  initialState: (): State => ({ items: [] }),
  evolve: (state: State, { type, data }: Recorded<Changed>): State =>
    type === 'Put'
      ? Object.fromEntries([...Object.entries(state), [data.key, data.value]])
      : Object.fromEntries(Object.entries(state).filter(([key]) => key !== data.key)),
  elementKeys: { '/items': 'sku', '/a/*': 'sku' },
};

const element = fc.record({ sku: fc.constantFrom('x', 'y', 'z', 1), n: fc.nat(2) }, { requiredKeys: ['sku'] });
const value = fc.oneof(
  fc.constantFrom(null, true, 0, 1, 'text', ''),
  fc.array(element, { maxLength: 4 }),
  fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'c/d', 'e~f'), fc.oneof(fc.nat(2), fc.array(element))),
  fc.jsonValue({ maxDepth: 2 }),
);
const key = fc.constantFrom('items', 'a', 'b', '__proto__', '');
const change: fc.Arbitrary<Changed> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ key, value }).map((data): Put => ({ type: 'Put', data })) },
  { weight: 1, arbitrary: key.map((name): Dropped => ({ type: 'Dropped', data: { key: name } })) },
);
const history = fc.array(change, { minLength: 1, maxLength: 12 });

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** As JSON has it: what a store gives back. */
const plain = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

test('changes applied to the one state give the other', () => {
  fc.assert(
    fc.property(value, value, (before, after) => {
      for (const elementKeys of [undefined, { '': 'sku', '/a': 'sku' }]) {
        const changes = changesBetween(before, after, { elementKeys });
        assert.deepEqual(applyChanges(before, changes, { elementKeys }), plain(after));
        const isSame = isDeepStrictEqual(plain(before), plain(after));
        assert.equal(changes.length === 0, isSame, 'No change is reported exactly where nothing differs');
      }
    }),
    { numRuns: 500 },
  );
});

test('a negative zero is a zero, as JSON writes it', () => {
  const [change, ...others] = changesBetween({ a: 1 }, { a: -0 });
  assert.deepEqual([change, others], [{ kind: 'replaced', path: '/a', before: 1, after: 0 }, []]);
  assert.deepEqual(changesBetween({ a: 0 }, { a: -0 }), []);
  assert.equal(applyChanges(-0, []), 0);
});

test('states that share their elements differ as copies of them do', () => {
  const step = fc.record({ at: fc.nat(4), by: element, what: fc.constantFrom('set', 'add', 'drop', 'swap', 'keep') });
  const elementKeys = { '/items': 'sku' };
  fc.assert(
    fc.property(fc.array(element, { maxLength: 4 }), fc.array(step, { maxLength: 8 }), (first, steps) => {
      let items: readonly unknown[] = first;
      for (const { at, by, what } of steps) {
        const after = stepped(items, { at, by, what });
        const changes = changesBetween({ items }, { items: after }, { elementKeys });
        assert.deepEqual(changes, changesBetween(plain({ items }), plain({ items: after }), { elementKeys }));
        items = after;
      }
    }),
  );
});

/** A list after one change of it; elements that did not change are the very same. */
function stepped(
  items: readonly unknown[],
  { at, by, what }: { readonly at: number; readonly by: unknown; readonly what: string },
): readonly unknown[] {
  const index = Math.min(at, items.length - 1);
  if (what === 'add') return items.toSpliced(at, 0, by);
  if (index < 0 || what === 'keep') return [...items];
  if (what === 'set') return items.with(index, by);
  return what === 'drop' ? items.toSpliced(index, 1) : [...items.slice(index), ...items.slice(0, index)];
}

test('as of, timeline, diff, blame and bisect are what a naive replay says, and agree with one another', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (events) => {
      await using store = await openStore('memory:');
      for (const event of events) await store.append('thing-1', [event]);
      const recorded = await store.readStream<Changed>('thing-1').toArray();
      const states = [plain(keyed.initialState())];
      for (const event of recorded) states.push(plain(keyed.evolve(states.at(-1) as State, event)));

      for (const [version, state] of states.entries())
        assert.deepEqual(plain((await store.load(keyed, 'thing-1', { asOf: { version } })).state), state);

      const entries = await timeline(store, keyed, 'thing-1').toArray();
      assert.equal(entries.length, events.length);
      for (const [index, { before, after, changes, event }] of entries.entries()) {
        assert.equal(event.version, index + 1);
        assert.deepEqual(plain(before), states[index]);
        assert.deepEqual(plain(after), states[index + 1]);
        assert.deepEqual(applyChanges(before, changes, keyed), states[index + 1]);
      }

      const last = states.length - 1;
      const found = await diff(store, keyed, 'thing-1', { from: { version: 1 }, to: { version: last } });
      assert.deepEqual(applyChanges(found.from.state, found.changes, keyed), states[last]);
      const back = await diff(store, keyed, 'thing-1', { from: { version: last }, to: { version: 1 } });
      assert.deepEqual(applyChanges(back.from.state, back.changes, keyed), states[1]);

      for (const version of [last, Math.ceil(last / 2)]) {
        const blamed = await blame(store, keyed, 'thing-1', { asOf: { version } });
        const expected = naiveBlame(states.slice(0, version + 1), keyed.elementKeys);
        assert.deepEqual(
          blamed.leaves.map(({ path, value: leaf, event }) => [path, leaf, event?.version]),
          expected.leaves,
        );
        assert.deepEqual(new Map(blamed.deletions.map(({ path, event }) => [path, event.version])), expected.deletions);
        for (const { event, path } of blamed.leaves) {
          if (event === undefined) continue;
          const at = entries[event.version - 1]?.changes ?? [];
          assert.ok(
            at.some(
              (each) => path === each.path || path.startsWith(`${each.path}/`) || each.path.startsWith(`${path}/`),
            ),
            `The timeline shows a change of ${path} where the blame says so`,
          );
        }
      }

      const holds = (state: State): boolean => Object.hasOwn(state, 'b');
      const first = states.findIndex((state) => holds(state as State));
      const bisected = await bisect(store, keyed, 'thing-1', holds);
      assert.equal(bisected?.version, first === -1 ? undefined : first);
    }),
    { numRuns: 150 },
  );
});

test('an equal value set again moves the blame only when asked', async () => {
  await using store = await openStore('memory:');
  type Renamed = Event<'Renamed', { name: string }>;
  type Moved = Event<'Moved', { city: string }>;
  const person = {
    initialState: { name: '', city: '' },
    evolve: (state: { name: string; city: string }, { data }: Recorded<Renamed | Moved>) => ({ ...state, ...data }),
  };
  await store.append('person-1', [
    { type: 'Renamed', data: { name: 'Ann' } },
    { type: 'Moved', data: { city: 'Bonn' } },
    { type: 'Renamed', data: { name: 'Ann' } },
  ]);
  const setters = async (equalValues: 'keep' | 'move') =>
    (await blame(store, person, 'person-1', { equalValues })).leaves.map(({ path, event }) => [path, event?.version]);
  assert.deepEqual(await setters('keep'), [
    ['/name', 1],
    ['/city', 2],
  ]);
  assert.deepEqual(await setters('move'), [
    ['/name', 3],
    ['/city', 2],
  ]);
});

test('moments of recording and of occurrence include what they say', async () => {
  const clock = settableClock('2026-03-01T00:00:00Z');
  await using store = await openStore('memory:', { now: clock.now });
  type Paid = Event<'Paid', { cents: number }>;
  const sum: SnapshottedFold<number, Paid> = { initialState: 0, evolve: (total, { data }) => total + data.cents };
  const list: SnapshottedFold<number[], Paid> = { initialState: [], evolve: (all, { data }) => [...all, data.cents] };
  await store.append('account-1', [{ type: 'Paid', data: { cents: 1 } }]);
  clock.advanceMs(86_400_000);
  const late = { type: 'Paid', data: { cents: 10 }, occurredAt: '2026-02-20T12:00:00+01:00' } as const;
  const { checkpoint } = await store.append('account-1', [late]);
  clock.advanceMs(86_400_000);
  await store.append('account-1', [{ type: 'Paid', data: { cents: 100 } }]);

  const asOf = async (moment: Parameters<typeof store.load>[2]) => await store.load(sum, 'account-1', moment);
  assert.deepEqual(await asOf({ asOf: { time: '2026-03-02T00:00:00Z' } }), { state: 11, version: 2 });
  assert.deepEqual(await asOf({ asOf: { time: '2026-03-01T23:59:59.999999Z' } }), { state: 1, version: 1 });
  assert.deepEqual(await asOf({ asOf: { time: '2026-03-03T00:00:00Z' } }), {
    state: 111,
    version: 3,
    isProvisional: true,
  });
  assert.deepEqual(await asOf({ asOf: { checkpoint } }), { state: 11, version: 2 });
  const happened = { occurredAt: '2026-02-28T00:00:00Z' };
  assert.deepEqual(await asOf({ asOf: happened }), { state: 10, version: 3, isProvisional: true });
  assert.deepEqual(await asOf({ asOf: { ...happened, known: { time: '2026-03-01T12:00:00Z' } } }), {
    state: 0,
    version: 1,
  });
  const sorted = { occurredAt: '2026-04-01T00:00:00Z', order: 'occurredAt' } as const;
  assert.deepEqual((await store.load(list, 'account-1', { asOf: sorted })).state, [10, 1, 100]);
  assert.deepEqual((await foldLog(store, list, { category: 'account', asOf: sorted })).state, [10, 1, 100]);
  assert.equal((await foldLog(store, sum, { category: 'account', asOf: { time: '2026-03-02T06:00:00Z' } })).state, 11);
  await assert.rejects(asOf({ asOf: {} as never }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(diff(store, sum, 'account-1', {} as never), { code: 'INVALID_ARGUMENT' });
});

test('the history of a category names what appeared, changed, ended and ever held', async () => {
  const clock = settableClock('2026-03-01T00:00:00Z');
  await using store = await openStore('memory:', { now: clock.now, partitionCount: 4 });
  type Set = Event<'Set', { total: number; isClosed?: boolean }>;
  const order: SnapshottedFold<{ total: number; isClosed: boolean }, Set> = {
    initialState: { total: 0, isClosed: false },
    evolve: (state, { data }) => ({ ...state, ...data }),
    isTerminal: ({ isClosed }) => isClosed,
  };
  const set = async (id: string, data: Set['data']) => await store.append(`order-${id}`, [{ type: 'Set', data }]);
  await set('a', { total: 1 });
  await set('b', { total: -5 });
  await set('quiet', { total: 7 });
  clock.advanceMs(3_600_000);
  await set('a', { total: 2 });
  await set('b', { total: 5, isClosed: true });
  await set('c', { total: 3 });
  await set('d', { total: 4, isClosed: true });
  const changes = diffCategory(store, order, 'order', { from: { time: '2026-03-01T00:30:00Z' } });
  const kinds = (await collect(changes)).map(({ streamId, kind }) => `${streamId} ${kind}`);
  assert.deepEqual(kinds.toSorted(), ['order-a changed', 'order-b ended', 'order-c appeared', 'order-d passed']);
  const then = await collect(statesOf(store, order, 'order', { asOf: { time: '2026-03-01T00:30:00Z' } }));
  assert.deepEqual(
    then.map(({ streamId, state }) => [streamId, state.total]),
    [
      ['order-a', 1],
      ['order-b', -5],
      ['order-quiet', 7],
    ],
  );
  const negative = await collect(bisectCategory(store, order, 'order', ({ total }) => total < 0));
  assert.deepEqual(
    negative.map(({ streamId, version, isHolding }) => [streamId, version, isHolding]),
    [['order-b', 1, false]],
  );
});

test('by occurrence an entity exists from the first of its events that had occurred', async () => {
  await using store = await openStore('memory:');
  const count: SnapshottedFold<number, Event> = { initialState: 0, evolve: (events) => events + 1 };
  const begin = async (id: string, occurredAt: string) =>
    await store.append(`case-${id}`, [{ type: 'Begun', data: null, occurredAt }]);
  await begin('early', '2011-01-10T00:00:00Z');
  await begin('late', '2011-03-10T00:00:00Z');
  const january = { occurredAt: '2011-01-01' };
  const february = { occurredAt: '2011-02-01' };
  const april = { occurredAt: '2011-04-01' };
  const then = await collect(statesOf(store, count, 'case', { asOf: february }));
  assert.deepEqual(
    then.map(({ streamId }) => streamId),
    ['case-early'],
  );
  const grown = await collect(diffCategory(store, count, 'case', { from: february, to: april }));
  assert.deepEqual(
    grown.map(({ streamId, kind }) => `${streamId} ${kind}`),
    ['case-late appeared'],
  );
  assert.deepEqual(await collect(statesOf(store, count, 'case', { asOf: january })), []);
});

test('a state that truncation hides is refused, not made up', async () => {
  await using store = await openStore('memory:', { events: { Summed: { carriesState: true } } });
  const sum: SnapshottedFold<number, Event<'Summed', number>> = {
    initialState: 0,
    evolve: (_, { data }) => data,
  };
  for (const data of [1, 2, 3]) await store.append('sum-1', [{ type: 'Summed', data }]);
  await store.truncate('sum-1', { before: 3 });
  await assert.rejects(store.load(sum, 'sum-1', { asOf: { version: 2 } }), { code: 'HISTORY_HIDDEN' });
  assert.deepEqual(await store.load(sum, 'sum-1', { asOf: { version: 3 } }), { state: 3, version: 3 });
  assert.deepEqual(await store.load(sum, 'sum-1', { asOf: { version: 0 } }), { state: 0, version: 0 });
  await assert.rejects(collect(statesOf(store, sum, 'sum', { asOf: { checkpoint: 1 } })), {
    code: 'HISTORY_HIDDEN',
  });
  assert.deepEqual(await collect(statesOf(store, sum, 'sum', { asOf: { checkpoint: 1 }, hidden: 'skip' })), []);
});
