/**
 * Engines that behave like another in all but a few operations: what the deliberately broken engines are made of.
 */

import type { EngineFixture, OpenedLog } from '../../src/conformance/index.ts';
import type * as contract from '../../src/engine/contract.ts';

/** What an engine does otherwise than the one beneath it. */
export type Alteration = (engine: contract.Engine, log: AlteredLog) => Partial<contract.Engine>;

/** What an alteration may know of the log that it is opened on. */
export interface AlteredLog {
  readonly now: () => number;
  /** Kept for the life of the log, over all handles and reopenings. */
  readonly memory: Map<string, unknown>;
}

/** An engine with some operations replaced. */
export function alteredEngine(engine: contract.Engine, changes: Partial<contract.Engine>): contract.Engine {
  return {
    capabilities: engine.capabilities,
    identity: engine.identity,
    append: (batch, options) => engine.append(batch, options),
    answerOf: (key) => engine.answerOf(key),
    readStream: (request) => engine.readStream(request),
    readLog: (request) => engine.readLog(request),
    heads: () => engine.heads(),
    eventAt: (partition, position) => engine.eventAt(partition, position),
    positionAtTime: (partition, time) => engine.positionAtTime(partition, time),
    streamInfo: (streamId) => engine.streamInfo(streamId),
    listStreams: (request) => engine.listStreams(request),
    keyedGet: (key) => engine.keyedGet(key),
    keyedScan: (request) => engine.keyedScan(request),
    keyedWrite: (writes) => engine.keyedWrite(writes),
    wake: (listener) => engine.wake(listener),
    beginCopy: () => engine.beginCopy(),
    appendRecorded: (events, keyedWrites) => engine.appendRecorded(events, keyedWrites),
    endCopy: () => engine.endCopy(),
    statistics: () => engine.statistics(),
    ...(engine.sql && { sql: engine.sql }),
    close: () => engine.close(),
    ...changes,
  };
}

/** A fixture whose engines are all altered. */
export function alteredFixture(base: EngineFixture, name: string, alter: Alteration): EngineFixture {
  return {
    ...base,
    name,
    openLog: async (options) => {
      const log: AlteredLog = { now: options.now, memory: new Map() };
      const opened = await base.openLog(options);
      const change = (engine: contract.Engine): contract.Engine => alteredEngine(engine, alter(engine, log));
      const { reopen, reopenAfterLoss, openAnother } = opened;
      const altered: OpenedLog = { engine: change(opened.engine), dispose: () => opened.dispose() };
      return {
        ...altered,
        ...(reopen && { reopen: async () => change(await reopen.call(opened)) }),
        ...(reopenAfterLoss && { reopenAfterLoss: async () => change(await reopenAfterLoss.call(opened)) }),
        ...(openAnother && { openAnother: async () => change(await openAnother.call(opened)) }),
      };
    },
  };
}

/** Lets other work happen. */
export async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Runs what it is given one after the other, so that an alteration can look and write without anything in between. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** An engine whose events appear changed wherever they are read. */
export function showing(
  engine: contract.Engine,
  change: (event: contract.StoredEvent) => contract.StoredEvent,
): Partial<contract.Engine> {
  return {
    readStream: async (request) => {
      const page = await engine.readStream(request);
      return { ...page, events: page.events.map(change) };
    },
    readLog: async (request) => {
      const page = await engine.readLog(request);
      return { ...page, events: page.events.map(change) };
    },
    eventAt: async (partition, position) => {
      const event = await engine.eventAt(partition, position);
      return event && change(event);
    },
  };
}

/** All events of a log, over all partitions, the store's own included. */
export async function allEvents(engine: contract.Engine): Promise<readonly contract.StoredEvent[]> {
  const events: contract.StoredEvent[] = [];
  for (const partition of (await engine.heads()).keys()) {
    const bounds = { limit: 1_000_000, bytesMax: Number.MAX_SAFE_INTEGER };
    const request = { partition, direction: 'forward', from: 0, filter: { includeReserved: true }, ...bounds } as const;
    events.push(...(await engine.readLog(request)).events);
  }
  return events;
}
