/**
 * `--where`: a JavaScript expression over a state. It is the user's own code, run in this process with all that the user may
 * do, as the configuration is; an expression from somebody else is to be read before it is used.
 */

import { compileFunction } from 'node:vm';
import type { RecordedEvent } from 'hindsightdb';
import { UsageError } from '../failure.ts';

/** What an expression is about. */
export interface WhereSubject {
  readonly streamId: string;
  readonly version: number;
  readonly state: unknown;
  /** The event that led to the state, where one event is looked at. */
  readonly event?: RecordedEvent | undefined;
}

/** Says whether the expression holds. Throws a `UsageError` that names the entity where it cannot be evaluated. */
export type Where = (subject: WhereSubject) => boolean;

const names = ['state', 'version', 'event', 'streamId'];

/** Makes a test of an expression. Throws a `UsageError` where it is none. */
export function parseWhere(expression: string): Where {
  const evaluate = compiled(expression);
  return ({ streamId, version, state, event }) => {
    let value: unknown;
    try {
      value = evaluate(frozen(state), version, event, streamId);
    } catch (cause) {
      throw new UsageError(
        `--where fails for ${streamId} at version ${version}: ${messageOf(cause)}`,
        adviceFor(cause),
        {
          cause,
        },
      );
    }
    if (typeof value === 'function' || value instanceof Promise)
      throw new UsageError(
        `--where gives a ${typeof value === 'function' ? 'function' : 'promise'}; write the expression alone: state.status === 'open'`,
      );
    return Boolean(value);
  };
}

type Evaluate = (...values: readonly unknown[]) => unknown;

function compiled(expression: string): Evaluate {
  if (expression.trim() === '') throw new UsageError('--where is empty.', forms);
  try {
    // The line end closes a comment that the expression may end with.
    const evaluate: unknown = compileFunction(`"use strict"; return (${expression}\n);`, names, {
      filename: '--where',
    });
    // compileFunction answers with a function of these parameters, whatever its declared type.
    return evaluate as Evaluate;
  } catch (cause) {
    throw new UsageError(`--where ${JSON.stringify(expression)} is no expression: ${messageOf(cause)}.`, forms, {
      cause,
    });
  }
}

const forms = [
  `It is JavaScript over state, version, event and streamId: --where "state.status === 'open' && state.total > 100"`,
];

/** A slip like `state.status = 'open'` would change the state that the next event is folded onto; frozen, it fails. */
function frozen(value: unknown): unknown {
  // What is frozen was seen before: states share what events leave alone. Bytes cannot be frozen.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) frozen(Reflect.get(value, key));
  return value;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function adviceFor(cause: unknown): readonly string[] {
  const message = messageOf(cause);
  if (/read only property|not extensible|Cannot delete/.test(message)) return ['To compare, write === and not =.'];
  if (/Cannot read properties of (undefined|null)/.test(message))
    return ['Write ?. where a member may be missing: state.customer?.name'];
  if (/is not defined/.test(message)) return forms;
  return [];
}
