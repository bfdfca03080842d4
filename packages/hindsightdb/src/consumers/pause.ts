/** Waiting that an abort ends. */

import { abortReason, whenAborted } from '../core/abort.ts';

/** Resolves after so many milliseconds; rejects with the signal's reason when that aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw abortReason(signal);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      endInterest();
      resolve();
    }, milliseconds);
    const endInterest = whenAborted(signal, () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    });
  });
}

/** What the work gives, or the signal's reason as soon as that aborts. */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) {
    // It is at work already, and how it ends is nobody's concern any more.
    work.catch(() => undefined);
    throw abortReason(signal);
  }
  let endInterest = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    endInterest = whenAborted(signal, () => reject(abortReason(signal)));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    endInterest();
  }
}
