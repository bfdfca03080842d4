/** Commands that are kept, as causation meets them: events of the store that stand between events of the user. */

import { commandTypes, outcomeTypes } from '../core/command-types.ts';
import type { RecordedEvent } from '../core/event.ts';
import { isReserved, subjectOfCommandStream } from '../core/stream-id.ts';
import type { StoredEvent } from '../store/engine-types.ts';

/** What an event that holds a command, or that nothing was decided on it, says of the command. */
export interface CausingCommand {
  readonly type: string;
  /** The entity that it was for. */
  readonly streamId: string;
  /** Why no event followed from it, where the event says so. */
  readonly outcome?: 'rejected' | 'cancelled' | 'abandoned';
}

const { rejected, cancelled, abandoned } = outcomeTypes;
const undecided: Readonly<Record<string, CausingCommand['outcome']>> = {
  [rejected]: 'rejected',
  [cancelled]: 'cancelled',
  [abandoned]: 'abandoned',
};
const holding: ReadonlySet<string> = new Set(Object.values(commandTypes));
const quoted = [...holding, ...Object.keys(undecided)].map((type) => JSON.stringify(type));

/** The command that an event holds; undefined where it holds none. */
export function commandIn({ streamId, type, data }: RecordedEvent): CausingCommand | undefined {
  if (!holding.has(type) || typeof data !== 'object' || data === null) return undefined;
  const entity = subjectOfCommandStream(streamId);
  const named = 'type' in data ? data.type : undefined;
  if (entity === undefined || typeof named !== 'string') return undefined;
  const kind: unknown =
    'outcome' in data && typeof data.outcome === 'object' ? Reflect.get(data.outcome ?? {}, 'kind') : undefined;
  return { type: named, streamId: entity, ...(kind === 'rejected' && { outcome: 'rejected' }) };
}

/** That nothing was decided on a command, where an event says that alone. */
export function undecidedIn({ streamId, type }: RecordedEvent): Omit<CausingCommand, 'type'> | undefined {
  const outcome = undecided[type];
  const entity = subjectOfCommandStream(streamId);
  return outcome === undefined || entity === undefined ? undefined : { streamId: entity, outcome };
}

/** Whether a stored event may explain anything, by its text alone. */
export function mayExplain({ streamId, record }: StoredEvent): boolean {
  return (
    !isReserved(streamId) ||
    (subjectOfCommandStream(streamId) !== undefined && quoted.some((type) => record.includes(type)))
  );
}

/** Whether an event is one of the user's, holds a command, or says that nothing was decided on one. */
export function explains(event: RecordedEvent): boolean {
  return !isReserved(event.streamId) || commandIn(event) !== undefined || undecidedIn(event) !== undefined;
}
