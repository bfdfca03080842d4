/** What deciding again can be told, and its checks. */

import { assertDecider, type Decider } from '../core/decider.ts';
import { argumentError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import { assertName, describe } from '../core/text.ts';
import {
  assertFunction,
  assertObject,
  assertOptionalBoolean,
  assertOptionalSignal,
  assertWhole,
} from '../store/argument-checks.ts';
import { logMoment, type RecordedMoment } from '../store/as-of.ts';
import { assertOfCategory } from '../store/load-state.ts';
import type { StoreContext } from '../store/settings.ts';
import type { RecordedCommand } from './command.ts';
import type { Rules } from './decide-again.ts';
import { isMistake, type AnyCommands, type CommandContext } from './define-commands.ts';
import { assertSample, type RedecideSample, type Wanted } from './redecide-selection.ts';
import type { Redecision } from './redecision.ts';

/** A decider of any state, commands and events. */
export type AnyDecider = AnyCommands['decider'];

/** A moment in the order of the log. */
export type LogPlace = Exclude<RecordedMoment, { readonly version: number }>;

/** How far deciding again has come. */
export interface RedecideProgress {
  /** Entities. */
  readonly done: number;
  readonly total: number;
  /** Commands that were looked at so far. */
  readonly commands: number;
}

/** Which commands are decided again, and how that is followed and ended. */
export interface RedecideOptions {
  /** Only commands that were accepted behind this moment: `{ checkpoint }` or `{ time }`. */
  readonly after?: LogPlace;
  /** Only commands that were accepted up to this moment. Default: the present. */
  readonly until?: LogPlace;
  /** Only commands of this entity. */
  readonly streamId?: string;
  /** Only commands of these types. */
  readonly types?: readonly string[];
  /** Only a part of them. Default: all. */
  readonly sample?: RedecideSample;
  /** What the sample is chosen by; another seed chooses others. Default `'0'`. */
  readonly seed?: string;
  /** What turns a record into what is decided. Default: that of the commands; for a bare decider, the record itself. */
  readonly prepare?: (command: RecordedCommand, context: CommandContext) => unknown;
  /** Whether another error of a refused command is a difference. Default false. */
  readonly compareMessages?: boolean;
  /** Called with each difference and each undecidable command as it is found, and waited for. */
  readonly onDifference?: (difference: Redecision) => void | Promise<void>;
  /** How many of them the report holds; all are counted. Default 100. */
  readonly differencesMax?: number;
  readonly onProgress?: (progress: RedecideProgress) => void;
  readonly signal?: AbortSignal;
}

/** The same, with defaults filled in and moments found. */
export interface CheckedRedecide extends Pick<RedecideOptions, 'onDifference' | 'onProgress'> {
  readonly rules: Rules;
  /** What decides is a decider without a definition of commands around it. */
  readonly isBare: boolean;
  readonly wanted: Wanted;
  readonly compareMessages: boolean;
  readonly differencesMax: number;
  readonly signal: AbortSignal;
}

/** Checks what is asked, and finds the moments. */
export async function checkedRedecide(
  context: StoreContext,
  against: AnyCommands | AnyDecider,
  options: RedecideOptions,
): Promise<CheckedRedecide> {
  const { category, ...rules } = rulesOf(against, options);
  assertOptions(context, category, options);
  const { streamId, types, sample, seed = '0', after, until, compareMessages = false, differencesMax = 100 } = options;
  const { signal = new AbortController().signal, onDifference, onProgress } = options;
  return {
    rules,
    isBare: !('decider' in against),
    wanted: {
      category,
      streamId,
      types: types && new Set(types),
      after: after && (await positionsAt(context, after, 'after')),
      until: (until && (await positionsAt(context, until, 'until'))) ?? (await context.engine.heads()),
      sample,
      seed,
    },
    compareMessages,
    differencesMax,
    signal,
    ...(onDifference !== undefined && { onDifference }),
    ...(onProgress !== undefined && { onProgress }),
  };
}

function rulesOf(against: AnyCommands | AnyDecider, options: RedecideOptions): Rules & { readonly category: string } {
  assertObject('What decides', against);
  assertObject('options', options);
  const commands = 'decider' in against ? against : undefined;
  const decider: AnyDecider = 'decider' in against ? against.decider : against;
  assertDecider(decider);
  const { category } = decider;
  if (category === undefined)
    throw argumentError(
      'INVALID_ARGUMENT',
      'The decider must declare its category: that of the commands that it decides.',
    );
  assertFunction('prepare', options.prepare, { isOptional: true });
  return {
    category,
    // It is handed states of its own making, and commands and events of the category that it declares.
    decider: decider as Decider<unknown, unknown, Event>,
    prepare: options.prepare ?? commands?.prepare,
    boundary: commands?.boundary,
    isFailure: commands?.isFailure ?? isMistake,
  };
}

function assertOptions({ limits }: StoreContext, category: string, options: RedecideOptions): void {
  const { streamId, types, sample, seed, compareMessages, onDifference, differencesMax, onProgress, signal } = options;
  if (streamId !== undefined) {
    assertName('streamId', streamId, limits.streamIdBytesMax);
    assertOfCategory(category, streamId);
  }
  if (types !== undefined && (!Array.isArray(types) || !types.every((type) => typeof type === 'string')))
    throw argumentError('INVALID_ARGUMENT', `types must be an array of command types, not ${describe(types)}.`);
  assertSample(sample);
  if (seed !== undefined && typeof seed !== 'string')
    throw argumentError('INVALID_ARGUMENT', `seed must be a text, not ${describe(seed)}.`);
  assertOptionalBoolean('compareMessages', compareMessages);
  assertFunction('onDifference', onDifference, { isOptional: true });
  if (differencesMax !== undefined) assertWhole('differencesMax', differencesMax, { min: 0, max: 1_000_000 });
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
}

async function positionsAt(context: StoreContext, place: LogPlace, what: string): Promise<readonly number[]> {
  const { positions } = await logMoment(context, place, what);
  if (positions !== undefined) return positions;
  throw argumentError(
    'INVALID_ARGUMENT',
    `${what} must be { checkpoint } or { time }: versions are each entity's own.`,
  );
}
