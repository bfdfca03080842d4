/**
 * Moments of a test: which of its events had been recorded, and which had occurred.
 */

import type { Event, Recorded } from '../core/event.ts';
import { argumentError } from '../core/errors.ts';
import { microsOf } from '../core/time.ts';
import { assertObject, assertWhole } from '../store/argument-checks.ts';
import { occurrenceOf } from '../store/moment-events.ts';
import { describe } from '../core/text.ts';

/**
 * As of which moment a test looks at its events; the same words as `asOf` of a store. An event without `occurredAt` occurred
 * when it was recorded: the first on 2026-01-01T00:00:00Z, each further one a second later.
 */
export type TestMoment =
  /** After so many of the events. */
  | { readonly version: number }
  | {
      /** What occurred at or before this time. */
      readonly occurredAt: string | Date;
      /** Fold in the order of versions (default), or by occurrence. */
      readonly order?: 'version' | 'occurredAt';
      /** Leave out what came after so many of the events: what was not known yet. */
      readonly known?: { readonly version: number };
    };

/** The events that a moment includes, in the order in which they are folded. */
export function eventsAt<Events extends Event>(
  events: readonly Recorded<Events>[],
  moment: TestMoment,
): readonly Recorded<Events>[] {
  assertObject('moment', moment);
  if (!('occurredAt' in moment)) return events.slice(0, versionOf('moment', moment));
  const { order = 'version', known } = moment;
  if (order !== 'version' && order !== 'occurredAt')
    throw argumentError('INVALID_ARGUMENT', `order must be 'version' or 'occurredAt', not ${describe(order)}.`);
  const until = microsOf('moment.occurredAt', moment.occurredAt);
  const recorded = known === undefined ? events : events.slice(0, versionOf('moment.known', known));
  const occurred = recorded.filter((event) => occurrenceOf(event) <= until);
  return order === 'version' ? occurred : occurred.toSorted((left, right) => occurrenceOf(left) - occurrenceOf(right));
}

function versionOf(what: string, moment: { readonly version: number }): number {
  assertObject(what, moment);
  assertWhole(`${what}.version`, moment.version, { min: 0, max: Number.MAX_SAFE_INTEGER });
  return moment.version;
}
