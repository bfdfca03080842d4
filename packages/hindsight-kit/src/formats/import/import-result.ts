/**
 * What a run of an import tells: while it works, and how it ended.
 */

import type { RowPlace } from '../source/bad-input.ts';

/** A row that means no event. */
export interface SkippedRow extends Pick<RowPlace, 'character' | 'element'> {
  /** The line where it begins, or where what is wrong in it begins, counted from 1. */
  readonly line: number;
  readonly column: string | undefined;
  readonly reason: string;
}

/** How far a run has come. */
export interface RunProgress {
  /** Events that this run has read; those on disk are a little behind. */
  readonly events: number;
  /** Whether the run still reads what an earlier one has imported, to see that it is the same. */
  readonly isComparing: boolean;
}

/** How a run ended. */
export interface ImportResult {
  /** Events, rows and skipped rows that are new with this run. */
  readonly events: number;
  readonly skipped: number;
  /** Events of this source in the store, from all runs. */
  readonly eventsTotal: number;
  readonly skippedTotal: number;
  readonly rowsTotal: number;
  /** The end of the text was reached. */
  readonly isComplete: boolean;
  /** An earlier run had come this far, in events; 0 where there was none. */
  readonly eventsBefore: number;
  /** Why the run ended before the end of the text, if it did. */
  readonly stop: ImportStop | undefined;
}

/** Why a run ended early. What stands before is imported, and a later run goes on there. */
export type ImportStop =
  | { readonly kind: 'interrupted'; readonly reason: unknown }
  | ({ readonly kind: 'badRow' } & SkippedRow)
  | {
      readonly kind: 'unreadable';
      readonly message: string;
      readonly line: number;
      readonly character?: number | undefined;
      readonly element?: string | undefined;
      readonly advice: readonly string[];
      readonly isUsage: boolean;
    };
