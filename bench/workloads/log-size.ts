import { durability, type AppendLog } from '../contestants/append-log.ts';
import { openBareFile } from '../contestants/bare-file.ts';
import { entityId, openHindsight, orderDecider } from '../contestants/hindsight.ts';
import { measureAppends } from '../drive/append-load.ts';
import { workingSetCount, workingSetIndex } from '../drive/sample-events.ts';
import { timeCalls } from '../drive/timed-calls.ts';
import type { Figures, MeasureContext, Scale, Variant, Workload } from '../run/workload.ts';
import { copyStore, eventsPerEntity, grownLogName, grownLogs } from './grown-logs.ts';

/** Logs up to this size are copied for each measurement; a larger one grows by a few hundredths instead. */
const copiedCountMax = 1_000_000;

export const sizeVariantName = (eventCount: number): string =>
  eventCount === 0 ? 'hindsight, empty' : `hindsight, ${eventCount.toLocaleString('en')} events`;

const load = { writerCount: 64, eventsPerAppend: 1, tagCount: 0 } as const;

interface Place {
  readonly eventCount: number;
  /** Entities that are appended to: a working set spread evenly over the log, or all of them. */
  readonly entityCount: number;
}

/** Loads entities of ten events, then appends. An empty log has nothing to load. */
async function measureAt(context: MeasureContext, { eventCount, entityCount }: Place): Promise<Figures> {
  const { scale } = context;
  const isCopied = eventCount > 0 && eventCount <= copiedCountMax;
  if (isCopied) copyStore(context.fixture(grownLogName(eventCount)), context.directory);
  const store = await openHindsight(
    eventCount === 0 || isCopied ? context.directory : context.fixture(grownLogName(eventCount)),
  );
  const total = Math.max(1, Math.floor(eventCount / eventsPerEntity));
  const stride = Math.max(1, Math.floor(total / entityCount));
  let loads: Figures = {};
  if (eventCount > 0) {
    const halved: Scale = { ...scale, warmUpMs: scale.warmUpMs / 3, measureMs: scale.measureMs / 3 };
    const { p50Ms, p99Ms } = await timeCalls(halved, async (turn) => {
      const { version } = await store.load(orderDecider, entityId(Math.floor(turn * 7_919.31) % total));
      if (version < eventsPerEntity) throw new Error(`An entity was loaded at version ${version}.`);
    });
    loads = { loadP50Ms: p50Ms, loadP99Ms: p99Ms };
  }
  const log: AppendLog = {
    append: async (streamId, events) => void (await store.append(streamId, events)),
    close: async () => await store.close(),
  };
  const streamIdOf = (writer: number, turn: number): string =>
    entityId(
      entityCount === workingSetCount
        ? workingSetIndex(writer, turn) * stride
        : (writer * 7919 + turn * 104_729) % entityCount,
    );
  return { ...(await measureAppends(context, log, { ...load, streamIdOf })), ...loads };
}

function variant(name: string, place: Place): Variant {
  return {
    name,
    durability: durability.sqliteFull,
    fixtures: place.eventCount === 0 ? [] : [grownLogName(place.eventCount)],
    measure: (context) => measureAt(context, place),
  };
}

const largest = (scale: Scale): number => scale.logSizes.at(-1) ?? 0;

export const logSize: Workload = {
  name: 'log-size',
  title: 'Appending to and loading from a grown log',
  explanation:
    'Single-event appends by 64 writers to logs of several sizes, over a working set of 10,000 entities spread evenly through the log, and, in the largest log, over all of its entities. Before it, one caller loads entities of ten events that lie anywhere in the log. The bare file is the control: it does not know how long it is.',
  fixtures: grownLogs,
  variants: (scale) => [
    ...[0, ...scale.logSizes].map((eventCount) =>
      variant(sizeVariantName(eventCount), { eventCount, entityCount: workingSetCount }),
    ),
    variant(`${sizeVariantName(largest(scale))}, all entities`, {
      eventCount: largest(scale),
      entityCount: Math.max(1, Math.floor(largest(scale) / eventsPerEntity)),
    }),
    {
      name: 'bare file',
      durability: durability.fdatasync,
      measure: async (context) => await measureAppends(context, await openBareFile(context.directory, 'pool'), load),
    },
  ],
  targets: (scale) => [
    {
      title: `append rate with ${largest(scale).toLocaleString('en')} events stored against an empty store`,
      of: { variants: [sizeVariantName(largest(scale))], figure: 'eventsPerSecond' },
      against: { variants: [sizeVariantName(0)], figure: 'eventsPerSecond' },
      better: 'higher',
      must: 0.85,
      aim: 0.95,
      unit: '×',
    },
  ],
};
