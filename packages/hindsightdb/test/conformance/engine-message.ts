/**
 * What a test and an engine in another process say to each other.
 */

import type { ErrorCode } from '../../src/core/errors.ts';
import type { Capabilities, Engine, LogIdentity } from '../../src/engine/contract.ts';

/** An operation that is called by its name. */
export type CalledOperation =
  | Exclude<keyof Engine, 'capabilities' | 'identity' | 'wake' | 'maintenance' | 'sql'>
  | 'sqlWrite'
  | 'sqlQuery';

/** To the engine. Every message brings the time, since the clock is the test's. */
export type EngineRequest = { readonly time: number } & (
  | { readonly kind: 'open'; readonly path: string }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly operation: CalledOperation;
      readonly given: readonly unknown[];
    }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'listen'; readonly isListening: boolean }
);

/** A failure as it crosses the border. Without a code it is the reason of an abort, or an accident. */
export interface ToldError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly isAbort: boolean;
}

/** From the engine. */
export type EngineReply =
  | { readonly kind: 'opened'; readonly capabilities: Capabilities; readonly identity: LogIdentity }
  | { readonly kind: 'answered'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ToldError }
  | { readonly kind: 'woken' };
