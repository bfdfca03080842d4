/** Who writes while a follower is live: this process, or another one on the same file. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { MeasureContext } from '../run/workload.ts';
import { writeWithPauses, type Moments } from './live-follow.ts';

/** Appends for a while and gives the moments at which each append was acknowledged. */
export type LiveWriter = (context: MeasureContext, append: (turn: number) => Promise<unknown>) => Promise<Moments>;

/** Appends by the function that it is given. */
export const inThisProcess: LiveWriter = async ({ scale }, append) => await writeWithPauses(append, scale);

/** Appends to the store of the folder from a process of its own. */
export const inAnotherProcess: LiveWriter = async ({ directory, scale }) => {
  const child = fork(new URL('./live-writer.ts', import.meta.url), [directory, scale.name]);
  const answered: unknown[] = await once(child, 'message');
  // The writer sends one message, its moments.
  return answered[0] as Moments;
};
