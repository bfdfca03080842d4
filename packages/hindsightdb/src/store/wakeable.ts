/** Waiting for something newer without sleeping through it: arm, look, and wait only when nothing was found. */

/** One waiter. */
export interface Wakeable {
  readonly wake: () => void;
  /** Forgets what woke before. */
  arm(): void;
  /** Resolves at once when woken since it was armed, else at the next wake, at the signal, or after so many milliseconds. */
  wait(timeoutMs?: number): Promise<void>;
  end(): void;
}

/** A waiter that a signal wakes as well. */
export function wakeable(signal: AbortSignal | undefined): Wakeable {
  let isAwake = false;
  let resolveWait: (() => void) | undefined;
  const wake = (): void => {
    isAwake = true;
    resolveWait?.();
  };
  signal?.addEventListener('abort', wake);
  return {
    wake,
    arm: () => (isAwake = signal?.aborted === true),
    wait: async (timeoutMs) => {
      if (isAwake) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        resolveWait = resolve;
        if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
      resolveWait = undefined;
    },
    end: () => signal?.removeEventListener('abort', wake),
  };
}
