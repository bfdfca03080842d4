/**
 * Errors that users see. Callers test `code`, through the guards below; messages are free to change, codes are not.
 * Wrong arguments are `TypeError` or `RangeError` and carry a code as well.
 */

/** Every code with one line of meaning. `docs/reference/errors.md` has a heading for each, checked by a test. A retired code is never given out again. */
export const errorCodes = {
  VERSION_CONFLICT: 'A stream is not at the version that the append expects.',
  CONDITION_CONFLICT: 'An event matches the condition that the append was made under.',
  KEYED_STORE_CONFLICT: 'An entry of the keyed store is not at the revision that the write expects.',
  STREAM_TOMBSTONED: 'The stream was ended for good and takes no more events.',
  KEY_REUSED: 'The idempotency key was used before with other content.',
  REPETITION_MISMATCH:
    'Some of the event ids are already stored at these versions, others are not, or their content differs.',
  INVALID_ARGUMENT: 'An argument is not of the form that the method takes.',
  INVALID_TEXT: 'An id, a type or a tag is empty, ill-formed or contains NUL.',
  INVALID_QUERY: 'The query is empty or has an item that selects nothing.',
  RESERVED_NAME: 'Names that begin with $ belong to the store.',
  VALIDATION_FAILED: 'The data of an event does not satisfy its schema.',
  UNKNOWN_EVENT_TYPE: 'The event type is not among the declared ones.',
  NOT_JSON: 'The data of an event has no JSON form.',
  LIMIT_EXCEEDED: 'An event, a batch or a name is larger than the engine takes.',
  OVERLOADED: 'Too many appends are waiting; nothing of this one was written.',
  OUTCOME_UNKNOWN: 'Whether the append was written cannot be known; a retry under its key is safe.',
  CLOSED: 'The store was closed.',
  RUNTIME_TOO_OLD: 'Node.js or its SQLite is older than the store can rely on.',
  ENGINE_UNAVAILABLE: 'No engine answers to this address.',
  VIEW_SQL_FAILED: 'The database refused a statement that a view or its reader gave; nothing was written.',
  UNSUPPORTED: 'The engine does not have the capability that the call needs.',
  STORE_NOT_FOUND: 'There is no store at this place.',
  STORE_EXISTS: 'There is already something at this place, which is not overwritten.',
  FOREIGN_FILE: 'The file is not a Hindsight store.',
  FORMAT_TOO_NEW: 'The store was written by a newer format than this code knows.',
  MIGRATION_MISSING: 'The schema of the store lacks a migration that this code needs.',
  MIGRATION_CHANGED: 'A migration that was applied is not the one that this code brings.',
  STORE_CORRUPT: 'The store is damaged.',
  STORE_READ_ONLY: 'The place of the store cannot be written.',
  STORE_BUSY: 'Another process held the store for longer than the wait allows.',
  STORE_UNREACHABLE: 'The server that holds the store cannot be reached.',
  STORE_REPLACED: 'The file of the store was removed or replaced while it was open.',
  DISK_FULL: 'There is no space left for the append; nothing of it was written.',
  SYNC_FAILED: 'The disk did not confirm a write; the store must be copied before it is used again.',
  CHECKPOINT_INVALID: 'The text is not a checkpoint.',
  CHECKPOINT_FOREIGN: 'The checkpoint belongs to another log.',
  CHECKPOINT_AHEAD: 'The checkpoint lies past the end of the log that it belongs to.',
  CHECKPOINT_DIVERGED: 'The log holds another event at the place of the checkpoint.',
  TRUNCATION_REFUSED: 'The first event that a truncation would keep is not declared to carry the state.',
  HISTORY_HIDDEN: 'The events that the asked state depends on are hidden by truncation or a tombstone.',
  UPCAST_FAILED: 'An upcaster threw or returned something that is no event.',
  DECODE_FAILED: 'A stored record cannot be decoded.',
  CONSUMER_UNKNOWN: 'No consumer of this name was ever started with this store.',
  CONSUMER_MISMATCH: 'The consumer was first started as something else than it is started as now.',
  CONSUMER_DIVERGED: 'The place of the consumer does not fit the log that it follows.',
  CONSUMER_FAILED: 'The consumer has stopped because of a failure, and does not go on by itself.',
  FENCED: 'The slice of the consumer belongs to somebody else by now; nothing was recorded.',
  WAIT_TIMEOUT: 'What was waited for did not come about in time.',
  LETTER_UNKNOWN: 'There is no dead letter of this entity.',
  REPLAY_REFUSED: 'A reaction is never taken back below its fence.',
  EFFECT_IN_REPLAY: 'Code that replays events reached for the world.',
  PENDING_VALUE: 'A handler of an inline projection computed with what only the commit decides.',
  VIEW_INDEX_MISSING: 'No index of the view serves the request.',
  VIEW_NOT_BUILT: 'The view is not complete yet.',
  VIEW_CHANGED: 'The view was built under this version with another definition.',
  VIEW_HANDLER_FAILED: 'A handler of an inline projection threw; nothing was written.',
  VIEW_BEHIND: 'An inline view could not be brought up to date for an append; nothing was written.',
  EFFECT_UNKNOWN: 'The plan of an event names an effect that the reaction does not declare.',
  REACTION_OUTDATED: 'A newer version of the reaction was at work already.',
  PROCESS_OUTDATED: 'A newer version of the process manager was at work already.',
  PROCESS_MISMATCH: 'An instance needs what this version of the process manager does not declare.',
  GATEWAY_UNANSWERED: 'No answer to the question is recorded, and the world is not asked.',
  COMMAND_REFUSED: 'The command is not accepted; nothing was recorded.',
  COMMAND_UNKNOWN: 'No command was accepted under this id.',
  INBOX_FULL: 'Too many messages wait for one that is missing.',
} as const;

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** The base of every error that the library raises about a store or its contents. */
export class HindsightError extends Error {
  readonly code: ErrorCode;
  /** What the message says, as data. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'HindsightError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** One check of an append that did not hold. */
export type Conflict =
  | {
      readonly kind: 'version';
      readonly streamId: string;
      readonly expected: number | 'any' | 'exists' | 'none';
      readonly actual: number;
    }
  | { readonly kind: 'tombstone'; readonly streamId: string; readonly actual: number }
  | { readonly kind: 'condition'; readonly partition: number; readonly position: number; readonly eventId: string }
  | { readonly kind: 'keyedStore'; readonly key: string; readonly expected: number; readonly actual: number };

/** An append was refused because what it states about the store does not hold. Nothing of it was written. */
export class ConflictError extends HindsightError {
  /** Every check that failed, with what was found instead. */
  readonly conflicts: readonly Conflict[];

  constructor(code: ErrorCode, message: string, conflicts: readonly Conflict[]) {
    super(code, message, { details: { conflicts } });
    this.name = 'ConflictError';
    this.conflicts = conflicts;
  }
}

/** One complaint of a schema. */
export interface Issue {
  readonly message: string;
  readonly path?: string;
}

/** The data of an event does not satisfy its schema. Nothing was written. */
export class ValidationError extends HindsightError {
  readonly issues: readonly Issue[];

  constructor(message: string, issues: readonly Issue[]) {
    super('VALIDATION_FAILED', message, { details: { issues } });
    this.name = 'ValidationError';
    this.issues = issues;
  }
}

type WithCode<Base extends Error> = Base & { readonly code: ErrorCode };

/** A wrong argument, as the `TypeError` that it is, with its code. */
export function argumentError(code: ErrorCode, message: string): WithCode<TypeError> {
  return Object.assign(new TypeError(message), { code });
}

/** An argument out of range, as the `RangeError` that it is, with its code. */
export function rangeError(code: ErrorCode, message: string): WithCode<RangeError> {
  return Object.assign(new RangeError(message), { code });
}

/** Whether this is an error of the library, of the given code where one is given. */
export function isHindsightError(error: unknown, code?: ErrorCode): error is WithCode<Error> {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return code === undefined
    ? typeof error.code === 'string' && Object.hasOwn(errorCodes, error.code)
    : error.code === code;
}

/** Whether an append was refused because a condition, a version or a keyed entry was not as stated. */
export function isConflict(error: unknown): error is ConflictError {
  return error instanceof ConflictError;
}

/** The error for a conflict; its code names the first kind of check that failed. */
export function conflictError(conflicts: readonly Conflict[]): ConflictError {
  const first = conflicts[0];
  if (first === undefined) throw new Error('A conflict names at least one check that failed.');
  const code = {
    version: 'VERSION_CONFLICT',
    tombstone: 'STREAM_TOMBSTONED',
    condition: 'CONDITION_CONFLICT',
    keyedStore: 'KEYED_STORE_CONFLICT',
  } as const;
  return new ConflictError(
    code[first.kind],
    `${conflicts.map(describeConflict).join(' ')} Nothing was written.`,
    conflicts,
  );
}

function describeConflict(conflict: Conflict): string {
  switch (conflict.kind) {
    case 'version':
      return `Stream ${JSON.stringify(conflict.streamId)} was expected at version ${conflict.expected} and is at ${conflict.actual}.`;
    case 'tombstone':
      return `Stream ${JSON.stringify(conflict.streamId)} was ended at version ${conflict.actual} and takes no more events.`;
    case 'condition':
      return `Event ${conflict.eventId} at position ${conflict.position} matches the condition.`;
    case 'keyedStore':
      return `Entry ${JSON.stringify(conflict.key)} was expected at revision ${conflict.expected} and is at ${conflict.actual}.`;
    default:
      return conflict satisfies never;
  }
}
