/** Consumers: whatever follows the log under a name. */

export { startConsumer, type ConsumerOptions, type HandlingContext } from './start-consumer.ts';
export { Consumer, type RunOptions } from './consumer.ts';
export type { ConsumerState } from './consumer-state.ts';
export type { ConsumerKind, DivergencePolicy, EventFilter, StartAt } from './consumer-spec.ts';
export type { RetryPolicy } from './retry-policy.ts';
export type { ConsumerFailure } from './consumer-record.ts';
export type { ConsumerLag } from './lag.ts';
export type { Divergence } from './divergence.ts';
export type { Letter, LetterState } from './letter.ts';
export { waitForConsumer, type WaitOptions } from './wait-for.ts';
export {
  consumerInfo,
  listConsumers,
  listLetters,
  pauseConsumer,
  removeConsumer,
  resetConsumer,
  resumeConsumer,
  retryAllLetters,
  retryLetters,
  rewindConsumer,
  setAsideFailed,
  skipLetter,
  type ConsumerInfo,
  type RewindTo,
  type SliceInfo,
} from './consumer-admin.ts';
export { Inbox, openInbox, type InboxMessage, type InboxOptions, type InboxRequest, type Received } from './inbox.ts';
export type { InboxGap } from './inbox-order.ts';
export type { SequenceRange } from './inbox-sequence.ts';
