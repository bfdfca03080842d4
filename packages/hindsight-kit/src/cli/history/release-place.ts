/**
 * Where in the log a release first wrote, or last did. No engine has an index of metadata, so the log is read until there.
 */

import type { Store } from 'hindsightdb';
import { partsOf } from '../../formats/json-lines/record-parts.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../failure.ts';
import { countOf } from '../terminal/quantities.ts';

/** The event at one end of what a release wrote. */
export interface ReleaseEnd {
  readonly position: number;
  readonly recordedAt: string | Date;
}

/** Other releases that are named when the wanted one is not there. */
const namesMax = 12;

/** The first or the last event that a release wrote, or one that it names with further digits: 2.4 stands for 2.4.0 and 2.4.1 too. Throws a `CommandError` where there is none. Memory holds a page. */
export async function releaseEnd(
  context: CommandContext,
  store: Store,
  release: string,
  end: 'first' | 'last',
): Promise<ReleaseEnd> {
  const progress = context.progress('Looking for the release');
  const [total] = await store.positions();
  const others = new Set<string>();
  let count = 0;
  try {
    for await (const events of writtenPages(context, store, end)) {
      for (const { position, recordedAt, written } of events) {
        if (written !== undefined && isOf(written, release)) return { position, recordedAt };
        if (written !== undefined && others.size < namesMax) others.add(written);
      }
      count += events.length;
      progress.update({ done: count, total, count, detail: countOf(count, 'event') });
    }
  } finally {
    progress.clear();
  }
  throw new CommandError(`No event of the log was written by a release ${JSON.stringify(release)}.`, {
    advice: [
      others.size === 0
        ? 'None names a release: it would stand in the metadata of events, as release.'
        : `There are: ${[...others].toSorted().join(', ')}${others.size === namesMax ? ', …' : ''}`,
    ],
  });
}

function isOf(written: string, release: string): boolean {
  return written === release || written.startsWith(`${release}.`);
}

interface WrittenEvent extends ReleaseEnd {
  readonly written: string | undefined;
}

async function* writtenPages(
  context: CommandContext,
  store: Store,
  end: 'first' | 'last',
): AsyncGenerator<readonly WrittenEvent[]> {
  const options = {
    direction: end === 'first' ? 'forward' : 'backward',
    pageSize: 2000,
    signal: context.signal,
  } as const;
  const { codec } = (await context.config())?.config.options ?? {};
  if (codec !== undefined) {
    // What a codec has hidden is seen only behind it.
    for await (const { events } of store.readLog(options).pages())
      yield events.map(({ position, recordedAt, metadata }) => ({ position, recordedAt, written: metadata.release }));
    return;
  }
  for await (const { events } of store.readRecords(options).pages())
    yield events.map(({ position, recordedAt, record }) => ({
      position,
      recordedAt: new Date(Math.floor(recordedAt / 1000)),
      written: record.includes('"release"') ? releaseIn(record) : undefined,
    }));
}

function releaseIn(record: string): string | undefined {
  const release = partsOf(record).metadata?.['release'];
  return typeof release === 'string' ? release : undefined;
}
