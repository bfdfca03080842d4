/**
 * Which events a command shows or writes: options shared by `read`, `tail` and `export`, and the reading that they mean.
 */

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Checkpoint, Place, Query, Store, StoredEvent } from 'hindsightdb';
import { timeForms, timeOption } from './time-option.ts';
import { partsOf } from '../formats/json-lines/record-parts.ts';
import { UsageError } from './failure.ts';

/** The options as commander gathers them. */
export interface ChoiceOptions {
  readonly category?: string;
  readonly type?: readonly string[];
  readonly tag?: readonly string[];
  readonly query?: Query;
  readonly since?: string;
  readonly until?: string;
  readonly after?: Place;
  readonly upTo?: Place;
  readonly from?: number;
  readonly to?: number;
  readonly backward?: true;
  readonly limit?: number;
  readonly system?: true;
}

/** Where the events come from. */
export type EventSource =
  | { readonly kind: 'stream'; readonly streamId: string }
  | { readonly kind: 'category'; readonly category: string }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'log' };

/** Which events are meant. */
export interface EventChoice {
  readonly source: EventSource;
  /** What the source alone does not sort out. Undefined: everything that it gives is meant. */
  readonly keeps: ((event: StoredEvent) => boolean) | undefined;
  readonly range: {
    readonly after?: Place;
    readonly until?: Place;
    readonly fromTime?: string | Date;
    readonly untilTime?: string | Date;
  };
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly direction: 'forward' | 'backward';
  readonly limit: number;
  readonly includeReserved: boolean;
}

/** Adds the options that choose events. */
export function addChoiceOptions(command: Command): Command {
  return command
    .option('-c, --category <name>', 'only streams of this category')
    .addOption(listOption('-t, --type <type>', 'only events of this type; give it again for further types'))
    .addOption(listOption('--tag <tag>', 'only events with this tag; given again: with all of them'))
    .addOption(
      new Option(
        '--query <json>',
        'a whole query: [{"types":[…],"tags":[…]}, …], of which any item may match',
      ).argParser(parseQuery),
    )
    .option('--since <time>', `recorded at or after: ${timeForms}`)
    .option('--until <time>', 'recorded at or before')
    .addOption(new Option('--after <place>', 'only what follows a position or checkpoint').argParser(parsePlace))
    .addOption(new Option('--up-to <place>', 'only up to a position or checkpoint').argParser(parsePlace))
    .option('--system', "also the store's own events, whose names begin with $");
}

/** An option that may be given several times. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);
}

/** A whole number from a bound on, as commander parses arguments. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`Write a whole number from ${min}.`);
    return value;
  };
}

function parsePlace(text: string): Place {
  if (/^\d+$/.test(text)) return wholeNumber(0)(text);
  // The store itself judges whether a text is a checkpoint, and of which log.
  if (text.startsWith('h1~')) return text as Checkpoint;
  throw new InvalidArgumentError('Write a position, like 1200, or a checkpoint, which begins with h1~.');
}

function parseQuery(text: string): Query {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Write the query as JSON: [{"types":["OrderPlaced"],"tags":["customer:c1"]}].');
  }
  // One item may stand without its brackets; the store checks the rest.
  return (Array.isArray(value) ? value : [value]) as Query;
}

/** What the options mean. Throws a `UsageError` where they contradict one another. */
export function choiceOf(streamId: string | undefined, options: ChoiceOptions, now: number): EventChoice {
  const { category, type: types = [], tag: tags = [], query, from, to } = options;
  if (streamId !== undefined && category !== undefined)
    throw new UsageError('A stream and --category cannot be given together.');
  if (query !== undefined && (types.length > 0 || tags.length > 0 || streamId !== undefined))
    throw new UsageError('--query stands alone: put types and tags into it.');
  if (streamId === undefined && (from !== undefined || to !== undefined))
    throw new UsageError('--from and --to are versions of one stream: name the stream.', [
      'For a place in the log use --after and --up-to, for a time --since and --until.',
    ]);
  if (streamId !== undefined && (options.after !== undefined || options.upTo !== undefined))
    throw new UsageError(
      '--after and --up-to are places in the log; for a stream use --from and --to, which are versions.',
    );
  const source = sourceOf({ streamId, category, types, tags, query });
  const range = {
    ...(options.after !== undefined && { after: options.after }),
    ...(options.upTo !== undefined && { until: options.upTo }),
    ...(options.since !== undefined && { fromTime: timeOption('--since', options.since, now) }),
    ...(options.until !== undefined && { untilTime: timeOption('--until', options.until, now) }),
  };
  return {
    source,
    keeps: filterOf(source, { category, types, tags }, range),
    range,
    fromVersion: from ?? 1,
    toVersion: to ?? Number.MAX_SAFE_INTEGER,
    direction: options.backward === true ? 'backward' : 'forward',
    limit: options.limit ?? Number.MAX_SAFE_INTEGER,
    includeReserved: options.system === true || streamId?.startsWith('$') === true,
  };
}

interface Wanted {
  readonly category: string | undefined;
  readonly types: readonly string[];
  readonly tags: readonly string[];
}

function sourceOf(
  wanted: Wanted & { readonly streamId: string | undefined; readonly query: Query | undefined },
): EventSource {
  const { streamId, category, types, tags, query } = wanted;
  if (streamId !== undefined) return { kind: 'stream', streamId };
  if (query !== undefined) return { kind: 'query', query };
  if (types.length > 0 || tags.length > 0)
    return { kind: 'query', query: [{ ...(types.length > 0 && { types }), ...(tags.length > 0 && { tags }) }] };
  return category === undefined ? { kind: 'log' } : { kind: 'category', category };
}

function filterOf(
  source: EventSource,
  { category, types, tags }: Wanted,
  { fromTime, untilTime }: EventChoice['range'],
): EventChoice['keeps'] {
  const tests: ((event: StoredEvent) => boolean)[] = [];
  if (source.kind === 'stream') {
    if (types.length > 0 || tags.length > 0)
      tests.push(({ record }) => {
        const { type, tags: own = [] } = partsOf(record);
        return (types.length === 0 || types.includes(type)) && tags.every((tag) => own.includes(tag));
      });
    // A stream is read by its versions, and times narrow what was read.
    if (fromTime !== undefined) tests.push(({ recordedAt }) => recordedAt >= microsOf(fromTime));
    if (untilTime !== undefined) tests.push(({ recordedAt }) => recordedAt <= microsOf(untilTime));
  } else if (source.kind === 'query' && category !== undefined) {
    tests.push(({ streamId }) => streamId === category || streamId.startsWith(`${category}-`));
  }
  return tests.length === 0 ? undefined : (event) => tests.every((test) => test(event));
}

function microsOf(time: string | Date): number {
  if (time instanceof Date) return time.getTime() * 1000;
  const [, decimals = ''] = /\.(\d+)/.exec(time) ?? [];
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(decimals.slice(0, 6).padEnd(6, '0'));
}

/** The chosen events as they are stored, in pages. */
export async function* chosenPages(
  store: Store,
  choice: EventChoice,
  signal?: AbortSignal,
): AsyncGenerator<readonly StoredEvent[]> {
  let left = choice.limit;
  // Where a filter follows, the limit counts what passes it.
  const limit = choice.keeps === undefined ? left : Number.MAX_SAFE_INTEGER;
  for await (const page of storedPages(store, choice, { limit, signal })) {
    const kept = choice.keeps === undefined ? page : page.filter(choice.keeps);
    const shown = kept.length > left ? kept.slice(0, left) : kept;
    if (shown.length > 0) yield shown;
    left -= shown.length;
    if (left <= 0) return;
  }
}

async function* storedPages(
  store: Store,
  choice: EventChoice,
  bounds: { readonly limit: number; readonly signal: AbortSignal | undefined },
): AsyncGenerator<readonly StoredEvent[]> {
  const { source, direction, includeReserved, range } = choice;
  const shared = { direction, limit: bounds.limit, ...(bounds.signal && { signal: bounds.signal }) };
  if (source.kind === 'stream') {
    const { fromVersion, toVersion } = choice;
    const reading = store.readStreamRecords(source.streamId, { ...shared, fromVersion, toVersion });
    for await (const page of reading.pages()) yield page.events;
    return;
  }
  const reading = store.readRecords({
    ...shared,
    ...range,
    includeReserved,
    ...(source.kind === 'category' && { category: source.category }),
    ...(source.kind === 'query' && { query: source.query }),
  });
  for await (const page of reading.pages()) yield page.events;
}
