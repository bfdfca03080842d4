/**
 * Which commands are decided again, and of which entities. Where a range or a number of commands is asked for, the streams that
 * record commands are looked through first, in the order of the log, for the entities that have such commands.
 */

import { argumentError } from '../core/errors.ts';
import { sha256Hex } from '../core/sha256.ts';
import { commandStreamOf, subjectOfCommandStream } from '../core/stream-id.ts';
import { describe } from '../core/text.ts';
import { assertObject, assertWhole } from '../store/argument-checks.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { listStreams } from '../store/list-streams.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import { idOfRecord, typeOfRecord } from '../core/record.ts';
import { readLogPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import { decodeStored } from '../store/decode.ts';
import { commandOfEvent, holdsCommand } from './command-record.ts';

/** A part of the commands, chosen by digests: the same seed chooses the same ones. */
export type RedecideSample =
  /** Of this share of the entities, above 0 and up to 1, all commands. */
  | { readonly entities: number }
  /** So many commands, of whatever entities. */
  | { readonly commands: number };

/** Which commands are wanted. */
export interface Wanted {
  readonly category: string;
  readonly streamId: string | undefined;
  readonly types: ReadonlySet<string> | undefined;
  /** Accepted behind these positions, one for each partition; undefined: from the beginning. */
  readonly after: readonly number[] | undefined;
  /** Accepted up to these positions. */
  readonly until: readonly number[];
  readonly sample: RedecideSample | undefined;
  readonly seed: string;
}

/** An entity of which commands are wanted. */
export interface WantedEntity {
  readonly streamId: string;
  /** The version of the stream of its commands at which the first wanted one stands. */
  readonly fromVersion: number;
  /** Undefined: all that were accepted in the range. */
  readonly ids: ReadonlySet<string> | undefined;
}

/** Entities, and how many they are. */
export interface Selection {
  readonly entityCount: number;
  readonly entities: AsyncIterable<WantedEntity> | Iterable<WantedEntity>;
}

/** Throws unless it is a sample. */
export function assertSample(sample: unknown): void {
  if (sample === undefined) return;
  assertObject('sample', sample);
  if ('commands' in sample && !('entities' in sample))
    return assertWhole('sample.commands', sample.commands, { min: 1, max: 10_000_000 });
  const share: unknown = 'entities' in sample && !('commands' in sample) ? sample.entities : undefined;
  if (typeof share === 'number' && share > 0 && share <= 1) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `sample must be { entities } with a share above 0 and up to 1, or { commands } with a number of them, not ${describe(sample)}.`,
  );
}

/** Finds the entities of which commands are wanted. */
export async function selectEntities(context: StoreContext, wanted: Wanted, signal: AbortSignal): Promise<Selection> {
  const { streamId, after, sample } = wanted;
  if (after !== undefined || (sample !== undefined && 'commands' in sample))
    return await selectByLog(context, wanted, signal);
  if (streamId !== undefined) return { entityCount: 1, entities: [{ streamId, fromVersion: 1, ids: undefined }] };
  let entityCount = 0;
  for await (const _ of listed(context, wanted, signal)) entityCount += 1;
  return { entityCount, entities: listed(context, wanted, signal) };
}

async function* listed(context: StoreContext, wanted: Wanted, signal: AbortSignal): AsyncGenerator<WantedEntity> {
  const streams = listStreams(context, { category: commandStreamOf(wanted.category), includeReserved: true });
  for await (const stream of streams) {
    signal.throwIfAborted();
    const streamId = subjectOfCommandStream(stream.streamId);
    if (streamId !== undefined && isInSample(wanted, streamId)) yield { streamId, fromVersion: 1, ids: undefined };
  }
}

function isInSample({ sample, seed }: Wanted, streamId: string): boolean {
  return sample === undefined || !('entities' in sample) || shareOf(seed, streamId) < sample.entities;
}

/** Where a text lies between 0 and 1, by its digest: evenly spread, and always the same under a seed. */
function shareOf(seed: string, text: string): number {
  return Number.parseInt(sha256Hex(`${seed}/${text}`).slice(0, 12), 16) / 2 ** 48;
}

/** A command that was found in the log. */
interface Found {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly share: number;
}

async function selectByLog(context: StoreContext, wanted: Wanted, signal: AbortSignal): Promise<Selection> {
  const { sample, seed } = wanted;
  if (sample === undefined || !('commands' in sample)) {
    const entities = new Map<string, WantedEntity>();
    for await (const { streamId, version } of commandsInLog(context, wanted, signal))
      if (!entities.has(streamId) && isInSample(wanted, streamId))
        entities.set(streamId, { streamId, fromVersion: version, ids: undefined });
    return inOrder(entities.values());
  }
  const smallest = new Smallest(sample.commands);
  for await (const { id, streamId, version } of commandsInLog(context, wanted, signal))
    smallest.add({ id, streamId, version, share: shareOf(seed, id) });
  const byEntity = Map.groupBy(smallest.items, ({ streamId }) => streamId);
  return inOrder(
    [...byEntity].map(([streamId, found]) => ({
      streamId,
      fromVersion: found.reduce((first, { version }) => Math.min(first, version), Number.MAX_SAFE_INTEGER),
      ids: new Set(found.map(({ id }) => id)),
    })),
  );
}

function inOrder(entities: Iterable<WantedEntity>): Selection {
  const sorted = [...entities].toSorted((left, right) => (left.streamId < right.streamId ? -1 : 1));
  return { entityCount: sorted.length, entities: sorted };
}

async function* commandsInLog(
  context: StoreContext,
  { category, streamId, types, after, until }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<Omit<Found, 'share'>> {
  const { engine } = context;
  const place = async (positions: readonly number[]) => checkpointOf(engine, await placesAt(engine, positions));
  const pages = readLogPages(
    context,
    streamId === undefined ? { category: commandStreamOf(category) } : { streamId: commandStreamOf(streamId) },
    {
      ...(after !== undefined && { after: await place(after) }),
      until: await place(until),
      includeReserved: true,
      pageSize: 1000,
      signal,
    },
  );
  for await (const { events } of pages())
    for (const stored of events) {
      const { version, record } = stored;
      const entity = subjectOfCommandStream(stored.streamId);
      if (entity === undefined || !holdsCommand({ type: typeOfRecord(record) })) continue;
      if (types === undefined || (await isOfTypes(context, stored, types)))
        yield { id: idOfRecord(record), streamId: entity, version };
    }
}

/** Whether a command is of these types, or may be: its type stands among the data, which a codec may have locked. */
async function isOfTypes(context: StoreContext, stored: StoredEvent, types: ReadonlySet<string>): Promise<boolean> {
  try {
    const [event] = await decodeStored(context, [stored]);
    return event !== undefined && types.has(commandOfEvent(event).type);
  } catch {
    return true;
  }
}

/** The commands with the smallest shares, as many as are asked for. */
class Smallest {
  readonly #max: number;
  #kept: Found[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  add(found: Found): void {
    this.#kept.push(found);
    if (this.#kept.length >= 2 * this.#max) this.#kept = this.#cut();
  }

  get items(): readonly Found[] {
    return this.#cut();
  }

  #cut(): Found[] {
    return this.#kept.toSorted((left, right) => left.share - right.share).slice(0, this.#max);
  }
}
