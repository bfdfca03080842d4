import { durability } from '../contestants/append-log.ts';
import { openHindsight } from '../contestants/hindsight.ts';
import type { Scale, Workload } from '../run/workload.ts';
import { grownLogName, grownLogs } from './grown-logs.ts';

const largest = (scale: Scale): number => scale.logSizes.at(-1) ?? 0;

export const readMemory: Workload = {
  name: 'read-memory',
  title: 'Memory while reading a large log',
  explanation:
    'The largest log is read to its end by pages, every event parsed. The resident memory of the process, Node itself included, is looked at after every page.',
  fixtures: (scale) => grownLogs(scale).slice(-1),
  variants: (scale) => [
    {
      name: 'hindsight',
      durability: durability.notApplicable,
      repetitionsMax: 2,
      fixtures: [grownLogName(largest(scale))],
      measure: async ({ fixture, progress }) => {
        await using store = await openHindsight(fixture(grownLogName(largest(scale))));
        const begin = performance.now();
        let [eventCount, peak, afterTenth] = [0, 0, 0];
        let next = 1_000_000;
        for await (const { events } of store.readLog().pages()) {
          eventCount += events.length;
          const resident = process.memoryUsage.rss();
          peak = Math.max(peak, resident);
          if (afterTenth === 0 && eventCount >= largest(scale) / 10) afterTenth = resident;
          if (eventCount < next) continue;
          progress(`${eventCount.toLocaleString('en')} events, ${Math.round(resident / 1e6)} MB`);
          next += 1_000_000;
        }
        return {
          peakBytes: peak,
          growthBytes: process.memoryUsage.rss() - afterTenth,
          eventsPerSecond: (eventCount / (performance.now() - begin)) * 1000,
          eventCount,
        };
      },
    },
  ],
  targets: () => [
    {
      title: 'peak',
      of: { variants: ['hindsight'], figure: 'peakBytes' },
      better: 'lower',
      must: 200,
      unit: 'MB',
      divisor: 1e6,
    },
  ],
};
