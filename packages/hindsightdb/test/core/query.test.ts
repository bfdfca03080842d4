/** Queries mean what they say, and what says nothing is refused. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { matchesQuery, normalizeQuery, type Query } from '../../src/core/query.ts';
import { assertArgumentError } from '../misuse.ts';

const anyType = fc.constantFrom('A', 'B', 'C');
const anyTag = fc.constantFrom('x:1', 'y:2', 'z:3');
const anyItem = fc
  .record(
    { types: fc.array(anyType, { maxLength: 3 }), tags: fc.array(anyTag, { maxLength: 3 }) },
    { requiredKeys: [] },
  )
  .filter(({ types = [], tags = [] }) => types.length + tags.length > 0);
const anyQuery: fc.Arbitrary<Query> = fc.array(anyItem, { minLength: 1, maxLength: 3 });
const anyTags = fc.uniqueArray(anyTag);

suite('a query means an event', () => {
  test('when an item has its type, or none, and the event has all tags of that item', () => {
    fc.assert(
      fc.property(anyQuery, anyType, anyTags, (query, type, tags) => {
        let isMeant = false;
        for (const item of query) {
          const isOfType = !item.types?.length || item.types.some((each) => each === type);
          let hasTags = true;
          for (const tag of item.tags ?? []) hasTags &&= tags.some((each) => each === tag);
          isMeant ||= isOfType && hasTags;
        }
        assert.equal(matchesQuery(query, type, tags), isMeant);
      }),
    );
  });

  test('when one of two queries joined means it', () => {
    fc.assert(
      fc.property(anyQuery, anyQuery, anyType, anyTags, (left, right, type, tags) =>
        assert.equal(
          matchesQuery([...left, ...right], type, tags),
          matchesQuery(left, type, tags) || matchesQuery(right, type, tags),
        ),
      ),
    );
  });

  test('more often with fewer tags asked for', () => {
    fc.assert(
      fc.property(anyType, anyTags, anyTags, anyTag, (type, tags, wanted, further) => {
        const strict = matchesQuery([{ types: [type], tags: [...wanted, further] }], type, tags);
        if (strict) assert.ok(matchesQuery([{ types: [type], tags: wanted }], type, tags));
      }),
    );
  });
});

suite('a checked query', () => {
  test('means the same, has no repetitions, and is checked again without a change', () => {
    fc.assert(
      fc.property(anyQuery, anyType, anyTags, (query, type, tags) => {
        const checked = normalizeQuery(query);
        assert.equal(matchesQuery(checked, type, tags), matchesQuery(query, type, tags));
        assert.deepEqual(normalizeQuery(checked), checked);
        for (const { types = [], tags: wanted = [] } of checked)
          assert.deepEqual([new Set(types).size, new Set(wanted).size], [types.length, wanted.length]);
      }),
    );
  });

  test('is a copy, so that changing the original changes nothing', () => {
    const types = ['A'];
    const checked = normalizeQuery([{ types }]);
    types.push('B');
    assert.deepEqual(checked, [{ types: ['A'], tags: [] }]);
  });
});

suite('no query is', () => {
  for (const [value, named] of [
    [undefined, /^A query must be an array/],
    [null, /^A query must be an array/],
    ['A', /^A query must be an array/],
    [{ types: ['A'] }, /^A query must be an array/],
    [[], /^A query needs at least one item/],
    [[null], /^Item 0 of the query must be an object/],
    [['A'], /^Item 0 of the query must be an object/],
    [[{}], /^Item 0 of the query selects nothing/],
    [[{ types: ['A'] }, { types: [], tags: [] }], /^Item 1 of the query selects nothing/],
    [[{ types: 'A' }], /^types of item 0 of the query/],
    [[{ tags: [''] }], /^tags of item 0 of the query/],
    [[{ tags: ['a', 7] }], /^tags of item 0 of the query/],
    [[{ types: ['A'], tag: 'x:1' }], /^Item 0 of the query has a member "tag"/],
  ] as const) {
    test(inspect(value), () => {
      assert.throws(
        () => normalizeQuery(value),
        (error) => assertArgumentError(error, named, 'INVALID_QUERY'),
      );
    });
  }
});
