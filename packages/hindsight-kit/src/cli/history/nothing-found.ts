/**
 * Why an entity has nothing to show: notes that say what the store knows of it.
 */

import type { AsOf, Store } from 'hindsightdb';

/** A sentence on why a state is that before any event, or not as of the version asked for; undefined where it is neither. */
export async function whyNothing(
  store: Store,
  streamId: string,
  shown: { readonly version: number; readonly asOf: AsOf | undefined },
): Promise<string | undefined> {
  const { version: now } = await store.streamInfo(streamId);
  const name = JSON.stringify(streamId);
  if (now === 0) return `There is no stream ${name}; this is the state before any event.`;
  const { asOf, version } = shown;
  if (asOf !== undefined && 'version' in asOf && asOf.version > now)
    return `Stream ${name} is at version ${now}; there is no version ${asOf.version} yet.`;
  if (version > 0 || asOf === undefined || 'version' in asOf) return undefined;
  const hint = 'occurredAt' in asOf ? '' : ' For the time at which events happened, add --by occurred.';
  return `Nothing of ${name} was recorded by then.${hint}`;
}
