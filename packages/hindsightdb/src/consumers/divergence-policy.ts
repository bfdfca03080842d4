/** What a consumer does when its place does not fit the log: as it was told, within what its kind allows. */

import type { Checkpoint } from '../core/checkpoint.ts';
import { isFenced, type ConsumerSpec } from './consumer-spec.ts';
import type { Divergence } from './divergence.ts';

/** Where it goes on. */
export type PlaceAfter =
  /** Nowhere: it stops and says why. */
  | { readonly kind: 'stop' }
  /** Where it would begin for the first time. */
  | { readonly kind: 'start' }
  /** With what is appended from now on. */
  | { readonly kind: 'now' }
  | { readonly kind: 'place'; readonly checkpoint: Checkpoint };

/**
 * A view cannot be rewound: what it holds of the other history would stay in it. A reaction or a process manager is not taken
 * back to its beginning: it goes on behind what the histories have in common, or with what is new.
 */
export function placeAfterDivergence(
  { kind, onDiverged = 'stop' }: Pick<ConsumerSpec, 'kind' | 'onDiverged'>,
  { common }: Divergence,
): PlaceAfter {
  if (onDiverged === 'stop') return { kind: 'stop' };
  if (onDiverged === 'rewind')
    return common === undefined || kind === 'projection' ? { kind: 'stop' } : { kind: 'place', checkpoint: common };
  if (!isFenced(kind)) return { kind: 'start' };
  return common === undefined ? { kind: 'now' } : { kind: 'place', checkpoint: common };
}
