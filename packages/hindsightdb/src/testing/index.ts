/**
 * For your own tests, under any test runner: deciders tried by given, when and then, and a clock to set.
 */

export { given, type Decided, type ErrorMatcher, type Given } from './given.ts';
export { TestFailure } from './test-failure.ts';
export { settableClock, type SettableClock } from './settable-clock.ts';
