/**
 * The entities of a category for which something ever held, and the releases that wrote the events after which it did so.
 */

import type { Event, RecordedEvent, Store } from 'hindsightdb';
import { bisectCategory, type BisectedEntity } from 'hindsightdb/history';
import type { CommandContext } from '../context.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { CategoryRows, entityProgress } from './category-rows.ts';
import { foldFor } from './entity-fold.ts';
import type { FoundMoment } from './moment-options.ts';
import { actorText, eventDocument, eventTimeText, plainState, releaseText } from './value-text.ts';
import type { Where } from './where.ts';

/** What is looked for, and as of when. */
export interface CategoryBisect {
  readonly where: Where;
  readonly found: FoundMoment;
  readonly hidden: 'refuse' | 'skip';
}

/** Prints the entities for which an expression ever held. */
export async function printCategoryBisect(
  context: CommandContext,
  store: Store,
  category: string,
  { where, found, hidden }: CategoryBisect,
): Promise<void> {
  const { fold, foldedBy } = await foldFor(context, category);
  const { palette, output } = context;
  const progress = context.progress('Looking', { isQuiet: context.isJson });
  const showProgress = entityProgress(progress);
  const rows = new CategoryRows(
    context,
    [
      { title: 'ENTITY', paint: palette.name },
      { title: 'VERSION', align: 'right', paint: palette.strong },
      { title: 'TIME', paint: palette.faint },
      { title: 'ACTOR', align: 'left', isOptional: true },
      { title: 'RELEASE', align: 'left', isOptional: true },
      { title: 'NOW', isOptional: true },
      { title: 'FIRST HELD AFTER', paint: palette.type },
    ],
    progress,
  );
  const releases = new Map<string, number>();
  let looked = 0;
  const entities = bisectCategory(store, fold, category, ofEvents(where), {
    ...(found.asOf !== undefined && { asOf: found.asOf }),
    hidden,
    onProgress: (count) => {
      looked = count;
      showProgress(count);
    },
    signal: context.signal,
  });
  for await (const entity of entities) {
    const release = releaseText(entity.event);
    releases.set(release, (releases.get(release) ?? 0) + 1);
    if (context.isJson) await output.line(documentOf(entity, foldedBy));
    else await rows.add(rowOf(entity, context.widthMax));
  }
  await rows.finish();
  await printReleases(context, releases, { count: rows.count, looked });
}

/** The event is the one that led to the state; of it the entity is known. */
function ofEvents(where: Where): (state: unknown, event: RecordedEvent | undefined) => boolean {
  return (state, event) => where({ streamId: event?.streamId ?? '', version: event?.version ?? 0, state, event });
}

function rowOf(
  { streamId, version, event, isHolding }: BisectedEntity<unknown, Event>,
  widthMax: number | undefined,
): string[] {
  return [
    safeText(streamId),
    String(version),
    eventTimeText(event, widthMax),
    actorText(event),
    releaseText(event),
    isHolding ? 'holds' : '',
    safeText(event.type),
  ];
}

function documentOf(
  { streamId, version, event, state, isHolding }: BisectedEntity<unknown, Event>,
  foldedBy: string,
): string {
  return JSON.stringify({
    streamId,
    version,
    event: eventDocument(event),
    isHolding,
    foldedBy,
    state: plainState(state),
  });
}

/** How many of the events each release wrote: where one stands out, there is the cause. */
async function printReleases(
  context: CommandContext,
  releases: ReadonlyMap<string, number>,
  { count, looked }: { readonly count: number; readonly looked: number },
): Promise<void> {
  const { palette, output, isJson } = context;
  const counts = [...releases].toSorted((left, right) => right[1] - left[1]);
  if (isJson) {
    const entities = [...releases.values()].reduce((sum, each) => sum + each, 0);
    return await context.document({
      entities,
      looked,
      releases: counts.map(([release, events]) => ({ release: release === '' ? null : release, entities: events })),
    });
  }
  if (count === 0) return context.note(`It never held for any of ${countOf(looked, 'entity', 'entities')}.`);
  if (counts.some(([release]) => release !== '')) {
    await output.line('');
    const table = tableLines(
      [
        { title: 'ENTITIES', align: 'right' },
        { title: 'RELEASE', paint: palette.strong },
      ],
      counts.map(([release, entities]) => [countText(entities), release === '' ? '(none)' : release]),
      { paintTitle: palette.title },
    );
    for (const line of table) await output.line(line);
  }
  await output.flush();
  context.note(`It held for ${countText(count)} of ${countOf(looked, 'entity', 'entities')}.`);
}
