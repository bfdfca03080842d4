/** The picture of append rate and entity load against the number of stored events. */

import type { RunResults, VariantResults } from '../run/results.ts';
import { chart, type Series } from './chart.ts';

/** The SVG, or undefined where the run did not measure log sizes. */
export function logSizePicture(results: RunResults): string | undefined {
  const workload = results.workloads.find(({ name }) => name === 'log-size');
  const places = workload?.variants.filter(({ name }) => /^hindsight, (empty|[\d,]+ events)$/.test(name)) ?? [];
  const control = workload?.variants.find(({ name }) => name === 'bare file')?.medians['eventsPerSecond'];
  if (places.length < 2 || places.some(({ measurements }) => measurements.length === 0)) return undefined;
  const xLabels = places.map(({ name }) =>
    name
      .replace('hindsight, ', '')
      .replace(' events', '')
      .replace(/,000,000$/, ' M')
      .replace(/,000$/, ' k'),
  );
  const { machine, startedAt } = results;
  return chart(
    [
      {
        title: 'Durable single-event appends a second, 64 writers',
        xLabels,
        yFormat: (value) => (value === 0 ? '0' : `${value / 1000} k`),
        series: [
          { name: 'hindsight', colour: 1, points: pointsOf(places, 'eventsPerSecond') },
          ...(control === undefined
            ? []
            : [
                {
                  name: 'bare file (control)',
                  colour: 3,
                  isDashed: true,
                  points: places.map((_, x) => ({ x, y: control })),
                } satisfies Series,
              ]),
        ],
      },
      {
        title: 'Loading an entity of ten events, anywhere in the log',
        xLabels,
        yFormat: (value) => `${Math.round(value * 1000)} µs`,
        series: [
          { name: 'p50', colour: 1, points: pointsOf(places, 'loadP50Ms') },
          { name: 'p99', colour: 2, points: pointsOf(places, 'loadP99Ms') },
        ],
      },
    ],
    `Events stored. ${machine.cpu}, ${machine.coreCount} cores, ${machine.fileSystem}, Node ${machine.node}; ${startedAt.slice(0, 10)}.`,
  );
}

function pointsOf(places: readonly VariantResults[], figure: string): { x: number; y: number }[] {
  return places.flatMap(({ medians }, x) => {
    const y = medians[figure];
    return y === undefined ? [] : [{ x, y }];
  });
}
