/**
 * The guard between replaying and acting: while events are folded again, nothing that acts on the world may run. See
 * docs/decisions/0018.
 */

import { HindsightError } from './errors.ts';

/**
 * How many folds are on the stack. Everything that is counted is synchronous, so that work of somebody else never runs in
 * between and one number for the process is enough.
 */
let depth = 0;

/** Runs code that folds events. Effects and gateways that it reaches before it returns are refused. */
export function whileReplaying<Result>(work: () => Result): Result {
  depth += 1;
  try {
    return work();
  } finally {
    depth -= 1;
  }
}

/** Throws `EFFECT_IN_REPLAY` while a fold, an upcaster or a projection's handler is on the stack. `what` begins the sentence. */
export function assertNotReplaying(what: string): void {
  if (depth === 0) return;
  throw new HindsightError(
    'EFFECT_IN_REPLAY',
    `${what} was called by code that replays events. A fold, an upcaster or a projection computes from events and does nothing else; let a reaction act.`,
  );
}

/**
 * Makes of a function that acts on the world one that refuses to run during a replay, with `EFFECT_IN_REPLAY`. For clients of
 * mail, payment and the like, so that no fold reaches them by accident. It sees only what calls it before its first `await`.
 */
export function guardEffect<Arguments extends readonly unknown[], Result>(
  effect: (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  const what = effect.name === '' ? 'A guarded function' : `The guarded function ${effect.name}`;
  return (...given) => {
    assertNotReplaying(what);
    return effect(...given);
  };
}
