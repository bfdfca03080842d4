/**
 * What a category is folded with: the decider that the configuration names for it, or else a fold that merges whatever the
 * events say, so that a log which was only imported can be asked at once.
 */

import { basename } from 'node:path';
import { Option } from 'commander';
import type { Event, ElementKeys, Recorded, SnapshottedFold } from 'hindsightdb';
import { processFold } from 'hindsightdb/processes';
import type { AnyFold } from '../config/define-config.ts';
import type { CommandContext } from '../context.ts';
import { CommandError, UsageError } from '../failure.ts';
import { parseFieldPath, pointerOf } from './field-path.ts';

/** A fold over entities of one category, whatever their state. */
export type EntityFold = SnapshottedFold<unknown, Event>;

/** What a category is folded with, and which of the two it is. */
export interface ChosenFold {
  readonly fold: EntityFold;
  /** Documents for machines say it as well. */
  readonly foldedBy: 'decider' | 'merge';
}

/** The option that names the members by which elements of arrays are told apart. */
export function elementKeyOption(): Option {
  return new Option(
    '--element-key <path=member>',
    'tell the elements of an array apart by a member: /items=sku; give it again for further arrays',
  ).argParser((text: string, before: ElementKeys | undefined): ElementKeys => {
    const at = text.lastIndexOf('=');
    if (at < 1 || at === text.length - 1)
      throw new UsageError(`--element-key ${JSON.stringify(text)} must be a path and a member, like /items=sku.`);
    const path = pointerOf(parseFieldPath('--element-key', text.slice(0, at)));
    return { ...before, [path]: text.slice(at + 1) };
  });
}

/** The option that leaves out entities whose states cannot be known. */
export function skipHiddenOption(): Option {
  return new Option('--skip-hidden', 'leave out entities whose events a truncation or a tombstone hides');
}

/** Chooses the fold of a category. Says on standard error where no decider is named. */
export async function foldFor(
  context: CommandContext,
  category: string,
  options: { readonly elementKey?: ElementKeys } = {},
): Promise<ChosenFold> {
  const config = await context.config();
  const deciders = config?.config.deciders ?? {};
  const process = config?.config.processes?.find(({ name }) => name === category);
  const decider = Object.hasOwn(deciders, category)
    ? deciders[category]
    : process === undefined
      ? undefined
      : processFold(process);
  if (decider === undefined)
    context.note(
      `${config === undefined ? 'No hindsight.config.ts names a' : `${basename(config.path)} names no`} decider for ${JSON.stringify(category)}; the data of its events are merged instead.`,
    );
  const fold = decider === undefined ? merging : folding(decider, category);
  const elementKeys = { ...fold.elementKeys, ...options.elementKey };
  return {
    fold: { ...fold, ...(Object.keys(elementKeys).length > 0 && { elementKeys }) },
    foldedBy: decider === undefined ? 'merge' : 'decider',
  };
}

/** A later event replaces the members that it has, and leaves the others. Data that is no object stands under its type. */
const merging: EntityFold = {
  initialState: {},
  evolve: (state, { type, data }) => {
    if (data === null || data instanceof Uint8Array) return state;
    const members = typeof data === 'object' && !Array.isArray(data) ? data : { [type]: data };
    // This fold is handed only states of its own making, which are objects.
    return { ...(state as object), ...members };
  },
};

/** A fold of the configuration, for the store to call with what it reads of that category. What it throws says at which event. */
function folding(decider: AnyFold, category: string): EntityFold {
  // The configuration gives deciders by category, so their evolve takes the state and the events of these streams.
  const fold = { category, ...decider } as EntityFold;
  const evolve = (state: unknown, event: Recorded<Event>): unknown => {
    try {
      return fold.evolve(state, event);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CommandError(
        `The fold of ${JSON.stringify(category)} failed at ${event.streamId}@${event.version} (${event.type}): ${reason}`,
        { cause, advice: ['Set HINDSIGHT_DEBUG=1 to see where.'] },
      );
    }
  };
  // Snapshots of a fold without a declared version are found by the text of its evolve.
  evolve.toString = () => fold.evolve.toString();
  return { ...fold, evolve };
}
