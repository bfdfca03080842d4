/** What people see: widths, tables, quantities, progress, times. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseTime } from '../src/cli/time-option.ts';
import { paletteFor } from '../src/cli/terminal/palette.ts';
import { ProgressLine } from '../src/cli/terminal/progress-line.ts';
import { bytesText, countOf, durationText, rateText } from '../src/cli/terminal/quantities.ts';
import { tableLines } from '../src/cli/terminal/table.ts';
import { cutToWidth, safeText, widthOf } from '../src/cli/terminal/text-width.ts';

suite('the width of a text', () => {
  test('counts columns and neither colours nor marks', () => {
    const widths: readonly (readonly [string, number])[] = [
      ['', 0],
      ['abc', 3],
      ['ö', 1],
      ['o\u0308', 1],
      ['日本', 4],
      ['😀', 2],
      ['👩‍👩‍👧', 2],
      ['\u001b[31mred\u001b[39m', 3],
      ['a\u200bb', 2],
    ];
    for (const [text, width] of widths) assert.deepEqual([text, widthOf(text)], [text, width]);
  });

  test('is never more than asked for after a cut', () => {
    assert.equal(cutToWidth('abcdef', 6), 'abcdef');
    assert.equal(cutToWidth('abcdefg', 6), 'abcde…');
    assert.equal(cutToWidth('日本語', 4), '日…');
    for (let width = 1; width < 12; width += 1) assert.ok(widthOf(cutToWidth('a日b😀c本defg', width)) <= width);
  });

  test('is that of escapes where a terminal would obey', () => {
    assert.equal(safeText('a\u001b[2J\n\u202eb'), 'a\\u001b[2J\\u000a\\u202eb');
  });
});

suite('a table', () => {
  test('aligns by width, numbers to the right, and ends where the terminal does', () => {
    const columns = [{ title: 'NAME' }, { title: 'COUNT', align: 'right' as const }, { title: 'TEXT' }];
    assert.deepEqual(
      tableLines(
        columns,
        [
          ['日本', '5', 'x'],
          ['a', '1,000', 'longer text'],
        ],
        {},
      ),
      ['NAME  COUNT  TEXT', '日本      5  x', 'a     1,000  longer text'],
    );
    for (const line of tableLines(columns, [['n'.repeat(90), '5', 't'.repeat(90)]], { widthMax: 40 }))
      assert.ok(widthOf(line) <= 40, line);
  });
});

test('a table leaves columns out where a narrow terminal has more need of the others', () => {
  const columns = [{ title: 'NAME' }, { title: 'KIND', leftOutBelow: 60 }, { title: 'WHY' }];
  const lines = (widthMax?: number): readonly string[] => tableLines(columns, [['a', 'b', 'c']], { widthMax });
  assert.deepEqual(lines(), ['NAME  KIND  WHY', 'a     b     c']);
  assert.deepEqual(lines(60), ['NAME  KIND  WHY', 'a     b     c']);
  assert.deepEqual(lines(59), ['NAME  WHY', 'a     c']);
});

suite('colours', () => {
  const marks = (environment: NodeJS.ProcessEnv, isTTY: boolean): boolean =>
    paletteFor({ isTTY }, environment).bad('x') !== 'x';

  test('are for terminals, unless NO_COLOR or the terminal is against them', () => {
    assert.equal(marks({}, true), true);
    assert.equal(marks({}, false), false);
    assert.equal(marks({ NO_COLOR: '1' }, true), false);
    assert.equal(marks({ NO_COLOR: '' }, true), true);
    assert.equal(marks({ TERM: 'dumb' }, true), false);
    assert.equal(marks({ FORCE_COLOR: '1' }, false), true);
    assert.equal(marks({ FORCE_COLOR: '1', NO_COLOR: '1' }, true), false);
  });
});

suite('progress', () => {
  function drawn(isTTY: boolean, steps: readonly number[]): string[] {
    let now = 0;
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text), isTTY, columns: 80 };
    const line = new ProgressLine('Importing', { stream, palette: paletteFor({}, {}), now: () => now, isQuiet: false });
    for (const step of steps) {
      now = step;
      line.update({ done: step, total: 20_000, count: step * 2, detail: `${step} events` });
    }
    line.clear();
    return written;
  }

  test('is one line that is drawn over on a terminal, with share, rate and what is left', () => {
    const written = drawn(true, [10, 1000, 1010, 10_000]);
    assert.equal(written.length, 3);
    assert.match(written[1] ?? '', /^\rImporting {2}━{12}╌{12} {3}50 % {2}10000 events {2}2,000\/s {2}10\.0 s left/);
    assert.equal(written[2], '\r\u001b[K');
  });

  test('is a line now and then elsewhere', () => {
    assert.deepEqual(drawn(false, [10, 5000, 10_000, 15_000]), [
      'Importing   50 %  10000 events  2,000/s  10.0 s left\n',
    ]);
  });
});

test('quantities read well', () => {
  assert.deepEqual(
    [countOf(1, 'event'), countOf(1234567, 'event'), countOf(2, 'category', 'categories')],
    ['1 event', '1,234,567 events', '2 categories'],
  );
  assert.deepEqual([0, 1023, 1024, 10 * 1024 * 1024].map(bytesText), ['0 B', '1023 B', '1.0 KiB', '10.0 MiB']);
  assert.deepEqual([0.42, 5, 850, 2400, 59_940, 59_990, 80_000, 3_900_000].map(durationText), [
    '0.42 ms',
    '5.0 ms',
    '850 ms',
    '2.4 s',
    '59.9 s',
    '1 min 0 s',
    '1 min 20 s',
    '1 h 5 min',
  ]);
  assert.deepEqual([rateText(90_000, 2000), rateText(3, 2000), rateText(1, 0)], ['45,000/s', '1.5/s', '0/s']);
});

suite('a time on the command line', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const text = (given: string): string => {
    const time = parseTime(given, now);
    return typeof time === 'string' ? time : time.toISOString();
  };

  test('is exact, or so long ago, or a word', () => {
    assert.equal(text('2026-03-01T09:30:00Z'), '2026-03-01T09:30:00Z');
    assert.equal(text('2026-03-01 09:30:00.123456+01'), '2026-03-01T09:30:00.123456+01:00');
    assert.equal(text('2h'), '2026-03-01T10:00:00.000Z');
    assert.equal(text('90 min ago'), '2026-03-01T10:30:00.000Z');
    assert.equal(text('@1772366400'), '2026-03-01T12:00:00.000Z');
    assert.equal(text('now'), '2026-03-01T12:00:00.000Z');
    assert.equal(text('2026-03-01'), new Date('2026-03-01T00:00:00').toISOString().replace('.000', ''));
    assert.equal(Date.parse(text('today')) - Date.parse(text('yesterday')), 86_400_000);
  });

  test('is refused when it does not exist', () => {
    for (const wrong of ['', 'tomorrow', '2026-02-30', '2026-13-01', '25:00', '2026-03-01T25:00Z', '5 parsecs'])
      assert.throws(() => parseTime(wrong, now), /Write a time as/);
  });
});
