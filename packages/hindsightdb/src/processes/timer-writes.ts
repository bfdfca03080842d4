/** The entries of an instance's timers, as a step changes them: written in one append with the step. */

import type { KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { microsOf } from '../core/time.ts';
import { clearWrites, readTimer, setWrites } from '../timers/stored-timer.ts';
import type { Instance } from './instance.ts';
import { timerGroup, timerId } from './process-keys.ts';
import { instanceStream } from './step.ts';

/**
 * What a step changes of the timers' entries, each on the condition that it is as it is now. They only tell which instances have
 * something due: what is pending, the newest step says.
 */
export async function timerWrites(
  context: StoreContext,
  at: { readonly process: string; readonly slice: number },
  { before, after }: { readonly before: Instance; readonly after: Instance },
): Promise<readonly KeyedWrite[]> {
  const group = timerGroup(at.process, at.slice);
  const names = new Set([...Object.keys(before.timers), ...Object.keys(after.timers)]);
  const writes: KeyedWrite[] = [];
  for (const name of names) {
    const dueAt = after.timers[name]?.dueAt;
    if (dueAt === before.timers[name]?.dueAt) continue;
    const id = timerId(after.key, name);
    const known = await readTimer(context, group, id);
    if (dueAt !== undefined) {
      const streamId = instanceStream(at.process, after.key);
      const timer = { group, id, dueAt: microsOf('dueAt', dueAt), dataText: 'null', streamId };
      writes.push(...(await setWrites(context, known, timer)));
    } else if (known !== undefined) writes.push(...clearWrites(known));
  }
  return writes;
}
