/** What a consumer in this process is doing, for those who watch it. */

import type { ConsumerFailure } from './consumer-record.ts';

/** What a consumer in this process is doing. */
export type ConsumerState =
  /** Works on slices: behind the end of the log, or with everything handed out. */
  | { readonly kind: 'catchingUp' | 'live'; readonly slices: readonly number[] }
  /** Holds no slice: others hold them all, or it has not asked for one yet, as in the moment after the start. */
  | { readonly kind: 'standby' }
  | { readonly kind: 'paused'; readonly reason?: string }
  /** Something failed that passes: it goes on by itself. */
  | { readonly kind: 'retrying'; readonly error: unknown }
  /** Stopped because of a failure; goes on when it is resumed. */
  | { readonly kind: 'failed'; readonly failure: ConsumerFailure }
  | { readonly kind: 'stopped' };

/** States in which nothing is handled: left before the first batch, which may take long, and not after it. */
export const idleKinds: ReadonlySet<ConsumerState['kind']> = new Set(['standby', 'paused', 'failed']);

/** Whether two states are the same. Errors are compared by what they are: what hangs on them may have no JSON form. */
export function isSameState(left: ConsumerState, right: ConsumerState): boolean {
  if (left.kind === 'retrying') return right.kind === 'retrying' && left.error === right.error;
  return right.kind !== 'retrying' && JSON.stringify(left) === JSON.stringify(right);
}
