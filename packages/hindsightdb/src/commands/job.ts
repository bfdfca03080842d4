/** A command in the queue of its entity. */

import type { Event } from '../core/event.ts';
import { describeError } from '../consumers/letter.ts';
import type { InternalStreamAppend, Written } from '../store/append.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { OutcomeDetails, RecordedError } from './command.ts';
import type { HandleOptions, HandleResult } from './handle.ts';

/** A command that waits for its turn or its answer. */
export interface Job<State, Command, Events extends Event> {
  readonly command: Command;
  readonly options: HandleOptions;
  /** Digest of stream and command, where a key is given. */
  readonly contentDigest: string | undefined;
  /** What is kept of the command; undefined for one of which only the events are kept. */
  readonly recording?: Recording;
  readonly resolve: (result: HandleResult<State, Events>) => void;
  readonly reject: (error: unknown) => void;
  /** How often its append was refused because somebody else had written. */
  conflicts: number;
  /** It was given up and answered; nothing is done for it any more. */
  isWithdrawn: boolean;
}

/**
 * How a command and its outcome are kept. Its decision is then always an append, also when nothing was decided or it was
 * refused, under a key that lets only the first one count.
 */
export interface Recording {
  readonly key: string;
  /** What is behind the key. */
  readonly digest: string;
  /** Whether an error of `decide` refuses the command; any other fails it, and nothing is written. */
  readonly isRejection: (error: unknown) => boolean;
  /** What is appended with the decision. Asked right before the append goes, and again when the command is decided anew. */
  readonly streamFor: (details: OutcomeDetails) => InternalStreamAppend;
  readonly keyedWrites?: readonly KeyedWrite[];
  /** It was written, now or before under its key. */
  readonly onWritten: (written: Written, kind: 'appended' | 'duplicate', details: OutcomeDetails) => void;
  /** Called at once when it failed, before anything behind it is decided. */
  readonly onFailed: () => void;
  /** Whether something before it has failed, so that it must not be decided now. */
  readonly isHeldBack: () => boolean;
}

/** Thrown for a command that was not decided because one of its entity before it failed. */
export class HeldBack extends Error {
  constructor() {
    super('A command of this entity that came before has failed.');
    this.name = 'HeldBack';
  }
}

/** Answers a command with an error. */
export function fail<State, Command, Events extends Event>(job: Job<State, Command, Events>, error: unknown): void {
  job.recording?.onFailed();
  job.reject(error);
}

/** An error as an outcome keeps it. */
export function recordedError(error: unknown): RecordedError {
  const { stack: _stack, ...recorded } = describeError(error);
  return recorded;
}
