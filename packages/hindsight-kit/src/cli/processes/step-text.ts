/** Steps of process managers, in words. */

import type { StepCause, StepData } from 'hindsightdb/processes';
import { timeText } from '../history/value-text.ts';
import { safeText } from '../terminal/text-width.ts';

/** The type of the events that hold steps. */
export const stepType = 'ProcessAdvanced';

/** What an event of a process manager's stream says; undefined where it is no step. */
export function stepIn({ type, data }: { readonly type: string; readonly data: unknown }): StepData | undefined {
  if (type !== stepType || typeof data !== 'object' || data === null || !('on' in data) || !('timers' in data))
    return undefined;
  // Events of this type with these members are written by the library alone.
  return data as StepData;
}

/** What led to a step: `OrderPlaced, order-72@1`, `timer reminder`, `ShipOrder rejected by order-72`. */
export function causeText(on: StepCause): string {
  switch (on.kind) {
    case 'event':
      return safeText(`${on.type}, ${on.streamId}@${on.version}`);
    case 'timer':
      return safeText(`timer ${on.timer}`);
    case 'rejection':
      return safeText(`${on.type} ${on.outcome}, ${on.streamId}`);
  }
}

/** The next timer of several, with its time. */
export function nextTimer(timers: Readonly<Record<string, string>>): string {
  const [first] = Object.entries(timers).toSorted(([, left], [, right]) => (left < right ? -1 : 1));
  return first === undefined ? '-' : `${safeText(first[0])} ${timeText(first[1])}`;
}
