/**
 * Aborts as errors.
 */

/** The reason of an aborted signal, as an error; one that is none is kept as its cause. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('The operation was aborted.', { cause: reason });
}
