/** The narrow interface through which writers reach every contestant. */

import type { SampleEvent } from '../drive/sample-events.ts';

/** An open log that can be appended to. */
export interface AppendLog {
  /** Appends events to one stream; resolves when they are as durable as the contestant makes them. */
  append(streamId: string, events: readonly SampleEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** What reading a whole log gave: enough to see that every event was read and its data looked at. */
export interface LogTotals {
  readonly eventCount: number;
  readonly quantitySum: number;
}

export const durability = {
  fdatasync: 'fdatasync before the answer',
  fsync: 'fsync before the answer',
  sqliteFull: 'SQLite WAL, synchronous=FULL: synced before the answer',
  none: 'none: lost with the process',
  notApplicable: 'reads only',
} as const;
