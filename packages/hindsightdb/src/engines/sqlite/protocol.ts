/**
 * What the two threads of a handle say to one another.
 */

import type { EngineStatistics, KeyedWrite, LogIdentity, RecordedWrite } from '../../engine/contract.ts';
import type { OpenRequest } from './database.ts';
import type { PackedAnswers, PackedGroup } from './group-message.ts';
import type { PlainError } from './sqlite-errors.ts';

/** What the writer thread is started with. */
export interface WriterData {
  readonly open: OpenRequest;
  /** The WAL's size at which the writer checkpoints between two groups. */
  readonly walBytesMax: number;
}

/** What is asked of the writer thread. `now` is the caller's clock. */
export type WriterRequest =
  | { readonly kind: 'group'; readonly group: PackedGroup; readonly now: number }
  | { readonly kind: 'beginCopy'; readonly now: number }
  | {
      readonly kind: 'copyIn';
      readonly events: readonly RecordedWrite[];
      readonly keyedWrites: readonly KeyedWrite[];
      readonly now: number;
    }
  | { readonly kind: 'endCopy'; readonly now: number }
  | { readonly kind: 'statistics' }
  | { readonly kind: 'close' };

/** What the writer thread answers, in the order of the requests. */
export type WriterReply =
  | { readonly kind: 'ready'; readonly identity: LogIdentity }
  | { readonly kind: 'answers'; readonly answers: PackedAnswers }
  | { readonly kind: 'statistics'; readonly statistics: EngineStatistics }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: PlainError };
