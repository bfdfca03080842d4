/** What a failure shows of two values: where they differ, and no more of the rest than helps. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { differenceOf } from '../../src/testing/difference.ts';

suite('a difference', () => {
  test('names the places, and shows the lines with some around them', () => {
    const actual = { a: 1, b: { c: [1, 2] }, d: 'x' };
    const lines = differenceOf({ a: 1, b: { c: [1, 3] }, e: null }, actual).split('\n');
    assert.deepEqual(lines.slice(0, 4), [
      '/b/c/1: expected 3, got 2',
      '/e: expected null, got nothing',
      '/d: not expected, got "x"',
      '',
    ]);
    assert.ok(lines.includes('-       3') && lines.includes('+       2'));
  });

  test('knows elements by their keys where there are keys', () => {
    const list = [
      { sku: 'cup', quantity: 1 },
      { sku: 'tea', quantity: 2 },
    ];
    const [place] = differenceOf(
      { list },
      { list: [list[0], { sku: 'tea', quantity: 3 }] },
      {
        elementKeys: { '/list': 'sku' },
      },
    ).split('\n');
    assert.equal(place, '/list/tea/quantity: expected 2, got 3');
    assert.match(
      differenceOf({ list }, { list: list.toReversed() }, { elementKeys: { '/list': 'sku' } }),
      /^\/list: expected the order cup, tea, got tea, cup\n/,
    );
  });

  test('tells lists of different length by their lengths, and marks what is missing', () => {
    const difference = differenceOf([1, 2, 3], [1, 3]);
    assert.match(difference, /^expected a list of 3, got one of 2\n/);
    assert.equal(difference.split('\n').filter((line) => /^[-+] {3}/.test(line)).length, 1);
  });

  test('leaves out what is the same, and stays short where everything differs', () => {
    const large = (value: number) => Array.from({ length: 5000 }, (_, index) => (index === 2500 ? value : index));
    const one = differenceOf(large(-1), large(-2)).split('\n');
    assert.ok(one.length < 20, String(one.length));
    assert.equal(one[0], '/2500: expected -1, got -2');
    const numbers = Array.from({ length: 5000 }, (_, index) => index);
    const all = differenceOf(
      numbers,
      numbers.map((value) => -1 - value),
    ).split('\n');
    assert.ok(all.length < 230, String(all.length));
    assert.match(all.join('\n'), /… and 4990 places more/);
    assert.match(all.at(-1) ?? '', /… and \d+ lines more/);
  });

  test('shows what JSON cannot hold, and ends for what has no end', () => {
    assert.match(differenceOf({ a: 1n }, { a: 2n }), /\/a: expected "1", got "2"/);
    assert.match(differenceOf({ a: /x/ }, { a: 'y' }), /"\/x\/"/);
    assert.match(differenceOf(new Map([[1, 2]]), 3), /a Map/);
  });

  test('of two texts, numbers or nothing is their lines', () => {
    assert.equal(differenceOf('a', 'b'), '- expected\n+ actual\n\n- "a"\n+ "b"');
    assert.equal(differenceOf(undefined, 1), '- expected\n+ actual\n\n- undefined\n+ 1');
  });
});
