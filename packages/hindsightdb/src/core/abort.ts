/**
 * Aborts as errors, and hearing of them.
 */

import { LinkedList } from './linked-list.ts';

/** The reason of an aborted signal, as an error; one that is none is kept as its cause. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('The operation was aborted.', { cause: reason });
}

interface Hearing {
  readonly acts: LinkedList<() => void>;
  readonly hear: () => void;
}

/** What is to be done when a signal aborts. */
const hearings = new WeakMap<AbortSignal, Hearing>();

/**
 * Has something done when a signal aborts; answers what ends the interest. Everything that a consumer works on waits for one
 * signal: were each a listener of its own, it would be looked for among all the others whenever one comes or goes.
 */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  const { acts, hear } = hearings.get(signal) ?? beginHearing(signal);
  if (acts.isEmpty) signal.addEventListener('abort', hear, { once: true });
  const place = acts.add(act);
  return () => {
    if (acts.isEmpty) return;
    acts.remove(place);
    if (acts.isEmpty) signal.removeEventListener('abort', hear);
  };
}

function beginHearing(signal: AbortSignal): Hearing {
  const acts = new LinkedList<() => void>();
  const hear = (): void => {
    for (let act = acts.takeFirst(); act !== undefined; act = acts.takeFirst()) act();
  };
  const hearing = { acts, hear };
  hearings.set(signal, hearing);
  return hearing;
}
