/** The append workloads differ only in these numbers. */

import type { AppendLog } from '../contestants/append-log.ts';
import type { Figures, MeasureContext } from '../run/workload.ts';
import { runClosedLoop } from './closed-loop.ts';
import { sampleEvents, workingSetIndex } from './sample-events.ts';

export interface AppendLoad {
  readonly writerCount: number;
  readonly eventsPerAppend: number;
  readonly tagCount: 0 | 2;
  /** The id of the stream that a writer's turn appends to. Default: an entity of the working set. */
  readonly streamIdOf?: (writer: number, turn: number) => string;
}

const workingSetStream = (writer: number, turn: number): string => `order-${workingSetIndex(writer, turn)}`;

/** Appends in a closed loop and closes the log. */
export async function measureAppends(context: MeasureContext, log: AppendLog, load: AppendLoad): Promise<Figures> {
  const { writerCount, eventsPerAppend, tagCount, streamIdOf = workingSetStream } = load;
  try {
    return {
      ...(await runClosedLoop({
        writerCount,
        warmUpMs: context.scale.warmUpMs,
        measureMs: context.scale.measureMs,
        write: async (writer, turn) => {
          const events = sampleEvents(writer + turn * writerCount, eventsPerAppend, tagCount);
          await log.append(streamIdOf(writer, turn), events);
          return eventsPerAppend;
        },
      })),
    };
  } finally {
    await log.close();
  }
}
