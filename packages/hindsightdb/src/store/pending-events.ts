/**
 * Events between decision and commit: everything about them is known but their position and time. A fold or an upcaster that
 * asks for these has to wait for the commit; most never do.
 */

import { HindsightError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import { partitionOf } from '../core/stream-id.ts';
import { isoOfMicros } from '../core/time.ts';
import type { NewEvent, StoredEvent, StreamWrite, Written } from '../engine/contract.ts';
import { decodeStored, recordedAs, upcastAll } from './decode.ts';
import type { UnplacedEvent } from './inline-view.ts';
import type { StoreContext } from './settings.ts';

/** Thrown into a fold that asks for what only the commit decides. */
export class NotCommittedYet extends Error {
  constructor() {
    super('Position, version and time of an event are not known before it is committed.');
  }
}

/** Decoded events of one append, before and after the commit. */
export interface PendingEvents<Events extends Event> {
  /**
   * As the fold sees them ahead of the commit: `position` and `recordedAt` throw {@link NotCommittedYet}. Undefined when an
   * upcaster asks for these.
   */
  readonly ahead: readonly Recorded<Events>[] | undefined;
  /** As they are once they are written. */
  committed(written: Written): readonly Recorded<Events>[];
}

/** Decodes events that are about to be appended behind a version, as a read will. A promise only where a codec makes one necessary. */
export function pendingEvents<Events extends Event>(
  context: StoreContext,
  encoded: readonly NewEvent[],
  behind: { readonly streamId: string; readonly version: number },
): PendingEvents<Events> | Promise<PendingEvents<Events>> {
  const partition = partitionOf(behind.streamId, context.engine.identity.partitionCount);
  const stored = encoded.map(({ record }, index): StoredEvent => ({
    streamId: behind.streamId,
    version: behind.version + 1 + index,
    partition,
    position: 0,
    recordedAt: 0,
    record,
  }));
  const decoded = decodeStored(context, stored);
  const finish = (events: readonly RecordedEvent[]): PendingEvents<Events> => {
    const ahead = aheadOfCommit(context, events);
    return {
      ahead: ahead && recordedAs(ahead),
      committed: (written) =>
        recordedAs(
          upcastAll(
            context,
            events.map((event) => committed(event, behind.version, written)),
          ),
        ),
    };
  };
  return decoded instanceof Promise ? decoded.then(finish) : finish(decoded);
}

function aheadOfCommit(context: StoreContext, events: readonly RecordedEvent[]): readonly RecordedEvent[] | undefined {
  if (context.upcasters.length === 0) return events.map(ahead);
  try {
    return upcastAll(context, events.map(unplaced)).map(ahead);
  } catch (error) {
    if (error instanceof HindsightError && error.cause instanceof NotCommittedYet) return undefined;
    throw error;
  }
}

function ahead(event: RecordedEvent): RecordedEvent {
  return {
    // An event that upcasters saw has neither of the two as a member of its own.
    ...withoutPlace(event),
    get position(): number {
      throw new NotCommittedYet();
    },
    get recordedAt(): string {
      throw new NotCommittedYet();
    },
  };
}

type Unplaced = Omit<RecordedEvent, 'position' | 'recordedAt'>;

function withoutPlace(event: Unplaced & Partial<RecordedEvent>): Unplaced {
  if (!Object.hasOwn(event, 'position')) return { ...event };
  const { position: _position, recordedAt: _recordedAt, ...known } = event;
  return known;
}

const placeless = {
  get position(): number {
    throw new NotCommittedYet();
  },
  get recordedAt(): string {
    throw new NotCommittedYet();
  },
};

/** An event for upcasters, which copy its own members: what they may not know yet is inherited, and so is not copied. */
function unplaced(event: RecordedEvent): RecordedEvent {
  // The prototype has the members that the event itself lacks.
  return Object.setPrototypeOf(withoutPlace(event), placeless) as RecordedEvent;
}

/**
 * The events of an append as a read will see them, without what only the commit decides; an upcaster that asks for that makes
 * inline views impossible. Throws `UPCAST_FAILED`.
 */
export async function unplacedEvents(
  context: StoreContext,
  streams: readonly StreamWrite[],
): Promise<readonly UnplacedEvent[]> {
  const all: UnplacedEvent[] = [];
  for (const [stream, { streamId, events }] of streams.entries()) {
    if (events.length === 0) continue;
    const partition = partitionOf(streamId, context.engine.identity.partitionCount);
    const stored = events.map(({ record }) => ({
      streamId,
      partition,
      record,
      version: 0,
      position: 0,
      recordedAt: 0,
    }));
    const decoded = await decodeStored(context, stored);
    for (const [index, event] of decoded.entries())
      for (const upcast of upcastUnversioned(context, event)) all.push({ event: upcast, stream, index });
  }
  return all;
}

function upcastUnversioned(context: StoreContext, event: RecordedEvent): readonly RecordedEvent[] {
  try {
    return upcastAll(context, [unversioned(event)]);
  } catch (cause) {
    // The message about an upcaster that failed would name the version, too.
    const isOutOfPlace =
      cause instanceof NotCommittedYet || (cause instanceof Error && cause.cause instanceof NotCommittedYet);
    if (!isOutOfPlace) throw cause;
    throw new HindsightError(
      'UPCAST_FAILED',
      `An upcaster of ${event.type} asks for position, version or time, which are not known before it is committed. With such an upcaster no view can be inline.`,
      { cause, details: { type: event.type, streamId: event.streamId } },
    );
  }
}

const versionless = {
  ...Object.getOwnPropertyDescriptors(placeless),
  version: {
    get: (): number => {
      throw new NotCommittedYet();
    },
  },
};

/** An event for upcasters, before even its version is known. */
function unversioned(event: RecordedEvent): RecordedEvent {
  const { version: _version, position: _position, recordedAt: _recordedAt, ...known } = event;
  // The prototype has the members that the event itself lacks.
  return Object.setPrototypeOf(known, Object.create(null, versionless) as object) as RecordedEvent;
}

/** The append wrote to one stream only: its positions are one run. */
function committed(event: RecordedEvent, versionBefore: number, written: Written): RecordedEvent {
  const { partition = event.partition, firstPosition = 0 } = written.partitions[0] ?? {};
  return {
    ...event,
    partition,
    position: firstPosition + event.version - versionBefore - 1,
    recordedAt: isoOfMicros(written.recordedAt),
  };
}
