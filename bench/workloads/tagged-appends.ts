import type { Workload } from '../run/workload.ts';
import { bareFileNames, yardstickVariants } from './append-variants.ts';

export const taggedAppends: Workload = {
  name: 'tagged-appends',
  title: 'Single-event appends with two tags, 64 writers',
  explanation:
    'As before, each event with two tags: one of 10,000 customers and one of 1,000 products. Hindsight indexes them; the bare file only writes them into the line.',
  variants: () => yardstickVariants({ writerCount: 64, eventsPerAppend: 1, tagCount: 2 }),
  targets: () => [
    {
      title: 'against the bare file',
      of: { variants: ['hindsight'], figure: 'eventsPerSecond' },
      against: { variants: bareFileNames, figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.3,
      aim: 0.5,
      unit: '×',
    },
  ],
};
