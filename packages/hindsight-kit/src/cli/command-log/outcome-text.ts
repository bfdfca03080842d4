/** What became of a command, in a few words for people, and the events that were decided. */

import type { RecordedEvent, Store } from 'hindsightdb';
import type { CommandStatus, Outcome } from 'hindsightdb/commands';
import { exitCodes } from '../failure.ts';
import { jsonText } from '../history/value-text.ts';
import type { Palette } from '../terminal/palette.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';

/** Where a command stands, in words. */
export function statusText(status: CommandStatus): string {
  return status === 'setAside' ? 'set aside' : status;
}

/** Paints where a command stands by what it means. */
export function paintStatus(palette: Palette, text: string): string {
  switch (text) {
    case 'decided':
      return palette.good(text);
    case 'rejected':
    case 'abandoned':
    case 'refused':
    case 'set aside':
      return palette.bad(text);
    default:
      return palette.warning(text);
  }
}

/** Why, or with which result: `2 events`, `There are only 500 cents.` */
export function outcomeDetail(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'decided':
      return outcome.events === 0
        ? `nothing to do, on version ${countText(outcome.on)}`
        : `${countOf(outcome.events, 'event')} on version ${countText(outcome.on)}`;
    case 'rejected':
      return errorText(outcome.error);
    case 'cancelled':
      return safeText(outcome.reason ?? '');
    case 'abandoned':
      return outcome.error === undefined ? 'its letter was skipped' : errorText(outcome.error);
  }
}

function errorText({ message, code }: { readonly message: string; readonly code?: string }): string {
  return `${jsonText(message).slice(1, -1)}${code === undefined ? '' : ` [${safeText(code)}]`}`;
}

/** What the command answers to the shell where an outcome was waited for: only a decision is what was asked for. */
export function exitCodeOf({ kind }: Outcome): number {
  return kind === 'decided' ? exitCodes.ok : exitCodes.failure;
}

/** The events that were decided, as they are read today. Those that a truncation or a tombstone hides are not among them. */
export async function decidedEvents(store: Store, outcome: Outcome): Promise<readonly RecordedEvent[]> {
  if (outcome.kind !== 'decided' || outcome.events === 0) return [];
  const { streamId, on, events } = outcome;
  return await store.readStream(streamId, { fromVersion: on + 1, toVersion: on + events }).toArray();
}

/** An event on a line: where it stands, what it is. */
export function eventText(palette: Palette, { streamId, version, type, data }: RecordedEvent): string {
  const text = data instanceof Uint8Array ? countOf(data.length, 'byte') : jsonText(data);
  return `${palette.name(safeText(streamId))}@${version} ${palette.type(safeText(type))} ${text}`;
}
