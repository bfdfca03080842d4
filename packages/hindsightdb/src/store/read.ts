/**
 * Reads of streams and of the log, paged over the engine. Options are checked when the read is asked for, not when it is
 * first walked.
 */

import type { PartitionPlace, Checkpoint } from '../core/checkpoint.ts';
import type { RecordedEvent } from '../core/event.ts';
import { microsOf } from '../core/time.ts';
import type { LogFilter, StoredEvent } from '../engine/contract.ts';
import { assertWhole } from './argument-checks.ts';
import { checkpointOf, placesAt, positionsOf } from './places.ts';
import { logReadBounds, readBounds, type LogReadOptions, type StreamReadOptions } from './read-options.ts';
import type { StoreContext } from './settings.ts';

/** A page of a stream. */
export interface StreamPage<Item = RecordedEvent> {
  readonly events: readonly Item[];
  /** The stream's version when the page was read; 0 where there is no stream. */
  readonly version: number;
}

/** A page of the log. */
export interface LogPage<Item = RecordedEvent> {
  readonly events: readonly Item[];
  /** How far the log was looked through; read on from here. Undefined when reading backward, where no place has everything before it behind. */
  readonly checkpoint: Checkpoint | undefined;
}

/** Pages of one stream, still as the engine keeps its events. */
export function readStreamPages(
  context: StoreContext,
  streamId: string,
  options: StreamReadOptions,
): () => AsyncGenerator<StreamPage<StoredEvent>> {
  const { direction, limit, page } = readBounds(options);
  const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER, signal } = options;
  assertWhole('fromVersion', fromVersion, { min: 0, max: Number.MAX_SAFE_INTEGER });
  assertWhole('toVersion', toVersion, { min: 0, max: Number.MAX_SAFE_INTEGER });
  const isInRange = ({ version }: StoredEvent): boolean => version >= fromVersion && version <= toVersion;
  return async function* pages() {
    let left = limit;
    let next: number | undefined = direction === 'forward' ? fromVersion : toVersion;
    while (next !== undefined && left > 0) {
      signal?.throwIfAborted();
      const read = await context.engine.readStream({
        streamId,
        direction,
        fromVersion: next,
        limit: Math.min(left, page.limit),
        bytesMax: page.bytesMax,
      });
      const events = read.events.every(isInRange) ? read.events : read.events.filter(isInRange);
      yield { events, version: read.version };
      left -= events.length;
      next = events.length < read.events.length ? undefined : read.nextVersion;
    }
  };
}

/** Pages of the log, partition by partition, still as the engine keeps its events. */
export function readLogPages(
  context: StoreContext,
  filter: Omit<LogFilter, 'includeReserved'>,
  options: LogReadOptions,
): () => AsyncGenerator<LogPage<StoredEvent>> {
  const { direction, limit, page } = logReadBounds(options);
  const { signal, includeReserved = false } = options;
  const fromTime = options.fromTime === undefined ? undefined : microsOf('fromTime', options.fromTime);
  const untilTime = options.untilTime === undefined ? undefined : microsOf('untilTime', options.untilTime);
  const { engine } = context;
  return async function* pages() {
    const { after, until } = await logRange(context, options, { fromTime, untilTime });
    const places: PartitionPlace[] = direction === 'forward' ? [...(await placesAt(engine, after))] : [];
    let left = limit;
    for (const [partition, first] of after.entries()) {
      const last = until[partition] ?? 0;
      let from = direction === 'forward' ? first : last + 1;
      let isEnd = last <= first;
      while (!isEnd && left > 0) {
        signal?.throwIfAborted();
        const bounds = { limit: Math.min(left, page.limit), bytesMax: page.bytesMax };
        const end = direction === 'forward' ? last : first + 1;
        const read = await engine.readLog({
          partition,
          direction,
          from,
          until: end,
          filter: { ...filter, includeReserved },
          ...bounds,
        });
        ({ scannedTo: from, isEnd } = read);
        if (direction === 'forward') places[partition] = { position: read.scannedTo, eventId: read.scannedEventId };
        left -= read.events.length;
        yield { events: read.events, checkpoint: direction === 'forward' ? checkpointOf(engine, places) : undefined };
      }
    }
  };
}

/** The range (after, until] in each partition. The end is fixed when the walk begins, so that a read of a growing log ends. */
async function logRange(
  context: StoreContext,
  options: LogReadOptions,
  times: { readonly fromTime: number | undefined; readonly untilTime: number | undefined },
) {
  const { engine } = context;
  const heads = await engine.heads();
  const after = options.after === undefined ? heads.map(() => 0) : await positionsOf(engine, 'after', options.after);
  const until = options.until === undefined ? heads : await positionsOf(engine, 'until', options.until);
  return {
    after: await Promise.all(
      after.map(async (position, partition) =>
        times.fromTime === undefined
          ? position
          : Math.max(position, await engine.positionAtTime(partition, times.fromTime - 1)),
      ),
    ),
    until: await Promise.all(
      until.map(async (position, partition) =>
        Math.min(
          position,
          heads[partition] ?? 0,
          times.untilTime === undefined
            ? Number.MAX_SAFE_INTEGER
            : await engine.positionAtTime(partition, times.untilTime),
        ),
      ),
    ),
  };
}
