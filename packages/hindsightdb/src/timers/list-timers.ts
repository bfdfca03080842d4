/** Going through the timers of a group in their order, a page at a time. */

import { microsOf } from '../core/time.ts';
import { argumentError } from '../core/errors.ts';
import { assertName, describe } from '../core/text.ts';
import { assertObject } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { StoreContext } from '../store/settings.ts';
import { decodeTimers, encodedPage, placeOf, type StoredTimer } from './stored-timer.ts';
import { assertGroup, comparePlaces, orderKey, type TimerOrder, type TimerPlace } from './timer-keys.ts';
import { timerOfStored, type Timer } from './timer.ts';

/** Which timers are listed. */
export interface ListTimersOptions {
  readonly group: string;
  /** Default: both. */
  readonly state?: 'pending' | 'failed';
  /** Only those that are due, or tried again, at this time or before it. */
  readonly until?: string | Date;
  /** Behind this timer: the last one that was seen. */
  readonly after?: Pick<Timer, 'id' | 'dueAt' | 'retryAt'>;
}

/**
 * The timers of a group in the order in which they are due, those of one time by id. One that failed stands at the time at
 * which it is tried again. Read a page at a time: what is set, moved or fired meanwhile may be seen or not.
 */
export function listTimers<Data = unknown>(
  store: AnyStore,
  options: ListTimersOptions,
): AsyncGenerator<Timer<Data>, void, undefined> {
  const context = contextOf(store);
  return walkTimers(context, checkedOptions(context, options));
}

async function* walkTimers<Data>(
  context: StoreContext,
  { orders, walk }: CheckedOptions,
): AsyncGenerator<Timer<Data>, void, undefined> {
  const [first, second] = orders.map((order) => walkOrder(context, { ...walk, order }));
  const timers = first === undefined ? [] : second === undefined ? first : merged(first, second);
  // What was set in this group, by the type that the caller gives it.
  for await (const timer of timers) yield timerOfStored(timer) as Timer<Data>;
}

interface Walk {
  readonly group: string;
  readonly order: TimerOrder;
  readonly until: number;
  readonly after: TimerPlace | undefined;
}

interface CheckedOptions {
  readonly orders: readonly TimerOrder[];
  readonly walk: Omit<Walk, 'order'>;
}

function checkedOptions({ limits }: StoreContext, options: ListTimersOptions): CheckedOptions {
  assertObject('options', options);
  const { group, state, until, after } = options;
  assertGroup(group);
  if (state !== undefined && state !== 'pending' && state !== 'failed')
    throw argumentError('INVALID_ARGUMENT', `state must be 'pending' or 'failed', not ${describe(state)}.`);
  const orders: readonly TimerOrder[] =
    state === undefined ? ['due', 'failed'] : [state === 'failed' ? 'failed' : 'due'];
  const untilMicros = until === undefined ? Number.MAX_SAFE_INTEGER : microsOf('until', until);
  if (after === undefined) return { orders, walk: { group, until: untilMicros, after } };
  assertObject('after', after);
  assertName('The id of after', after.id, limits.idBytesMax);
  const place = { at: microsOf('The time of after', after.retryAt ?? after.dueAt), id: after.id };
  return { orders, walk: { group, until: untilMicros, after: place } };
}

const pageSize = 256;

async function* walkOrder(context: StoreContext, { group, order, until, after }: Walk): AsyncGenerator<StoredTimer> {
  let from = after && orderKey(order, group, after);
  for (;;) {
    const page = { order, until, limit: pageSize, ...(from !== undefined && { after: from }) };
    const { timers, next } = await encodedPage(context.engine, group, page);
    yield* await decodeTimers(context, timers);
    if (next === undefined) return;
    from = next;
  }
}

/** Two orders as one. */
async function* merged(
  left: AsyncGenerator<StoredTimer>,
  right: AsyncGenerator<StoredTimer>,
): AsyncGenerator<StoredTimer> {
  let [ofLeft, ofRight] = await Promise.all([left.next(), right.next()]);
  while (ofLeft.done !== true || ofRight.done !== true) {
    const isLeft =
      ofLeft.done !== true &&
      (ofRight.done === true || comparePlaces(placeOf(ofLeft.value), placeOf(ofRight.value)) <= 0);
    if (isLeft) {
      yield ofLeft.value;
      ofLeft = await left.next();
    } else if (ofRight.done !== true) {
      yield ofRight.value;
      ofRight = await right.next();
    }
  }
}
