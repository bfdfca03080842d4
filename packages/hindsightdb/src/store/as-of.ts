/**
 * Moments: which state of an entity is meant, and how far its stream is folded for it.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { argumentError, HindsightError } from '../core/errors.ts';
import { partitionOf } from '../core/stream-id.ts';
import { describe } from '../core/text.ts';
import { microsOf } from '../core/time.ts';
import { assertObject, assertWhole } from './argument-checks.ts';
import { positionsOf } from './places.ts';
import type { StoreContext } from './settings.ts';

/** A moment in the order in which events were recorded. */
export type RecordedMoment =
  /** After this many events of the stream. */
  | { readonly version: number }
  /** After what lies at or before this place of the log. A bare position only where the log has one partition. */
  | { readonly checkpoint: Checkpoint | number }
  /** After what was recorded at or before this time. */
  | { readonly time: string | Date };

/**
 * Which moment is meant: of recording, what was known then; or of occurrence, what had happened by then as far as is known
 * now, or was known at `known`. An event without `occurredAt` occurred when it was recorded.
 */
export type AsOf =
  | RecordedMoment
  | {
      /** What occurred at or before this time. */
      readonly occurredAt: string | Date;
      /** Fold in the order of versions (default), or by occurrence; events of one moment keep their order. */
      readonly order?: 'version' | 'occurredAt';
      /** Leave out what was recorded later than this. Default: everything that is recorded counts. */
      readonly known?: RecordedMoment;
    };

/** What of a log a moment includes. */
export interface LogMoment {
  /** Events up to these positions, one for each partition; undefined: all. */
  readonly positions: readonly number[] | undefined;
  /** Of those, events up to this version of their stream. */
  readonly toVersion: number;
  /** Of those, what occurred at or before this time, in microseconds. */
  readonly occurredUntil: number | undefined;
  readonly order: 'version' | 'occurredAt';
  /** Whether what is recorded later may still belong to the moment. */
  readonly isProvisional: boolean;
}

/** What of a stream a moment includes. */
export interface StreamMoment extends LogMoment {
  readonly positions: undefined;
}

/** The moment that includes everything. */
const present: StreamMoment = {
  positions: undefined,
  toVersion: Number.MAX_SAFE_INTEGER,
  occurredUntil: undefined,
  order: 'version',
  isProvisional: false,
};

/** Checks a moment as a user gives it and finds its place in the log. Undefined is the present. */
export async function logMoment(context: StoreContext, asOf: AsOf | undefined, what = 'asOf'): Promise<LogMoment> {
  if (asOf === undefined) return present;
  assertObject(what, asOf);
  const kinds = ['version', 'checkpoint', 'time', 'occurredAt'].filter((kind) => Object.hasOwn(asOf, kind));
  if (kinds.length !== 1)
    throw argumentError(
      'INVALID_ARGUMENT',
      `${what} must have one of version, checkpoint, time and occurredAt${kinds.length === 0 ? '' : `, not ${kinds.join(' and ')}`}.`,
    );
  if (!('occurredAt' in asOf)) return { ...present, ...(await recordedPart(context, asOf, what)) };
  const { order = 'version', known } = asOf;
  if (order !== 'version' && order !== 'occurredAt')
    throw argumentError('INVALID_ARGUMENT', `${what}.order must be 'version' or 'occurredAt', not ${describe(order)}.`);
  if (known !== undefined) {
    assertObject(`${what}.known`, known);
    if ('occurredAt' in known)
      throw argumentError(
        'INVALID_ARGUMENT',
        `${what}.known must be a moment of recording: version, checkpoint or time.`,
      );
  }
  const recorded = known === undefined ? undefined : await logMoment(context, known, `${what}.known`);
  return {
    ...(recorded ?? present),
    occurredUntil: microsOf(`${what}.occurredAt`, asOf.occurredAt),
    order,
    // As long as more is recorded, some of it may have occurred before.
    isProvisional: recorded?.isProvisional ?? true,
  };
}

async function recordedPart(context: StoreContext, moment: RecordedMoment, what: string): Promise<Partial<LogMoment>> {
  if ('version' in moment) {
    assertWhole(`${what}.version`, moment.version, { min: 0, max: Number.MAX_SAFE_INTEGER });
    return { toVersion: moment.version };
  }
  if ('checkpoint' in moment)
    return { positions: await positionsOf(context.engine, `${what}.checkpoint`, moment.checkpoint) };
  return await atTime(context, microsOf(`${what}.time`, moment.time));
}

async function atTime({ engine }: StoreContext, time: number): Promise<Partial<LogMoment>> {
  const heads = await engine.heads();
  const positions = await Promise.all(heads.map(async (_, partition) => await engine.positionAtTime(partition, time)));
  // Where an event was recorded later, no further one can be recorded earlier: times never decrease along a partition.
  return { positions, isProvisional: positions.some((position, partition) => position >= (heads[partition] ?? 0)) };
}

/**
 * The part of a moment that concerns one stream: its bounds as a version. Throws `HISTORY_HIDDEN` where truncation hides
 * the events that would be needed.
 */
export async function streamMoment(context: StoreContext, streamId: string, moment: LogMoment): Promise<StreamMoment> {
  const toVersion =
    moment.positions === undefined
      ? moment.toVersion
      : Math.min(moment.toVersion, await versionAt(context, streamId, moment.positions));
  if (toVersion < Number.MAX_SAFE_INTEGER) await assertVisible(context, streamId, toVersion);
  return { ...moment, positions: undefined, toVersion };
}

/** The version that a stream had when the log ended at these positions; 0 where it did not exist. */
async function versionAt({ engine }: StoreContext, streamId: string, positions: readonly number[]): Promise<number> {
  const partition = partitionOf(streamId, positions.length);
  const filter = { streamId, includeReserved: true };
  let from = (positions[partition] ?? 0) + 1;
  for (let isEnd = from === 1; !isEnd;) {
    // The search may pause where it has looked at much, so an empty page is not yet the end.
    const page = await engine.readLog({ partition, direction: 'backward', from, filter, limit: 1, bytesMax: 1 });
    const [newest] = page.events;
    if (newest !== undefined) return newest.version;
    ({ isEnd, scannedTo: from } = page);
  }
  return 0;
}

async function assertVisible({ engine }: StoreContext, streamId: string, version: number): Promise<void> {
  if (version === 0) return;
  const { events, version: streamVersion } = await engine.readStream({
    streamId,
    direction: 'forward',
    fromVersion: 1,
    limit: 1,
    bytesMax: 1,
  });
  const firstVisible = events[0]?.version ?? streamVersion + 1;
  if (firstVisible === 1 || version >= firstVisible || streamVersion === 0) return;
  throw new HindsightError(
    'HISTORY_HIDDEN',
    firstVisible > streamVersion
      ? `All events of stream ${JSON.stringify(streamId)} are hidden by its settings, so its state as of version ${version} cannot be known.`
      : `The events of stream ${JSON.stringify(streamId)} before version ${firstVisible} are hidden by its settings, so its state as of version ${version} cannot be known.`,
    { details: { streamId, version, firstVisible } },
  );
}
