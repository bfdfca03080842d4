/**
 * The options with which moments are said, and the places in a store that they turn out to be.
 */

import { Option, type Command } from 'commander';
import type { AsOf, RecordedMoment, Store } from 'hindsightdb';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { momentForms, parseMoment, type Moment, type TimeOrder } from './moment.ts';
import { releaseEnd } from './release-place.ts';
import { timeText } from './value-text.ts';

/** What the options say. */
export interface MomentOptions {
  readonly by?: TimeOrder;
  readonly known?: string;
}

/** A moment, found in a store. */
export interface FoundMoment {
  /** Undefined for the present. */
  readonly asOf: AsOf | undefined;
  /** How people read it. */
  readonly text: string;
}

/** Whether a moment is one of occurrence: later versions may belong to earlier times, so that a version says nothing of it. */
export function isOfOccurrence({ asOf }: FoundMoment): boolean {
  return asOf !== undefined && 'occurredAt' in asOf;
}

/** Adds the options that say how times are meant. */
export function addMomentOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--by <order>', 'times mean when events were recorded, or when they occurred')
        .choices(['recorded', 'occurred'])
        .default('recorded'),
    )
    .option('--known <moment>', 'of what had occurred, only what was recorded by this moment')
    .addHelpText('after', `\n${momentForms.join('\n')}`);
}

/** Finds the moment that a text means. Undefined is the present. */
export async function findMoment(
  context: CommandContext,
  store: Store,
  given: { readonly what: string; readonly text: string | undefined; readonly subject?: 'entity' | 'category' },
  options: MomentOptions,
): Promise<FoundMoment> {
  const { what, text, subject = 'entity' } = given;
  const { by: order = 'recorded', known } = options;
  const now = context.world.now();
  const moment: Moment = text === undefined ? { kind: 'now' } : parseMoment(what, text, { now, order });
  if (moment.kind === 'version' && subject === 'category')
    throw new UsageError(
      `${what} ${moment.version} is a version, and each entity of a category has versions of its own.`,
      ['Give a time, a release or a place in the log.'],
    );
  if (known === undefined && moment.kind === 'now') return { asOf: undefined, text: 'now' };
  if (moment.kind !== 'now' && !isOccurrence(moment)) {
    if (known === undefined) return await recordedMoment(context, store, moment);
    throw new UsageError('--known goes with a time of occurrence: add --by occurred, or write occurred:<time>.');
  }
  const recorded = known === undefined ? undefined : await knownMoment(context, store, { known, subject });
  if (moment.kind !== 'time') return recorded ?? { asOf: undefined, text: 'now' };
  return {
    asOf: { occurredAt: moment.time, ...(recorded !== undefined && { known: recorded.asOf }) },
    text: `what had occurred by ${timeText(moment.time)}${recorded === undefined ? '' : `, as known at ${recorded.text}`}`,
  };
}

async function knownMoment(
  context: CommandContext,
  store: Store,
  { known, subject }: { readonly known: string; readonly subject: 'entity' | 'category' },
): Promise<{ readonly asOf: RecordedMoment; readonly text: string }> {
  const found = parseMoment('--known', known, { now: context.world.now(), order: 'recorded' });
  if (found.kind === 'now' || (found.kind === 'version' && subject === 'category') || isOccurrence(found))
    throw new UsageError(`--known ${JSON.stringify(known)} must be a moment of recording, like a time.`);
  return await recordedMoment(context, store, found);
}

function isOccurrence(moment: Moment): boolean {
  return moment.kind === 'time' && moment.order === 'occurred';
}

async function recordedMoment(
  context: CommandContext,
  store: Store,
  moment: Exclude<Moment, { readonly kind: 'now' }>,
): Promise<{ readonly asOf: RecordedMoment; readonly text: string }> {
  switch (moment.kind) {
    case 'version':
      return { asOf: { version: moment.version }, text: `version ${moment.version}` };
    case 'time':
      return { asOf: { time: moment.time }, text: timeText(moment.time) };
    case 'place':
      return {
        asOf: { checkpoint: moment.place },
        text: typeof moment.place === 'number' ? `position ${moment.place}` : 'the checkpoint',
      };
    case 'release':
      return await besideRelease(context, store, moment);
    default:
      return moment satisfies never;
  }
}

async function besideRelease(
  context: CommandContext,
  store: Store,
  { side, release }: Extract<Moment, { readonly kind: 'release' }>,
): Promise<{ readonly asOf: RecordedMoment; readonly text: string }> {
  const isBefore = side === 'before';
  const { position, recordedAt } = await releaseEnd(context, store, release, isBefore ? 'first' : 'last');
  const place = isBefore ? position - 1 : position;
  const text = `${side} release ${release}, position ${place}, ${timeText(recordedAt)}`;
  return { asOf: { checkpoint: place }, text };
}
