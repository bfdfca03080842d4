import { durability } from '../contestants/append-log.ts';
import { openEmmettSqlite } from '../contestants/emmett-sqlite.ts';
import { openHindsight } from '../contestants/hindsight.ts';
import { delayFigures, machineNowMs, untilSeen, writeWithPauses, type Moments } from '../drive/live-follow.ts';
import { inAnotherProcess, inThisProcess, type LiveWriter } from '../drive/live-writers.ts';
import { sampleEvent } from '../drive/sample-events.ts';
import type { Figures, MeasureContext, Workload } from '../run/workload.ts';

async function measureHindsight(context: MeasureContext, write: LiveWriter): Promise<Figures> {
  await using store = await openHindsight(context.directory);
  const seen: Moments = [];
  const ending = new AbortController();
  const following = (async () => {
    for await (const { events } of store.subscribe({ after: 'start', signal: ending.signal }).pages()) {
      for (let count = 0; count < events.length; count++) seen.push(machineNowMs());
    }
  })();
  const answered = await write(context, (turn) => store.append('order-1', [sampleEvent(turn, 0)]));
  await untilSeen(seen, answered.length);
  ending.abort();
  // A follower that was told to end may say so with an error; one that failed has not seen everything.
  await following.catch(() => undefined);
  return delayFigures(answered, seen);
}

async function measureEmmett({ directory, scale }: MeasureContext): Promise<Figures> {
  const log = await openEmmettSqlite(directory);
  const consumer = log.store.consumer();
  const seen: Moments = [];
  consumer.processor({
    processorId: 'bench',
    startFrom: 'BEGINNING',
    eachMessage: () => void seen.push(machineNowMs()),
  });
  const running = consumer.start();
  const answered = await writeWithPauses((turn) => log.append('order-1', [sampleEvent(turn, 0)]), scale);
  await untilSeen(seen, answered.length);
  await consumer.close();
  await running;
  await log.close();
  return delayFigures(answered, seen);
}

export const liveSubscriber: Workload = {
  name: 'live-subscriber',
  title: 'Appended to seen by a live subscriber',
  explanation:
    'A writer appends an event every few milliseconds; for each, the time from its acknowledgement until a subscriber that has caught up is handed it. Negative: the subscriber was first. With the subscriber in the process of the writer, and in another one.',
  variants: () => [
    {
      name: 'hindsight, same process',
      durability: durability.sqliteFull,
      measure: (context) => measureHindsight(context, inThisProcess),
    },
    {
      name: 'hindsight, another process',
      durability: durability.sqliteFull,
      measure: (context) => measureHindsight(context, inAnotherProcess),
    },
    {
      name: 'emmett, SQLite',
      durability: durability.sqliteFull,
      needsPeers: true,
      repetitionsMax: 2,
      measure: measureEmmett,
    },
  ],
  targets: () => [
    {
      title: 'p99, same process',
      of: { variants: ['hindsight, same process'], figure: 'p99Ms' },
      better: 'lower',
      must: 5,
      aim: 1,
      unit: 'ms',
    },
    {
      title: 'p99, another process',
      of: { variants: ['hindsight, another process'], figure: 'p99Ms' },
      better: 'lower',
      must: 20,
      unit: 'ms',
    },
  ],
};
