/** CloudEvents as tests write and read them. */

import assert from 'node:assert/strict';
import { embeddedLimits, openStore, type RecordedEvent } from 'hindsightdb';
import { cloudEventsFormat } from '../src/formats/cloudevents/cloudevents-format.ts';
import type { CloudEventMapping } from '../src/formats/cloudevents/read-cloud-event.ts';
import { importInto } from './in-memory-import.ts';

const usual: CloudEventMapping = { streamBy: 'subject', category: null };

/** The format, with the usual mapping where nothing else is said. */
export function formatWith(mapping: Partial<CloudEventMapping> = {}): ReturnType<typeof cloudEventsFormat> {
  return cloudEventsFormat({ ...usual, ...mapping }, embeddedLimits);
}

/** What each event must have. */
export const least: Readonly<Record<string, string>> = {
  specversion: '1.0',
  id: 'A',
  source: '/shop',
  type: 'OrderPlaced',
};

/** A CloudEvent as a line, with members as they stand in JSON. */
export function line(members: object, rawMembers = ''): string {
  const text = JSON.stringify({ ...least, ...members });
  return rawMembers === '' ? text : `${text.slice(0, -1)},${rawMembers}}`;
}

/** The events that a text becomes. */
export async function imported(
  text: string,
  mapping: Partial<CloudEventMapping> = {},
): Promise<readonly RecordedEvent[]> {
  await using store = await openStore('memory:');
  const { stop } = await importInto(store, text, formatWith(mapping));
  assert.equal(stop, undefined);
  return await store.readLog().toArray();
}

/** The only event that a text becomes. */
export async function only(text: string, mapping: Partial<CloudEventMapping> = {}): Promise<RecordedEvent> {
  const [event, ...others] = await imported(text, mapping);
  assert.ok(event !== undefined && others.length === 0);
  return event;
}
