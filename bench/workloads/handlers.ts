import { handle } from 'hindsightdb';
import { durability } from '../contestants/append-log.ts';
import { openHindsight, snapshottedOrderDecider } from '../contestants/hindsight.ts';
import { runClosedLoop } from '../drive/closed-loop.ts';
import type { Variant, Workload } from '../run/workload.ts';

const handlerCount = 64;

function variant(name: string, entityOf: (handler: number) => string): Variant {
  return {
    name,
    durability: durability.sqliteFull,
    measure: async ({ directory, scale }) => {
      await using store = await openHindsight(directory);
      return {
        ...(await runClosedLoop({
          writerCount: handlerCount,
          warmUpMs: scale.warmUpMs,
          measureMs: scale.measureMs,
          write: async (handler, turn) => {
            const { events } = await handle(store, snapshottedOrderDecider, entityOf(handler), { turn });
            return events.length;
          },
        })),
      };
    },
  };
}

export const handlers: Workload = {
  name: 'handlers',
  title: 'Commands handled, 64 at once',
  explanation:
    'Sixty-four callers in one process each handle one command after another (load, decide one event, append; a snapshot every hundred events): all on one entity, or each on an entity of its own.',
  variants: () => [variant('one entity', () => 'order-1'), variant('64 entities', (handler) => `order-${handler}`)],
  targets: () => [
    {
      title: 'one entity against 64',
      of: { variants: ['one entity'], figure: 'eventsPerSecond' },
      against: { variants: ['64 entities'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.06,
      aim: 0.5,
      unit: '×',
    },
  ],
};
