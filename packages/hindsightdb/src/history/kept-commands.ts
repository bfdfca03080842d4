/** Commands that are kept, as causation meets them: events of the store that stand between events of the user. */

import { commandTypes } from '../core/command-types.ts';
import type { RecordedEvent } from '../core/event.ts';
import { isReserved, subjectOfCommandStream } from '../core/stream-id.ts';
import type { StoredEvent } from '../store/engine-types.ts';

/** What an event that holds a command says of it. */
export interface CausingCommand {
  readonly type: string;
  /** The entity that it was for. */
  readonly streamId: string;
}

const holding: ReadonlySet<string> = new Set(Object.values(commandTypes));
const quoted = Object.values(commandTypes).map((type) => JSON.stringify(type));

/** The command that an event holds; undefined where it holds none. */
export function commandIn({ streamId, type, data }: RecordedEvent): CausingCommand | undefined {
  if (!holding.has(type)) return undefined;
  const entity = subjectOfCommandStream(streamId);
  const named = typeof data === 'object' && data !== null && 'type' in data ? data.type : undefined;
  return entity === undefined || typeof named !== 'string' ? undefined : { type: named, streamId: entity };
}

/** Whether a stored event may be one of the user's or hold a command, by its text alone: the others explain nothing. */
export function mayExplain({ streamId, record }: StoredEvent): boolean {
  return (
    !isReserved(streamId) ||
    (subjectOfCommandStream(streamId) !== undefined && quoted.some((type) => record.includes(type)))
  );
}

/** Whether an event is one of the user's, or holds a command. */
export function explains(event: RecordedEvent): boolean {
  return !isReserved(event.streamId) || commandIn(event) !== undefined;
}
