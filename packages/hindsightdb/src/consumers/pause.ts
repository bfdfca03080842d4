/** Waiting that an abort ends. */

import { abortReason } from '../core/abort.ts';

/** Resolves after so many milliseconds; rejects with the signal's reason when that aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw abortReason(signal);
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** What the work gives, or the signal's reason as soon as that aborts. */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) {
    // It is at work already, and how it ends is nobody's concern any more.
    work.catch(() => undefined);
    throw abortReason(signal);
  }
  let end = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    end = () => reject(abortReason(signal));
    signal.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
