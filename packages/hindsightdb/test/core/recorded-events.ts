/** Recorded events for tests that need one and no store. */

import type { RecordedEvent } from '../../src/core/event.ts';

/** An event as a read gives it, with what the test does not care about filled in. */
export function recorded(event: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    id: 'e1',
    type: 'Added',
    data: { amount: 1 },
    metadata: {},
    tags: [],
    streamId: 'counter-1',
    version: 1,
    partition: 0,
    position: 1,
    recordedAt: '2026-03-01T09:30:00.000000Z',
    ...event,
  };
}
