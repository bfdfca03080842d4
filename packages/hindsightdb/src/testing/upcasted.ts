/**
 * What upcasters make of events as they were once stored.
 */

import { decisionOf } from '../core/decider.ts';
import type { Event, RecordedEvent } from '../core/event.ts';
import { whileReplaying } from '../core/replay.ts';
import { upcastEvent, type Upcaster } from '../core/upcast.ts';
import { differing, isMutation, messageOf } from './careful-fold.ts';
import { isSame, recordedEvents, statedBy } from './test-events.ts';
import { TestFailure } from './test-failure.ts';

/** Events as they were stored, waiting to be read. */
export interface GivenStored {
  /**
   * Asserts that exactly these events are read. They are compared without their ids, which upcasters cannot change; tags and
   * metadata that the stored event had belong to each event that it became.
   */
  then(events: Event | readonly Event[]): void;
  /** Asserts that the events are dropped. */
  thenNothing(): void;
}

/** Stored events, upcasted. */
export class Upcasted implements GivenStored {
  readonly #events: readonly unknown[];

  constructor(upcasters: readonly Upcaster[], stored: readonly Event[]) {
    const recorded = recordedEvents('test-1', stored, 0);
    this.#events = upcasted(upcasters, recorded);
    const again = upcasted(upcasters, recorded);
    if (!isSame(this.#events, again))
      throw differing('The upcasters made other events of the same ones when asked again.', this.#events, again);
  }

  // The word that such tests end with. Whoever awaits by mistake is told so.
  // oxlint-disable-next-line unicorn/no-thenable
  then(events: Event | readonly Event[]): void {
    if (typeof events === 'function')
      throw new TestFailure('What given() answers is no promise; call then or thenNothing on it.');
    const expected = decisionOf(events).map((event) => withoutId(event));
    if (!isSame(expected, this.#events)) throw differing('Other events are read.', expected, this.#events);
  }

  thenNothing(): void {
    this.then([]);
  }
}

function upcasted(upcasters: readonly Upcaster[], stored: readonly RecordedEvent[]): readonly unknown[] {
  try {
    return whileReplaying(() => stored.flatMap((event) => upcastEvent(upcasters, event))).map((event) =>
      withoutId(event),
    );
  } catch (cause) {
    const hint = isMutation(Reflect.get(Object(cause), 'cause'))
      ? '\nAn upcaster returns what changes; it may not change the event that it was given.'
      : '';
    throw new TestFailure(`${messageOf(cause)}${hint}`, { cause });
  }
}

/** What an event states, without its id; metadata that says nothing counts as none. */
function withoutId({ type, data, tags, metadata, occurredAt }: Event): unknown {
  return statedBy({
    type,
    data,
    ...(tags !== undefined && { tags }),
    ...(metadata !== undefined && Object.keys(metadata).length > 0 && { metadata }),
    ...(occurredAt !== undefined && { occurredAt }),
  });
}
