/** Which groups of timers there are. */

import { isoOfMicros } from '../core/time.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { orderPrefix } from './timer-keys.ts';
import { firstDue } from './stored-timer.ts';

/** A group that has timers. */
export interface TimerGroup {
  /** Its name. Those that the library makes for scheduled commands and process managers have a `/` in theirs. */
  readonly group: string;
  /** When its first timer is due, or is tried again: ISO 8601; absent where all of them were set aside. */
  readonly nextAt?: string;
  /** Whether any of its timers were set aside. */
  readonly hasFailed: boolean;
}

const prefix = 'timer/';
/** Sorts behind every id: those are written in plain characters. */
const behindIds = '\u007f';

/** The groups that have timers, in the order of their names; how many each has is not known without reading them. */
export async function* listTimerGroups(store: AnyStore): AsyncGenerator<TimerGroup, void, undefined> {
  const { engine } = contextOf(store);
  for (let after = prefix; ;) {
    const [first] = await engine.keyedScan({ prefix, after, limit: 1 });
    if (first === undefined) return;
    const [encoded = ''] = first.key.slice(prefix.length).split('/');
    after = `${prefix}${encoded}/${behindIds}`;
    const group = encoded.replaceAll('%2F', '/');
    const next = await firstDue(engine, group);
    const failed = await engine.keyedScan({ prefix: orderPrefix('failed', group), limit: 1 });
    yield { group, ...(next !== undefined && { nextAt: isoOfMicros(next.at) }), hasFailed: failed.length > 0 };
  }
}
