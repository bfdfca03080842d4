/** The consumers that the kit tests: those of the library, or others in their place. */

import {
  consumerInfo,
  listConsumers,
  listLetters,
  pauseConsumer,
  removeConsumer,
  resetConsumer,
  resumeConsumer,
  retryLetters,
  rewindConsumer,
  setAsideFailed,
  skipLetter,
  startConsumer,
  waitForConsumer,
  type Consumer,
  type ConsumerOptions,
} from '../consumers/index.ts';
import type { RunOptions } from '../consumers/consumer.ts';
import type { ConsumerSpec } from '../consumers/consumer-spec.ts';
import { runConsumer } from '../consumers/run-consumer.ts';
import type { AnyStore } from '../store/context-of.ts';

/** A running consumer as the kit sees it. */
export type RunningConsumer = Pick<Consumer, 'name' | 'state' | 'ended' | 'lag' | 'waitFor' | 'stop'>;

/** Starts and operates consumers. */
export interface ConsumerRuntime {
  readonly startConsumer: (store: AnyStore, options: ConsumerOptions) => Promise<RunningConsumer>;
  readonly runConsumer: (store: AnyStore, spec: ConsumerSpec, options?: RunOptions) => Promise<RunningConsumer>;
  readonly consumerInfo: typeof consumerInfo;
  readonly listConsumers: typeof listConsumers;
  readonly listLetters: typeof listLetters;
  readonly pauseConsumer: typeof pauseConsumer;
  readonly resumeConsumer: typeof resumeConsumer;
  readonly resetConsumer: typeof resetConsumer;
  readonly rewindConsumer: typeof rewindConsumer;
  readonly removeConsumer: typeof removeConsumer;
  readonly retryLetters: typeof retryLetters;
  readonly skipLetter: typeof skipLetter;
  readonly setAsideFailed: typeof setAsideFailed;
  readonly waitForConsumer: typeof waitForConsumer;
}

/** The library's own. */
export const libraryConsumers: ConsumerRuntime = {
  startConsumer,
  runConsumer,
  consumerInfo,
  listConsumers,
  listLetters,
  pauseConsumer,
  resumeConsumer,
  resetConsumer,
  rewindConsumer,
  removeConsumer,
  retryLetters,
  skipLetter,
  setAsideFailed,
  waitForConsumer,
};
