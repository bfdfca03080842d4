/**
 * Up to which version everything in the command stream of an entity is known to be decided. A command that is decided when it is
 * accepted is appended behind exactly that version, so that it never goes before one that waits.
 */

import { HindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { RecentMap } from '../core/recent-map.ts';
import { commandStreamOf } from '../core/stream-id.ts';
import type { InternalStreamAppend } from '../store/append.ts';
import { decodeStored } from '../store/decode.ts';
import type { Engine } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { commandTypes } from '../core/command-types.ts';
import { commandDueType, outcomeTypes } from './command-record.ts';

/** A version of a command stream before which nothing is undecided, and the event that stands there. */
interface Settled {
  readonly version: number;
  readonly lastId: string | undefined;
}

/** How many entities are remembered; those that were used longest ago make room. */
const entitiesMin = 10_000;
/** How many of the newest events of a command stream are looked at. */
const lookMax = 16;

const known = new WeakMap<Engine, RecentMap<string, Settled>>();

function settledOf({ engine }: StoreContext): RecentMap<string, Settled> {
  const entities = known.get(engine) ?? new RecentMap<string, Settled>(entitiesMin);
  known.set(engine, entities);
  return entities;
}

/** Finds out whether nothing of an entity is undecided; what is known is used by `placeBehind`. */
export async function isSettled(context: StoreContext, entity: string): Promise<boolean> {
  const entities = settledOf(context);
  if (entities.get(entity) !== undefined) return true;
  const found = await lookUp(context, commandStreamOf(entity));
  // Somebody else may have found out meanwhile, and gone on from there.
  if (found !== undefined && entities.get(entity) === undefined) entities.set(entity, found);
  return entities.get(entity) !== undefined;
}

/** Where the event of a command goes that is decided when it is accepted; undefined when that is not known any more. */
export function placeBehind(
  context: StoreContext,
  entity: string,
  eventId: string,
): Omit<InternalStreamAppend, 'events'> | undefined {
  const entities = settledOf(context);
  const settled = entities.get(entity);
  if (settled === undefined) return undefined;
  entities.set(entity, { version: settled.version + 1, lastId: eventId });
  return {
    streamId: commandStreamOf(entity),
    expectedVersion: settled.version,
    ...(settled.lastId !== undefined && { predecessorId: settled.lastId }),
  };
}

/** Forgets an entity: an append behind the place that was assumed did not come about. */
export function forgetPlace(context: StoreContext, entity: string): void {
  known.get(context.engine)?.delete(entity);
}

async function lookUp(context: StoreContext, streamId: string): Promise<Settled | undefined> {
  const { engine } = context;
  const page = await engine.readStream({
    streamId,
    direction: 'backward',
    fromVersion: Number.MAX_SAFE_INTEGER,
    limit: lookMax,
    bytesMax: 1024 * 1024,
  });
  const { version } = page;
  if (version === 0) return { version, lastId: undefined };
  const newestFirst = await decodeStored(context, page.events);
  const [newest] = newestFirst;
  if (newest?.version !== version) return undefined;
  return isDecidedUpTo(newestFirst) ? { version, lastId: newest.id } : undefined;
}

const inOrder: ReadonlySet<string> = new Set([outcomeTypes.decided, outcomeTypes.rejected]);
/** What adds nothing that has to be decided before anything else, and says nothing of what was there. */
const besides: ReadonlySet<string> = new Set<string>([
  commandTypes.scheduled,
  commandTypes.refused,
  outcomeTypes.cancelled,
  outcomeTypes.abandoned,
]);

/**
 * Whether nothing is undecided before the newest event. Commands are decided in the order in which they were accepted or came
 * due, so an outcome by decision says it of everything before its command, and a command that was decided at once, of
 * everything before it. What was accepted behind the command of that outcome must have an outcome of its own.
 */
function isDecidedUpTo(newestFirst: readonly RecordedEvent[]): boolean {
  const open = new Set<string>();
  const over = new Set<string>();
  let until: string | undefined;
  for (const event of newestFirst) {
    const command = commandNamedBy(event);
    if (event.type === commandTypes.handled) return until === undefined && open.size === 0;
    if (inOrder.has(event.type)) {
      over.add(command);
      until ??= command;
    } else if (event.type === commandTypes.accepted || event.type === commandDueType) {
      if (!over.has(command)) open.add(command);
      if (command === until) return open.size === 0;
    } else if (event.type === outcomeTypes.cancelled || event.type === outcomeTypes.abandoned) over.add(command);
    else if (!besides.has(event.type)) throw strange(event);
  }
  return false;
}

function commandNamedBy({ id, data }: RecordedEvent): string {
  if (typeof data === 'object' && data !== null && 'command' in data && typeof data.command === 'string')
    return data.command;
  return id;
}

function strange({ type, streamId, version }: RecordedEvent): HindsightError {
  return new HindsightError(
    'STORE_CORRUPT',
    `Version ${version} of ${streamId} is of the type ${type}, and a command stream has no such events.`,
  );
}
