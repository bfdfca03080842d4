/**
 * The complete picture of a log, as far as an engine shows it: what two logs, or two moments of one, are compared by.
 */

import type { Engine, KeyedEntry, StoredEvent, StreamInfo } from '../engine/contract.ts';
import { equal, holds } from './assertions.ts';
import { readWholeLog, readWholeStream } from './readings.ts';

/** Everything that an engine shows. */
export interface Picture {
  readonly heads: readonly number[];
  /** The events of each partition, the store's own included. */
  readonly partitions: readonly (readonly StoredEvent[])[];
  /** All streams, the store's own included. */
  readonly streams: readonly StreamInfo[];
  /** The versions of each stream that a read shows. */
  readonly shown: readonly (readonly number[])[];
  readonly keyed: readonly KeyedEntry[];
}

/** Takes the picture of a log, and checks that its parts agree with each other. */
export async function pictureOf(engine: Engine): Promise<Picture> {
  const heads = await engine.heads();
  const partitions: (readonly StoredEvent[])[] = [];
  for (const partition of heads.keys()) partitions.push((await readWholeLog(engine, { partition })).events);
  const streams = await listAllStreams(engine);
  const shown: number[][] = [];
  for (const { streamId } of streams)
    shown.push((await readWholeStream(engine, streamId)).events.map((event) => event.version));
  const picture = { heads, partitions, streams, shown, keyed: await scanAllKeyed(engine) };
  checkAgreement(picture);
  return picture;
}

/** All streams, the store's own included. */
export async function listAllStreams(engine: Engine): Promise<readonly StreamInfo[]> {
  const streams: StreamInfo[] = [];
  for (let after: string | undefined; ;) {
    const page = await engine.listStreams({
      includeReserved: true,
      limit: 1000,
      ...(after !== undefined && { after }),
    });
    streams.push(...page);
    after = page.at(-1)?.streamId;
    if (page.length < 1000 || streams.length > 100_000) return streams;
  }
}

/** All entries of the keyed store. */
export async function scanAllKeyed(engine: Engine): Promise<readonly KeyedEntry[]> {
  return await engine.keyedScan({ prefix: '', limit: 100_000 });
}

/** Every event belongs to a listed stream, versions are dense from 1, heads are the last positions, times do not decrease. */
function checkAgreement({ heads, partitions, streams }: Picture): void {
  const versions = new Map<string, number>();
  for (const [partition, events] of partitions.entries()) {
    let last = { position: 0, recordedAt: 0 };
    for (const event of events) {
      const version = (versions.get(event.streamId) ?? 0) + 1;
      equal(event.version, version, `The version of the next event of ${JSON.stringify(event.streamId)} in the log`);
      versions.set(event.streamId, version);
      holds(
        Number.isSafeInteger(event.position) && event.position > 0,
        `Position ${event.position} is no positive safe integer.`,
      );
      holds(
        event.recordedAt >= last.recordedAt,
        `recordedAt decreases from ${last.recordedAt} to ${event.recordedAt} at position ${event.position} of partition ${partition}.`,
      );
      last = event;
    }
    equal(heads[partition], last.position, `The head of partition ${partition} and the position of its last event`);
  }
  const listed = streams.map(({ streamId, version }) => [streamId, version]).toSorted(byFirst);
  equal(listed, [...versions].toSorted(byFirst), 'The streams that are listed and those that occur in the log');
}

function byFirst([left]: readonly unknown[], [right]: readonly unknown[]): number {
  return String(left) < String(right) ? -1 : 1;
}
