/**
 * Operations on whole streams: settings, truncation, tombstone and physical removal. Each is recorded as an event in the
 * stream that records the settings, in the same decision as its effect.
 */

import type { ExpectedVersion } from '../core/condition.ts';
import { argumentError, conflictError, HindsightError } from '../core/errors.ts';
import { jsonTextOf } from '../core/json.ts';
import { parseRecord } from '../core/record.ts';
import { assertNotReserved, settingsStreamOf } from '../core/stream-id.ts';
import {
  eventsRemovedType,
  firstShownVersion,
  settingsChangedType,
  type StreamSettings,
} from '../core/stream-settings.ts';
import { assertName } from '../core/text.ts';
import type { StreamInfo } from '../engine/contract.ts';
import type { InternalAppend } from './append.ts';
import { assertObject, assertWhole } from './argument-checks.ts';
import { snapshotPrefix } from './load-state.ts';
import type { StoreContext } from './settings.ts';

/** More folds of one stream than this are not expected to keep snapshots. */
const snapshotsMax = 1000;

/** The append that records and applies settings. Throws `TRUNCATION_REFUSED` where they would cut off the state. */
export async function settingsAppend(
  context: StoreContext,
  streamId: string,
  settings: StreamSettings,
  expectedVersion: number | 'any',
): Promise<InternalAppend> {
  assertName('A stream id', streamId, context.limits.streamIdBytesMax);
  assertNotReserved('The stream id', streamId);
  assertSettings(settings);
  // What is kept is what the record says, and not an object that the caller can go on to change.
  const recorded = JSON.parse(jsonTextOf('The settings', settings)) as StreamSettings;
  // Read first: what is recorded after this look makes the append a conflict.
  const { version: recordedVersion } = await context.engine.streamInfo(settingsStreamOf(streamId));
  const info = await context.engine.streamInfo(streamId);
  if (info.settings?.tombstone === true)
    throw new HindsightError(
      'STREAM_TOMBSTONED',
      `Stream ${JSON.stringify(streamId)} was ended for good; its settings cannot be changed.`,
    );
  const { truncateBefore } = settings;
  if (truncateBefore !== undefined && truncateBefore !== info.settings?.truncateBefore)
    await assertTruncatable(context, info, truncateBefore);
  // What a stream shows is what a fold of it sees: snapshots of what it showed before go with the change.
  const snapshots = await context.engine.keyedScan({ prefix: snapshotPrefix(streamId), limit: snapshotsMax });
  const event = { type: settingsChangedType, data: recorded };
  return {
    isReservedAllowed: true,
    keyedWrites: snapshots.map(({ key }) => ({ key, value: null })),
    streams: [
      {
        streamId: settingsStreamOf(streamId),
        expectedVersion: expectedRecord(streamId, expectedVersion, { recordedVersion, ...info }),
        events: [event],
        effect: { kind: 'settings', streamId, settings: recorded },
      },
    ],
  };
}

/**
 * The version that the stream of the settings must have. It records removals as well, so that it may be further on than the
 * settings themselves, whose version is what callers know.
 */
function expectedRecord(
  streamId: string,
  expectedVersion: number | 'any',
  { recordedVersion, settingsVersion }: { readonly recordedVersion: number; readonly settingsVersion: number },
): ExpectedVersion {
  if (expectedVersion === 'any') return 'any';
  if (expectedVersion === settingsVersion) return recordedVersion;
  throw conflictError([
    { kind: 'version', streamId: settingsStreamOf(streamId), expected: expectedVersion, actual: settingsVersion },
  ]);
}

function assertSettings(settings: StreamSettings): void {
  assertObject('settings', settings);
  const { truncateBefore, maxCount, maxAgeMs, tombstone, custom, ...unknown } = settings;
  const strange = Object.keys(unknown)[0];
  if (strange !== undefined)
    throw argumentError(
      'INVALID_ARGUMENT',
      `There is no stream setting ${JSON.stringify(strange)}; your own go into custom.`,
    );
  if (truncateBefore !== undefined)
    assertWhole('truncateBefore', truncateBefore, { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (maxCount !== undefined) assertWhole('maxCount', maxCount, { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (maxAgeMs !== undefined) assertWhole('maxAgeMs', maxAgeMs, { min: 1, max: 1e13 });
  const ending: unknown = tombstone;
  if (ending !== undefined && ending !== true)
    throw argumentError('INVALID_ARGUMENT', 'tombstone can be set to true only.');
  if (custom !== undefined) assertObject('custom', custom);
}

/** A truncated stream folds to the right state only when the first event that is kept carries the state before it. */
async function assertTruncatable(
  context: StoreContext,
  { streamId, version }: StreamInfo,
  truncateBefore: number,
): Promise<void> {
  const page = await context.engine.readStream({
    streamId,
    direction: 'forward',
    fromVersion: truncateBefore,
    limit: 1,
    bytesMax: 1,
  });
  const first = page.events[0];
  const refused = (reason: string): HindsightError =>
    new HindsightError(
      'TRUNCATION_REFUSED',
      `Stream ${JSON.stringify(streamId)} cannot be truncated before version ${truncateBefore}: ${reason}`,
      { details: { streamId, truncateBefore } },
    );
  if (first === undefined || first.version !== truncateBefore)
    throw refused(`there is no such version to keep; the stream is at ${version}.`);
  const { type } = parseRecord(first.record);
  if (context.definitions.get(type)?.carriesState !== true) {
    throw refused(
      `its event ${type} is not declared to carry the state. Append an event that sums up the stream, declare its type with carriesState: true, and truncate before that.`,
    );
  }
}

/** The append that records and does the physical removal of what truncation hides. Undefined where there is nothing to remove. */
export async function removalAppend(context: StoreContext, streamId: string): Promise<InternalAppend | undefined> {
  const { settings, version } = await context.engine.streamInfo(streamId);
  // Count and age hide events only as long as they are set; truncation and tombstone are for good.
  const beforeVersion = firstShownVersion(
    settings && {
      ...(settings.truncateBefore !== undefined && { truncateBefore: settings.truncateBefore }),
      ...(settings.tombstone && { tombstone: true }),
    },
    version,
  );
  if (beforeVersion <= 1) return undefined;
  const event = { type: eventsRemovedType, data: { beforeVersion } };
  return {
    isReservedAllowed: true,
    streams: [
      { streamId: settingsStreamOf(streamId), events: [event], effect: { kind: 'removal', streamId, beforeVersion } },
    ],
  };
}
