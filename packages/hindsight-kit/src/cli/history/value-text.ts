/**
 * Values, times and names of a history as texts that a terminal can show.
 */

import type { RecordedEvent } from 'hindsightdb';
import { applyChanges } from 'hindsightdb/history';
import { safeText } from '../terminal/text-width.ts';

/** A value as JSON on one line. What JSON leaves out is an empty text. */
export function jsonText(value: unknown): string {
  return safeText(JSON.stringify(value) ?? '');
}

/** A value as a cell of a table: texts stand without quotes. */
export function cellText(value: unknown): string {
  return typeof value === 'string' ? safeText(value) : jsonText(value);
}

/** A point in time, to the second, in UTC. */
export function timeText(time: string | Date): string {
  const iso = (time instanceof Date ? time : new Date(time)).toISOString();
  return `${iso.slice(0, -5).replace('T', ' ')}Z`;
}

/** Terminals narrower than these have no room for seconds, and for hours and types. */
const narrowWidth = 100;
const slimWidth = 70;

/** Whether a table of events has room for their types. */
export function hasRoom(widthMax: number | undefined): boolean {
  return widthMax === undefined || widthMax >= slimWidth;
}

/** When an event happened, where it says so itself, and else when it was recorded; as exact as the terminal has room. */
export function eventTimeText({ occurredAt, recordedAt }: RecordedEvent, widthMax?: number): string {
  const text = timeText(occurredAt ?? recordedAt);
  if (!hasRoom(widthMax)) return text.slice(0, 'yyyy-mm-dd'.length);
  return widthMax === undefined || widthMax >= narrowWidth ? text : text.slice(0, 'yyyy-mm-dd hh:mm'.length);
}

/** Who wrote an event. */
export function actorText({ metadata }: RecordedEvent): string {
  return metadata.actor === undefined ? '' : cellText(metadata.actor);
}

/** By which build of the code an event was written. */
export function releaseText({ metadata }: RecordedEvent): string {
  return metadata.release === undefined ? '' : cellText(metadata.release);
}

/** Who wrote an event, and by which release: `ann, release 2.4`. */
export function writerText(event: RecordedEvent): string {
  const [actor, release] = [actorText(event), releaseText(event)];
  return [actor, release === '' ? '' : `release ${release}`].filter((text) => text !== '').join(', ');
}

/** A state in its JSON form: maps, sets, dates and whatever else a fold may hold, as JSON has them. */
export function plainState(state: unknown): unknown {
  return applyChanges(state, []);
}

/** An event as documents hold it: bytes as base64, as `read --json` has them. */
export function eventDocument(event: RecordedEvent): object {
  const { data } = event;
  if (!(data instanceof Uint8Array)) return event;
  return { ...event, encoding: 'base64', data: Buffer.from(data).toString('base64') };
}
