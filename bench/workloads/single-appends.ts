import type { Workload } from '../run/workload.ts';
import { bareFileNames, peerVariants, yardstickVariants } from './append-variants.ts';

const load = { writerCount: 64, eventsPerAppend: 1, tagCount: 0 } as const;

export const singleAppends: Workload = {
  name: 'single-appends',
  title: 'Single-event appends, 64 writers',
  explanation:
    'Sixty-four writers in one process, each awaiting the answer to one event before sending the next, spread over 10,000 streams. No tags, no expected version.',
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
    {
      title: 'against Emmett on SQLite',
      of: { variants: ['hindsight'], figure: 'eventsPerSecond' },
      against: { variants: ['emmett, SQLite'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 10,
      aim: 30,
      unit: '×',
    },
  ],
};
