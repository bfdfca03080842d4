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
import type { FoundMoment } from './moment-options.ts';
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
    if (context.isJson) await output.line(documentOf(entity, foldedBy));
    else for (const line of linesOf(context, entity)) await output.line(line);
  }
  progress.clear();
  await output.flush();
  if (context.isJson) return;
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  const summary = found.map(([kind, count]) => `${countText(count)} ${words[kind] ?? kind}`).join(', ');
  context.note(found.length === 0 ? 'Nothing of the category differs.' : `${summary}; ${from.text} → ${to.text}.`);
}

const words: Readonly<Record<string, string>> = { passed: 'appeared and ended' };

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

function linesOf({ palette, widthMax }: CommandContext, entity: EntityChange<unknown>): readonly string[] {
  const { streamId, kind, from, to, changes } = entity;
  const headings: Readonly<Record<EntityChange<unknown>['kind'], readonly [sign: string, what: string]>> = {
    appeared: [palette.good('+'), `appeared, version ${to.version}`],
    changed: [palette.warning('~'), `version ${from.version} → ${to.version}`],
    ended: [palette.bad('■'), `ended, version ${from.version} → ${to.version}`],
    passed: [palette.bad('■'), `appeared and ended, version ${to.version}`],
  };
  const [sign, what] = headings[kind];
  const title = `${sign} ${palette.name(safeText(streamId))}  ${palette.faint(what)}`;
  return [title, ...changeLines(changes, { palette, indent: 4, widthMax })];
}
