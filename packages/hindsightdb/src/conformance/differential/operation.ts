/**
 * Operations of a random workload, as data: told in terms of the state that they will meet, so that a workload still makes
 * sense when some of its operations are left out.
 */

import type { Query } from '../../core/query.ts';
import type { StreamSettings } from '../../core/stream-settings.ts';
import type { Direction } from '../../engine/contract.ts';
import type { EventParts } from '../event-maker.ts';

/** An expected version: as such, or so many versions off the present one. */
export type VersionPlan = 'any' | 'exists' | 'none' | { readonly off: number };

/** A place in a partition: so far along it, and so many events off that. */
export interface PlacePlan {
  readonly share: number;
  readonly off: number;
}

/** What a keyed write expects: the present revision, absence, the one before the present, one that never was, or nothing. */
export type RevisionPlan = 'present' | 'absent' | 'earlier' | 'never' | undefined;

/** A write to the keyed store. */
export interface KeyedWritePlan {
  readonly key: string;
  readonly value: string | null;
  readonly expects: RevisionPlan;
}

/** What an append writes to a view. */
export interface ViewPlan {
  /** The key of the entry that says how far the view is complete. */
  readonly progressKey: string;
  /** Behind each value the version of the append's first event is filled in. */
  readonly writes: readonly KeyedWritePlan[];
}

/** The part of an append that concerns one stream. */
export interface StreamPlan {
  readonly streamId: string;
  readonly expects: VersionPlan;
  readonly events: readonly (EventParts & { readonly id: string })[];
  /** The event that the stream must end with: its last, the one before that, or one that never was. */
  readonly follows?: 'last' | 'earlier' | 'never';
}

/** What an append does beside writing events. */
export interface EffectPlan {
  readonly streamId: string;
  readonly settings?: StreamSettings;
  readonly removalBefore?: VersionPlan;
}

/** An append. */
export interface AppendPlan {
  readonly do: 'append';
  /** The name under which `again` sends it again. */
  readonly name: string;
  readonly streams: readonly StreamPlan[];
  readonly effect?: EffectPlan;
  readonly condition?: { readonly query: Query; readonly after: readonly PlacePlan[] };
  readonly key?: { readonly key: string; readonly digest: string; readonly lifeMicros?: number };
  readonly keyedWrites?: readonly KeyedWritePlan[];
  readonly views?: readonly ViewPlan[];
}

/** Sends an append again, exactly as it was sent or with one event changed; nothing where there was none. */
export interface AgainPlan {
  readonly do: 'again';
  readonly name: string;
  /** The number of the event, and what of it is changed. */
  readonly change?: { readonly event: number; readonly of: 'data' | 'metadata' };
}

/** One operation of a workload. */
export type Operation =
  | AppendPlan
  | AgainPlan
  /** Appends that are not awaited in between. */
  | { readonly do: 'group'; readonly appends: readonly (AppendPlan | AgainPlan)[] }
  | { readonly do: 'keyedWrite'; readonly writes: readonly KeyedWritePlan[] }
  /** Says of views that they are complete, as whoever brings them up does. */
  | { readonly do: 'completeViews'; readonly progressKeys: readonly string[] }
  | {
      readonly do: 'readStream';
      readonly streamId: string;
      readonly direction: Direction;
      readonly from: VersionPlan;
      readonly limit: number;
      readonly bytesMax: number;
    }
  | {
      readonly do: 'readLog';
      readonly partition: number;
      readonly direction: Direction;
      readonly from: PlacePlan | undefined;
      readonly until: PlacePlan | undefined;
      readonly category?: string;
      readonly streamId?: string;
      readonly query?: Query;
      readonly includeReserved: boolean;
      readonly limit: number;
      readonly bytesMax: number;
    }
  | { readonly do: 'eventAt'; readonly partition: number; readonly at: PlacePlan }
  | { readonly do: 'positionAtTime'; readonly partition: number; readonly at: PlacePlan; readonly offMicros: number }
  | { readonly do: 'streamInfo'; readonly streamId: string }
  | {
      readonly do: 'listStreams';
      readonly category?: string;
      readonly prefix?: string;
      readonly after?: string;
      readonly includeReserved: boolean;
      readonly limit: number;
    }
  | { readonly do: 'answerOf'; readonly key: string }
  | {
      readonly do: 'keyedScan';
      readonly prefix: string;
      readonly after?: string;
      readonly direction: Direction;
      readonly limit: number;
    }
  /** Lets time pass, or turns the clock back. */
  | { readonly do: 'time'; readonly micros: number }
  /** Closes the log and opens it again, where it can be. */
  | { readonly do: 'reopen' };
