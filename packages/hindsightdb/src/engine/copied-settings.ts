/**
 * Settings found again in the event that recorded them: what a copied log restores its stream settings from.
 */

import { parseRecord } from '../core/record.ts';
import { settingsChangedType, type StreamSettings } from '../core/stream-settings.ts';
import { subjectOfSettingsStream } from '../core/stream-id.ts';
import type { RecordedWrite } from './contract.ts';

/** The settings that a copied event records, and of which stream; undefined for any other event. */
export function copiedSettings(
  event: RecordedWrite,
): { readonly streamId: string; readonly settings: StreamSettings } | undefined {
  if (event.type !== settingsChangedType) return undefined;
  const streamId = subjectOfSettingsStream(event.streamId);
  const { data } = parseRecord(event.record);
  // The store alone writes events of this reserved type, always with settings as data.
  return streamId === undefined || typeof data !== 'object' || data === null ? undefined : { streamId, settings: data };
}
