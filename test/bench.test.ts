/** The arithmetic of the bench: what it publishes rests on these few functions. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Durations, median, quantile } from '../bench/drive/statistics.ts';
import { chart } from '../bench/report/chart.ts';
import { formatCount, formatFigure } from '../bench/report/figures.ts';
import { table } from '../bench/report/table.ts';
import { judge, mediansOf, type VariantResults } from '../bench/run/results.ts';
import type { Target } from '../bench/run/workload.ts';

test('a quantile is the nearest rank, and a median the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(hundred, 0.5), 50);
  assert.equal(quantile(hundred, 0.99), 99);
  assert.equal(quantile([7], 0.99), 7);
  assert.ok(Number.isNaN(median([])));
});

test('durations keep every value beyond the room that they begin with', () => {
  const durations = new Durations();
  for (let value = 1; value <= 100_000; value += 1) durations.add(value);
  assert.equal(durations.count, 100_000);
  assert.equal(durations.quantile(0.99), 99_000);
});

const variant = (name: string, rates: readonly number[]): VariantResults => {
  const measurements = rates.map((eventsPerSecond) => ({ eventsPerSecond }));
  return { name, durability: '', measurements, medians: mediansOf(measurements) };
};

const target: Target = {
  title: 'against the yardstick',
  of: { variants: ['ours'], figure: 'eventsPerSecond' },
  against: { variants: ['slow', 'fast'], figure: 'eventsPerSecond' },
  better: 'higher',
  must: 0.5,
  aim: 0.75,
  unit: '×',
};

test('a target is judged by the ratios of neighbours in time, against the best of its yardsticks', () => {
  const yardsticks = [variant('slow', [10, 10, 10]), variant('fast', [100, 200, 400])];
  const verdict = judge(target, [variant('ours', [60, 100, 320]), ...yardsticks]);
  assert.deepEqual([verdict?.value, verdict?.lowest, verdict?.highest, verdict?.reached], [0.6, 0.5, 0.8, 'must']);
  assert.equal(judge(target, [variant('ours', [10, 10, 10]), ...yardsticks])?.reached, 'missed');
  assert.equal(judge(target, [variant('ours', [90, 180, 360]), ...yardsticks])?.reached, 'aim');
});

test('a target without its measurements is not judged', () => {
  assert.equal(judge(target, [variant('ours', [1])]), undefined);
  assert.equal(judge(target, [variant('ours', []), variant('fast', [1])]), undefined);
});

test('where less is better, a figure is judged in its own unit', () => {
  const memory: Target = { ...target, better: 'lower', must: 200, unit: 'MB', divisor: 1e6 };
  const { against: _, aim: __, ...alone } = memory;
  const verdict = judge(alone, [variant('ours', [150e6, 170e6, 160e6])]);
  assert.deepEqual([verdict?.value, verdict?.reached], [160, 'aim']);
});

test('figures are written with their units, and missing ones as a dash', () => {
  assert.equal(formatCount(123_456), '123,000');
  assert.equal(formatFigure('p99Ms', 0.1234), '0.12 ms');
  assert.equal(formatFigure('peakBytes', 173_800_000), '174 MB');
  assert.equal(formatFigure('p50Ms', undefined), '–');
});

test('a table pads its columns, and figures stand at the right end', () => {
  assert.equal(
    table(
      ['', 'p50', 'durability'],
      [
        ['ours', '1.00 ms', 'fsync'],
        ['theirs', '–', 'none'],
      ],
    ),
    [
      '|        |     p50 | durability |',
      '| ------ | ------: | ---------- |',
      '| ours   | 1.00 ms | fsync      |',
      '| theirs |       – | none       |',
    ].join('\n'),
  );
});

test('a chart holds every point and name, escaped', () => {
  const svg = chart(
    [
      {
        title: 'a < b & c',
        xLabels: ['1', '2'],
        yFormat: String,
        series: [
          {
            name: 'ours',
            colour: 1,
            points: [
              { x: 0, y: 1 },
              { x: 1, y: 3 },
            ],
          },
        ],
      },
    ],
    'a "caption"',
  );
  assert.match(svg, /^<svg [^>]+>/);
  assert.match(svg, /a &lt; b &amp; c/);
  assert.match(svg, /aria-label="a &quot;caption&quot;"/);
  assert.equal(svg.match(/<circle /g)?.length, 2);
  assert.doesNotMatch(svg, /NaN|undefined/);
});
