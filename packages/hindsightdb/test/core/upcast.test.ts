/** Upcasters change what is read, in their order, each once, and never what was recorded. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { upcastEvent, upcasterFingerprint, type Upcaster } from '../../src/core/upcast.ts';
import { callLoosely } from '../misuse.ts';
import { recorded } from './recorded-events.ts';

const renamed: Upcaster = { type: 'Added', upcast: () => ({ type: 'Counted' }) };
const doubled: Upcaster = { type: 'Counted', upcast: () => ({ data: { amount: 2 } }) };

suite('an upcaster', () => {
  test('changes events of its type and no others', () => {
    const other = recorded({ type: 'Removed' });
    assert.deepEqual(upcastEvent([renamed], other), [other]);
    assert.deepEqual(upcastEvent([renamed], recorded()), [recorded({ type: 'Counted' })]);
  });

  test('leaves what it does not name as it was, and can set data to undefined', () => {
    const tagged: Upcaster = { type: 'Added', upcast: () => ({ tags: ['a'], metadata: { actor: 'm' } }) };
    assert.deepEqual(upcastEvent([tagged], recorded()), [recorded({ tags: ['a'], metadata: { actor: 'm' } })]);
    const emptied: Upcaster = { type: 'Added', upcast: () => ({ data: undefined }) };
    assert.deepEqual(upcastEvent([emptied], recorded()), [recorded({ data: undefined })]);
  });

  test('cannot change where the event stands', () => {
    const moving: Upcaster = {
      type: 'Added',
      upcast: (event) => ({ ...event, position: 99, id: 'other', version: 7 }),
    };
    assert.deepEqual(upcastEvent([moving], recorded()), [recorded()]);
  });

  test('may look before it changes', () => {
    const old: Upcaster = {
      type: 'Added',
      when: ({ metadata }) => metadata.release === '1',
      upcast: () => ({ data: 0 }),
    };
    assert.deepEqual(upcastEvent([old], recorded()), [recorded()]);
    const ofRelease = recorded({ metadata: { release: '1' } });
    assert.deepEqual(upcastEvent([old], ofRelease), [{ ...ofRelease, data: 0 }]);
  });

  test('may make several events of one, which keep its place', () => {
    const split: Upcaster = { type: 'Added', upcast: () => [{ type: 'Opened' }, { type: 'Counted' }] };
    assert.deepEqual(upcastEvent([split], recorded()), [recorded({ type: 'Opened' }), recorded({ type: 'Counted' })]);
  });

  test('may make none', () => {
    const dropped: Upcaster = { type: 'Added', upcast: () => [] };
    assert.deepEqual(upcastEvent([dropped, renamed, doubled], recorded()), []);
  });
});

suite('a chain of upcasters', () => {
  test('is applied in the order of the list', () => {
    assert.deepEqual(upcastEvent([renamed, doubled], recorded()), [recorded({ type: 'Counted', data: { amount: 2 } })]);
    assert.deepEqual(upcastEvent([doubled, renamed], recorded()), [recorded({ type: 'Counted' })]);
  });

  test('applies each to everything that the ones before it made, and cannot loop', () => {
    const split: Upcaster = { type: 'Added', upcast: (event) => [{ data: event.data }, { type: 'Counted' }] };
    const back: Upcaster = { type: 'Counted', upcast: () => ({ type: 'Added' }) };
    const types = upcastEvent([split, split, back], recorded()).map(({ type }) => type);
    assert.deepEqual(types, ['Added', 'Added', 'Added']);
  });
});

suite('an upcaster that fails', () => {
  test('fails the read with UPCAST_FAILED, naming the event, and keeps its error as the cause', () => {
    const cause = new Error('no amount');
    const failing: Upcaster = {
      type: 'Added',
      upcast: () => {
        throw cause;
      },
    };
    assert.throws(() => upcastEvent([failing], recorded()), {
      code: 'UPCAST_FAILED',
      message: /Added failed on event e1 \(counter-1, version 1\): no amount/,
      cause,
      details: { eventId: 'e1', streamId: 'counter-1', version: 1, type: 'Added' },
    });
  });

  test('fails so in its condition too', () => {
    const failing: Upcaster = {
      type: 'Added',
      when: () => {
        throw new TypeError('no release');
      },
      upcast: () => ({}),
    };
    assert.throws(() => upcastEvent([failing], recorded()), { code: 'UPCAST_FAILED', message: /no release/ });
  });

  for (const answer of [
    undefined,
    null,
    'Counted',
    7,
    [null],
    [{}, 'x'],
    { type: '' },
    { type: 7 },
    { tags: 'a' },
    { metadata: null },
    Promise.resolve({}),
  ]) {
    test(`answers ${inspect(answer)}, which is no event`, () => {
      const strange: unknown = { type: 'Added', upcast: () => answer };
      assert.throws(() => callLoosely(upcastEvent, [strange], recorded()), { code: 'UPCAST_FAILED' });
    });
  }
});

suite('the fingerprint of upcasters', () => {
  test('is the same for the same upcasters', () => {
    assert.equal(upcasterFingerprint([renamed, doubled]), upcasterFingerprint([{ ...renamed }, { ...doubled }]));
  });

  test('changes with their code, their condition, their type, their order and their number', () => {
    const variants = [
      [],
      [renamed],
      [doubled],
      [renamed, doubled],
      [doubled, renamed],
      [{ ...renamed, upcast: () => ({ type: 'Summed' }) }],
      [{ ...renamed, when: () => true }],
      [{ ...renamed, type: 'Other' }],
      [{ ...renamed, version: 2 }],
    ];
    assert.equal(new Set(variants.map((each) => upcasterFingerprint(each))).size, variants.length);
  });

  test('rests on the declared version alone where there is one', () => {
    const first = upcasterFingerprint([{ ...renamed, version: 1 }]);
    assert.equal(upcasterFingerprint([{ ...renamed, version: 1, upcast: () => ({ type: 'Summed' }) }]), first);
    assert.notEqual(upcasterFingerprint([{ ...renamed, version: '1' }]), first);
  });
});
