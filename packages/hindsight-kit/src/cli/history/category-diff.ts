/**
 * How the entities of a category changed between two moments: a block for each, or a line for machines.
 */

import type { ElementKeys, Store } from 'hindsightdb';
import { diffCategory, type EntityChange } from 'hindsightdb/history';
import type { CommandContext } from '../context.ts';
import { countText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';
import { entityProgress } from './category-rows.ts';
import { changeLines } from './change-lines.ts';
import { foldFor } from './entity-fold.ts';
import { isOfOccurrence, type FoundMoment } from './moment-options.ts';
import { plainState } from './value-text.ts';

/** What is compared, and how. */
export interface CategoryComparison {
  readonly from: FoundMoment;
  readonly to: FoundMoment;
  readonly elementKey?: ElementKeys;
  readonly skipHidden?: true;
}

/** Prints the entities that differ between two moments. */
export async function printCategoryDiff(
  context: CommandContext,
  store: Store,
  category: string,
  comparison: CategoryComparison,
): Promise<void> {
  const { fold, foldedBy } = await foldFor(context, category, comparison);
  const { from, to, skipHidden } = comparison;
  const progress = context.progress('Comparing', { isQuiet: context.isJson });
  const counts = { appeared: 0, changed: 0, ended: 0, passed: 0 };
  const { output } = context;
  const now = await store.head();
  const entities = diffCategory(store, fold, category, {
    from: from.asOf ?? { checkpoint: now },
    ...(to.asOf !== undefined && { to: to.asOf }),
    hidden: skipHidden === true ? 'skip' : 'refuse',
    onProgress: entityProgress(progress),
    signal: context.signal,
  });
  for await (const entity of entities) {
    counts[entity.kind] += 1;
    progress.clear();
    const title = isOfOccurrence(from) || isOfOccurrence(to) ? whatBecame[entity.kind] : titleOf(entity);
    const lines = context.isJson ? [documentOf(entity, foldedBy)] : linesOf(context, entity, title);
    for (const line of lines) await output.line(line);
    // Progress is drawn on the same terminal: nothing of the output may wait behind it.
    if (context.widthMax !== undefined) await output.flush();
  }
  progress.clear();
  await output.flush();
  if (context.isJson) return;
  const kinds = ['appeared', 'changed', 'ended', 'passed'] as const;
  const found = kinds.filter((kind) => counts[kind] > 0);
  const summary = found.map((kind) => `${countText(counts[kind])} ${whatBecame[kind]}`).join(', ');
  context.note(found.length === 0 ? 'Nothing of the category differs.' : `${summary}; ${from.text} → ${to.text}.`);
}

type Kind = EntityChange<unknown>['kind'];

const whatBecame: Readonly<Record<Kind, string>> = {
  appeared: 'appeared',
  changed: 'changed',
  ended: 'ended',
  passed: 'appeared and ended',
};

function documentOf({ streamId, kind, from, to, changes }: EntityChange<unknown>, foldedBy: string): string {
  return JSON.stringify({
    streamId,
    kind,
    from: { version: from.version, state: plainState(from.state) },
    to: { version: to.version, state: plainState(to.state) },
    foldedBy,
    changes,
  });
}

function titleOf({ kind, from, to }: EntityChange<unknown>): string {
  const versions = from.version === 0 ? `version ${to.version}` : `version ${from.version} → ${to.version}`;
  return kind === 'changed' ? versions : `${whatBecame[kind]}, ${versions}`;
}

function linesOf(
  { palette, widthMax }: CommandContext,
  { streamId, kind, changes }: EntityChange<unknown>,
  title: string,
): readonly string[] {
  const signs: Readonly<Record<Kind, string>> = {
    appeared: palette.good('+'),
    changed: palette.warning('~'),
    ended: palette.bad('■'),
    passed: palette.bad('■'),
  };
  return [
    `${signs[kind]} ${palette.name(safeText(streamId))}  ${palette.faint(title)}`,
    ...changeLines(changes, { palette, indent: 4, widthMax }),
  ];
}
