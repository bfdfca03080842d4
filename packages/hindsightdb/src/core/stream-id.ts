/**
 * Stream ids and what is read from them: the category, the partition, and the names that belong to the store.
 */

import { argumentError } from './errors.ts';
import { murmur2 } from './murmur2.ts';

const settingsPrefix = '$settings-';
const commandPrefix = '$command.';

/** The category of a stream: the part of its id before the first `-`, or the whole id where there is none. */
export function categoryOf(streamId: string): string {
  const dash = streamId.indexOf('-');
  return dash === -1 ? streamId : streamId.slice(0, dash);
}

/** Whether a stream id, a category or a type belongs to the store. */
export function isReserved(name: string): boolean {
  return name.startsWith('$');
}

/** Throws `RESERVED_NAME` for names that belong to the store. */
export function assertNotReserved(what: string, name: string): void {
  if (isReserved(name))
    throw argumentError(
      'RESERVED_NAME',
      `${what} ${JSON.stringify(name)} begins with $; such names belong to the store.`,
    );
}

/** The stream that records the settings of a stream. */
export function settingsStreamOf(streamId: string): string {
  return settingsPrefix + streamId;
}

/** The stream whose settings a stream records; undefined for any other stream. */
export function subjectOfSettingsStream(streamId: string): string | undefined {
  return streamId.startsWith(settingsPrefix) ? streamId.slice(settingsPrefix.length) : undefined;
}

/** The stream that records the commands of an entity. Its category is that of the entity behind `$command.`. */
export function commandStreamOf(streamId: string): string {
  return commandPrefix + streamId;
}

/** The entity whose commands a stream records; undefined for any other stream. */
export function subjectOfCommandStream(streamId: string): string | undefined {
  return streamId.startsWith(commandPrefix) ? streamId.slice(commandPrefix.length) : undefined;
}

/**
 * The partition that a stream lives in: murmur2 of its UTF-8 id, made positive, modulo the number of partitions, as Kafka's
 * default partitioner does it. The settings of a stream and the commands of an entity live beside it.
 */
export function partitionOf(streamId: string, partitionCount: number): number {
  if (partitionCount === 1) return 0;
  const key = subjectOfSettingsStream(streamId) ?? subjectOfCommandStream(streamId) ?? streamId;
  return (murmur2(new TextEncoder().encode(key)) & 0x7fffffff) % partitionCount;
}
