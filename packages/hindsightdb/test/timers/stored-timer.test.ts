/** The entries of timers: what is written, what is read back, and in which order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { clearWrites, dueTimers, firstDue, readTimer, setWrites } from '../../src/timers/stored-timer.ts';
import { comparePlaces, orderKey, placeOfKey } from '../../src/timers/timer-keys.ts';
import { openNew, storeKinds } from '../open-stores.ts';

for (const kind of storeKinds) {
  test(`a timer is set, moved and taken away by its entries (${kind.name})`, async (context) => {
    const store = await openNew(context, kind);
    const { engine } = store.context;
    const timer = {
      group: 'library/orders',
      id: 'a/b %',
      dueAt: 5_000_000,
      dataText: '{"cents":7}',
      streamId: 'order-1',
    };
    assert.deepEqual(await engine.keyedWrite(await setWrites(store.context, undefined, timer)), []);
    const known = await readTimer(store.context, timer.group, timer.id);
    assert.ok(known);
    const { revision, ...said } = known;
    assert.deepEqual(said, timer);
    assert.deepEqual(await firstDue(engine, timer.group), { at: 5_000_000, id: 'a/b %' });

    const moved = await setWrites(store.context, known, { ...timer, dueAt: 3 });
    assert.deepEqual(await engine.keyedWrite(moved), []);
    assert.equal((await engine.keyedWrite(moved)).length, 1, 'what was read is no longer there');
    assert.equal((await engine.keyedWrite(clearWrites(known))).length, 1);
    assert.deepEqual(
      (await dueTimers(store.context, timer.group, 3, 10)).map(({ dueAt, dataText }) => [dueAt, dataText]),
      [[3, '{"cents":7}']],
    );
    assert.deepEqual(await dueTimers(store.context, timer.group, 2, 10), []);

    const again = await readTimer(store.context, timer.group, timer.id);
    assert.ok(again && again.revision > revision);
    assert.deepEqual(await engine.keyedWrite(clearWrites(again)), []);
    assert.equal(await firstDue(engine, timer.group), undefined);
    assert.deepEqual(await engine.keyedScan({ prefix: '', limit: 10 }), []);
  });

  test(`a place that is no timer's is taken away and holds nothing up (${kind.name})`, async (context) => {
    const store = await openNew(context, kind);
    const { engine } = store.context;
    const strays = [1, 2, 3].map((at) => ({ key: orderKey('due', 'g', { at, id: 'gone' }), value: '{}' }));
    await engine.keyedWrite(strays);
    await engine.keyedWrite(
      await setWrites(store.context, undefined, { group: 'g', id: 'x', dueAt: 9, dataText: 'null' }),
    );
    assert.deepEqual(
      (await dueTimers(store.context, 'g', 10, 2)).map(({ id }) => id),
      ['x'],
    );
    assert.deepEqual(await firstDue(engine, 'g'), { at: 9, id: 'x' });
  });
}

test('the keys of places sort as times and ids do, also before 1970, and say what they were made of', () => {
  const place = fc.record(
    {
      at: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.maxSafeInteger()),
      id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(place, place, (left, right) => {
      const keys = [left, right].map((each) => orderKey('due', 'g/h', each));
      assert.deepEqual(keys.map(placeOfKey), [left, right]);
      const [leftKey = '', rightKey = ''] = keys;
      const byKey = leftKey === rightKey ? 0 : leftKey < rightKey ? -1 : 1;
      assert.equal(Math.sign(comparePlaces(left, right)), byKey);
    }),
  );
});
