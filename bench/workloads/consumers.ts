import { startConsumer, type ConsumerOptions } from 'hindsightdb/consumers';
import type { Store } from 'hindsightdb';
import { durability } from '../contestants/append-log.ts';
import { growStore, openHindsight, readHindsightPages } from '../contestants/hindsight.ts';
import { delayFigures, machineNowMs, untilSeen, type Moments } from '../drive/live-follow.ts';
import { inAnotherProcess, inThisProcess, type LiveWriter } from '../drive/live-writers.ts';
import { sampleEvent } from '../drive/sample-events.ts';
import type { Figures, Fixture, MeasureContext, Variant, Workload } from '../run/workload.ts';

/** One event in so many is of the type that the filter lets through. */
const rareEvery = 1000;
const rareType = 'ReturnRequested';

const fixture: Fixture = {
  name: 'consumers',
  build: async ({ directory, scale, progress }) => {
    await using store = await openHindsight(directory);
    const plan = { eventCount: scale.readEventCount, eventsPerEntity: 10, progress };
    await growStore(store, plan, (turn) => ({
      ...sampleEvent(turn, 0),
      ...(turn % rareEvery === 0 && { type: rareType }),
    }));
  },
};

/** Lets a consumer of a new name catch up, and gives the time that it took. */
async function catchUp(store: Store, options: Partial<ConsumerOptions>): Promise<number> {
  const head = await store.head();
  const begin = performance.now();
  const name = `bench-${crypto.randomUUID()}`;
  const consumer = await startConsumer(store, { name, startAt: 'beginning', ...options });
  await consumer.waitFor(head, { timeoutMs: 600_000 });
  const elapsedMs = performance.now() - begin;
  await consumer.stop();
  return elapsedMs;
}

/** The second of two rounds counts: the first one warms up. */
async function rate(eventCount: number, round: () => Promise<number>): Promise<Figures> {
  await round();
  return { eventsPerSecond: (eventCount / (await round())) * 1000 };
}

function catchingUp(
  name: string,
  expectedOf: (eventCount: number) => number,
  optionsOf: (count: (events: number) => void) => Partial<ConsumerOptions>,
): Variant {
  return {
    name,
    durability: durability.sqliteFull,
    fixtures: [fixture.name],
    measure: async ({ fixture: folderOf, scale: { readEventCount } }) => {
      await using store = await openHindsight(folderOf(fixture.name));
      return await rate(readEventCount, async () => {
        let handled = 0;
        const elapsedMs = await catchUp(
          store,
          optionsOf((events) => (handled += events)),
        );
        const expected = expectedOf(readEventCount);
        if (handled !== expected) throw new Error(`${name} handled ${handled} events, not ${expected}.`);
        return elapsedMs;
      });
    },
  };
}

const reading: Variant = {
  name: 'reading the log',
  durability: durability.notApplicable,
  fixtures: [fixture.name],
  measure: async ({ fixture: folderOf, scale: { readEventCount } }) => {
    await using store = await openHindsight(folderOf(fixture.name));
    return await rate(readEventCount, async () => {
      const begin = performance.now();
      const { eventCount } = await readHindsightPages(store);
      if (eventCount !== readEventCount) throw new Error(`Read ${eventCount} events, not ${readEventCount}.`);
      return performance.now() - begin;
    });
  },
};

async function measureLive(context: MeasureContext, write: LiveWriter): Promise<Figures> {
  await using store = await openHindsight(context.directory);
  const handled: Moments = [];
  const consumer = await startConsumer(store, {
    name: 'live',
    startAt: 'beginning',
    handle: () => void handled.push(machineNowMs()),
  });
  const answered = await write(context, (turn) => store.append('order-1', [sampleEvent(turn, 0)]));
  await untilSeen(handled, answered.length);
  await consumer.stop();
  return delayFigures(answered, handled);
}

const all = (eventCount: number): number => eventCount;
const rare = (eventCount: number): number => Math.ceil(eventCount / rareEvery);

export const consumers: Workload = {
  name: 'consumers',
  title: 'Consumers',
  explanation:
    'A consumer of a new name handles a log from its beginning with a handler that only counts; its place is recorded durably after every batch. Beside it the log is plainly read, by pages. The filter lets one event in a thousand through; its rate is that of the log that it passes, not of what it handles. Live: a writer appends an event every few milliseconds; for each, the time from its acknowledgement until the handler of a consumer that has caught up is called. Negative: the handler was first.',
  fixtures: () => [fixture],
  variants: () => [
    reading,
    catchingUp('consumer, event by event', all, (count) => ({ handle: () => count(1) })),
    catchingUp('consumer, batches of 1,000', all, (count) => ({
      batchSizeMax: 1000,
      handleBatch: (events) => count(events.length),
    })),
    catchingUp('consumer, one event in 1,000', rare, (count) => ({ types: [rareType], handle: () => count(1) })),
    {
      name: 'live, same process',
      durability: durability.sqliteFull,
      measure: (context) => measureLive(context, inThisProcess),
    },
    {
      name: 'live, another process',
      durability: durability.sqliteFull,
      measure: (context) => measureLive(context, inAnotherProcess),
    },
  ],
  targets: () => [
    {
      title: 'catching up, against plainly reading the log',
      of: { variants: ['consumer, event by event', 'consumer, batches of 1,000'], figure: 'eventsPerSecond' },
      against: { variants: ['reading the log'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.3,
      aim: 0.6,
      unit: '×',
    },
    {
      title: 'a filter for one event in 1,000, against reading everything',
      of: { variants: ['consumer, one event in 1,000'], figure: 'eventsPerSecond' },
      against: { variants: ['reading the log'], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 10,
      aim: 50,
      unit: '×',
    },
    {
      title: 'p99 from appended to handled, same process',
      of: { variants: ['live, same process'], figure: 'p99Ms' },
      better: 'lower',
      must: 10,
      aim: 5,
      unit: 'ms',
    },
    {
      title: 'p99 from appended to handled, another process',
      of: { variants: ['live, another process'], figure: 'p99Ms' },
      better: 'lower',
      must: 30,
      aim: 20,
      unit: 'ms',
    },
  ],
};
