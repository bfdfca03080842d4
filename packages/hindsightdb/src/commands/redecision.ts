/** What deciding a command again gives, beside what was decided then. */

import { canonicalJson } from '../core/json.ts';
import type { RecordedEvent } from '../core/event.ts';
import { base64OfBytes } from '../core/base64.ts';
import { changesBetween, type Change } from '../history/changes.ts';
import type { RecordedCommand, RecordedError } from './command.ts';
import { recordedError } from './job.ts';

/** What counts of an event that was decided. Tags stand in one order, since theirs has no meaning; bytes as `{ base64 }`. */
export interface DecidedEvent {
  readonly type: string;
  readonly data: unknown;
  readonly tags: readonly string[];
}

/** What a command was decided to, or would be. Events that this code cannot even read are left out. */
export type Redecided =
  | { readonly kind: 'decided'; readonly events: readonly DecidedEvent[] }
  | { readonly kind: 'rejected'; readonly error: RecordedError }
  /** It could not be decided by this code: a mistake was thrown, or the events cannot be stored or folded. */
  | { readonly kind: 'failed'; readonly error: RecordedError };

/** What was recorded of a decision: never that it failed. */
export type RecordedDecision = Exclude<Redecided, { readonly kind: 'failed' }>;

/** Which command it is. */
export interface RedecidedCommand {
  readonly commandId: string;
  readonly streamId: string;
  /** Undefined where the record of the command cannot be read. */
  readonly command: RecordedCommand | undefined;
  /** The version of the entity that it was decided on; undefined where that cannot be read. */
  readonly on: number | undefined;
}

/** A command that would be decided otherwise, or of which that cannot be told. */
export type Redecision =
  | (RedecidedCommand & {
      /**
       * `events`: other ones would be written. `rejected`: it was decided and would be refused. `decided`: the reverse.
       * `message`: it would be refused with another error. `failed`: this code cannot decide it.
       */
      readonly kind: 'events' | 'rejected' | 'decided' | 'message' | 'failed';
      readonly was: RecordedDecision;
      readonly would: Redecided;
      /** How the one becomes the other; paths begin at `was`, as in `/events/0/data/total`. */
      readonly changes: readonly Change[];
    })
  | (RedecidedCommand & { readonly kind: 'undecidable'; readonly reason: string });

/** What counts of an event. */
export function decidedEvent({ type, data, tags }: RecordedEvent): DecidedEvent {
  return { type, data: data instanceof Uint8Array ? { base64: base64OfBytes(data) } : data, tags: tags.toSorted() };
}

/** That something failed. */
export function failedWith(error: unknown): Redecided {
  return { kind: 'failed', error: recordedError(error) };
}

/** How two decisions differ; undefined where they are the same. */
export function differenceOf(
  was: RecordedDecision,
  would: Redecided,
  { compareMessages }: { readonly compareMessages: boolean },
): Exclude<Redecision['kind'], 'undecidable'> | undefined {
  if (would.kind === 'failed') return 'failed';
  if (was.kind === 'decided' && would.kind === 'decided') return isSame(was, would) ? undefined : 'events';
  if (was.kind === 'rejected' && would.kind === 'rejected')
    return !compareMessages || isSame(was, would) ? undefined : 'message';
  return would.kind;
}

function isSame(was: Redecided, would: Redecided): boolean {
  return canonicalJson(was) === canonicalJson(would);
}

/** The changes of two decisions. Data that are nested too deeply to be walked are told as a whole. */
export function changesOf(was: Redecided, would: Redecided): readonly Change[] {
  try {
    return changesBetween(was, would);
  } catch {
    return [{ kind: 'replaced', path: '', before: was, after: would }];
  }
}
