import type { Workload } from '../run/workload.ts';
import { bareFileNames, peerVariants, yardstickVariants } from './append-variants.ts';

const load = { writerCount: 16, eventsPerAppend: 10, tagCount: 0 } as const;

export const batchAppends: Workload = {
  name: 'batch-appends',
  title: 'Ten-event appends, 16 writers',
  explanation: 'Sixteen writers, each append with ten events of one stream, written together or not at all. No tags.',
  variants: () => [...yardstickVariants(load), ...peerVariants(load)],
  targets: () => [
    {
      title: 'against the bare file',
      of: { variants: ['hindsight'], figure: 'eventsPerSecond' },
      against: { variants: bareFileNames, figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.5,
      aim: 0.75,
      unit: '×',
    },
  ],
};
