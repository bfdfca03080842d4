/**
 * Making the views that an append carries, and reading how far one is complete.
 */

import type { Pending, ViewWrite } from '../engine/views.ts';
import { equal, present } from './assertions.ts';
import type { LogUnderTest } from './log-under-test.ts';

/** The writes of a view, which may be left out. */
export function viewOf(progressKey: string, parts: Partial<Omit<ViewWrite, 'progressKey'>> = {}): ViewWrite {
  return { progressKey, keyedWrites: [], statements: [], ...parts };
}

/** A fact to be filled in, of the first event of the first stream unless others are named. */
export function fact(pending: Pending['pending'], { stream = 0, event = 0 }: Partial<Pending> = {}): Pending {
  return { pending, stream, event };
}

/** Says of views that they are complete up to now. */
export async function completeViews(log: LogUnderTest, ...progressKeys: readonly string[]): Promise<void> {
  const value = JSON.stringify(await log.engine.heads());
  equal(await log.engine.keyedWrite(progressKeys.map((key) => ({ key, value }))), [], 'The answer to keyed writes');
}

/** Up to where the entry of a view says that it is complete. */
export async function progressOf(log: LogUnderTest, progressKey: string): Promise<unknown> {
  const entry = present(await log.engine.keyedGet(progressKey), `The entry ${JSON.stringify(progressKey)}`);
  return JSON.parse(entry.value);
}

/** Fails unless views are complete up to the newest events. */
export async function expectComplete(log: LogUnderTest, ...progressKeys: readonly string[]): Promise<void> {
  const heads = await log.engine.heads();
  for (const key of progressKeys)
    equal(await progressOf(log, key), heads, `How far the view ${JSON.stringify(key)} is complete`);
}
