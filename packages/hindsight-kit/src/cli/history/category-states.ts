/**
 * The entities of a category with their states, as a table or as lines for machines.
 */

import type { Store } from 'hindsightdb';
import { statesOf, type EntityState } from 'hindsightdb/history';
import type { CommandContext } from '../context.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import type { Column } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { CategoryRows, entityProgress } from './category-rows.ts';
import type { ChosenFold } from './entity-fold.ts';
import { valueIn, type FieldPath } from './field-path.ts';
import { isOfOccurrence, type FoundMoment } from './moment-options.ts';
import { fieldsOf } from './state-text.ts';
import { cellText, jsonText, plainState } from './value-text.ts';
import type { Where } from './where.ts';

/** Which entities are listed, and what of them. */
export interface CategoryList {
  readonly chosen: ChosenFold;
  readonly found: FoundMoment;
  readonly where: Where | undefined;
  readonly fields: readonly FieldPath[] | undefined;
  readonly limit: number | undefined;
  /** What becomes of entities whose events a truncation or a tombstone hides. */
  readonly hidden: 'refuse' | 'skip';
}

/** Prints the entities of a category as they stood at a moment. */
export async function printCategory(
  context: CommandContext,
  store: Store,
  category: string,
  list: CategoryList,
): Promise<void> {
  const { chosen, found, where, limit = Number.MAX_SAFE_INTEGER, hidden } = list;
  const progress = context.progress('Looking', { isQuiet: context.isJson });
  const rows = new CategoryRows(context, columnsOf(context, list), progress);
  let looked = 0;
  let count = 0;
  let hasMore = false;
  const states = statesOf(store, chosen.fold, category, {
    ...(found.asOf !== undefined && { asOf: found.asOf }),
    hidden,
    onProgress: entityProgress(progress),
    signal: context.signal,
  });
  for await (const entity of states) {
    hasMore = count === limit;
    if (hasMore) break;
    looked += 1;
    if (where?.(entity) === false) continue;
    count += 1;
    if (context.isJson) await context.output.line(documentOf(entity, list));
    else await rows.add(rowOf(entity, list));
  }
  await rows.finish();
  if (!context.isJson) context.note(summary(category, { count, looked, hasMore, list }));
}

function columnsOf({ palette }: CommandContext, { found, fields }: CategoryList): readonly Column[] {
  return [
    { title: 'ENTITY', paint: palette.name },
    ...(isOfOccurrence(found) ? [] : [{ title: 'VERSION', align: 'right' } as const]),
    ...(fields?.map(({ text }) => ({ title: safeText(text).toUpperCase() })) ?? [{ title: 'STATE' }]),
  ];
}

function rowOf({ streamId, version, state }: EntityState<unknown>, { found, fields }: CategoryList): string[] {
  const plain = plainState(state);
  const cells = fields?.map(({ segments }) => cellText(valueIn(plain, segments))) ?? [jsonText(plain)];
  return [safeText(streamId), ...(isOfOccurrence(found) ? [] : [String(version)]), ...cells];
}

function documentOf(entity: EntityState<unknown>, { chosen, fields }: CategoryList): string {
  const { streamId, version, isProvisional, state } = entity;
  return JSON.stringify({
    streamId,
    version,
    ...(isProvisional && { isProvisional }),
    foldedBy: chosen.foldedBy,
    state: fields === undefined ? plainState(state) : fieldsOf(state, fields),
  });
}

function summary(
  category: string,
  counts: { readonly count: number; readonly looked: number; readonly hasMore: boolean; readonly list: CategoryList },
): string {
  const { count, looked, hasMore, list } = counts;
  const when = list.found.asOf === undefined ? '' : `, ${list.found.text}`;
  if (looked === 0 && !hasMore) return `No entities of the category ${JSON.stringify(category)}${when}.`;
  const shown =
    list.where === undefined
      ? countOf(count, 'entity', 'entities')
      : `${countText(count)} of ${countOf(looked, 'entity', 'entities')}`;
  return `${shown}${when}${hasMore ? '; there may be more' : ''}.`;
}
