/**
 * For your own tests, under any test runner: deciders, folds and upcasters tried by given, when and then, and a clock to set.
 */

export type { Decided } from './decided.ts';
export type { ErrorMatcher } from './error-matcher.ts';
export { given, type Given, type GivenState } from './given.ts';
export type { TestMoment } from './moment.ts';
export type { GivenStored } from './upcasted.ts';
export { TestFailure } from './test-failure.ts';
export { settableClock, type SettableClock } from './settable-clock.ts';
