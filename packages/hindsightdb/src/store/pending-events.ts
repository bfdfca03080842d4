/**
 * Events between decision and commit: everything about them is known but their position and time. A fold that asks for
 * these has to wait for the commit; most never do.
 */

import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import { isoOfMicros } from '../core/time.ts';
import type { NewEvent, StoredEvent, Written } from '../engine/contract.ts';
import { decodeEvents, recordedAs } from './decode.ts';
import type { StoreContext } from './settings.ts';

/** Thrown into a fold that asks for what only the commit decides. */
export class NotCommittedYet extends Error {}

/** Decoded events of one append, before and after the commit. */
export interface PendingEvents<Events extends Event> {
  /** As the fold sees them ahead of the commit: `position` and `recordedAt` throw {@link NotCommittedYet}. */
  readonly ahead: readonly Recorded<Events>[];
  /** As they are once they are written. */
  committed(written: Written): readonly Recorded<Events>[];
}

/** Decodes events that are about to be appended behind a version, as a read will. A promise only where a codec makes one necessary. */
export function pendingEvents<Events extends Event>(
  context: StoreContext,
  encoded: readonly NewEvent[],
  behind: { readonly streamId: string; readonly version: number },
): PendingEvents<Events> | Promise<PendingEvents<Events>> {
  const stored = encoded.map(({ record }, index): StoredEvent => ({
    streamId: behind.streamId,
    version: behind.version + 1 + index,
    partition: 0,
    position: 0,
    recordedAt: 0,
    record,
  }));
  const decoded = decodeEvents(context, stored);
  const finish = (events: readonly RecordedEvent[]): PendingEvents<Events> => ({
    ahead: recordedAs(events.map(ahead)),
    committed: (written) => recordedAs(events.map((event) => committed(event, behind.version, written))),
  });
  return decoded instanceof Promise ? decoded.then(finish) : finish(decoded);
}

function ahead(event: RecordedEvent): RecordedEvent {
  const { position: _position, recordedAt: _recordedAt, ...known } = event;
  return {
    ...known,
    get position(): number {
      throw new NotCommittedYet();
    },
    get recordedAt(): string {
      throw new NotCommittedYet();
    },
  };
}

/** The append wrote to one stream only: its positions are one run. */
function committed(event: RecordedEvent, versionBefore: number, written: Written): RecordedEvent {
  const { partition = 0, firstPosition = 0 } = written.partitions[0] ?? {};
  return {
    ...event,
    partition,
    position: firstPosition + event.version - versionBefore - 1,
    recordedAt: isoOfMicros(written.recordedAt),
  };
}
