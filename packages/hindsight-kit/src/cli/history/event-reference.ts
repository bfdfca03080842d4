/**
 * Events as people name them: `order-75@3`, a position of the log, or an id.
 */

import type { Store } from 'hindsightdb';
import type { EventReference } from 'hindsightdb/history';
import { CommandError, UsageError } from '../failure.ts';

/** Which event a text names. Throws a `CommandError` where there is none at a position. */
export async function findReference(store: Store, text: string): Promise<EventReference> {
  const wanted = text.trim();
  if (wanted === '') throw new UsageError('Name an event: order-75@3, its position in the log, or its id.');
  const [, digits] = /^(?:#|position:)?(\d+)$/i.exec(wanted) ?? [];
  if (digits !== undefined) return await atPosition(store, Number(digits));
  const [, streamId, version] = /^(.+)@v?(\d+)$/.exec(wanted) ?? [];
  if (streamId === undefined || Number(version) < 1) return { id: wanted.replace(/^id:/i, '') };
  // Ids may look like anything; what no stream answers to is taken for one.
  const isStream = (await store.streamInfo(streamId)).version > 0;
  return isStream ? { streamId, version: Number(version) } : { id: wanted };
}

async function atPosition(store: Store, position: number): Promise<EventReference> {
  const event = Number.isSafeInteger(position)
    ? await store.readRecords({ after: Math.max(0, position - 1), limit: 1, includeReserved: true }).first()
    : undefined;
  if (event?.position === position) return { streamId: event.streamId, version: event.version };
  throw new CommandError(`There is no event at position ${position}.`, {
    advice: ['hindsight read shows the positions of events.'],
  });
}
