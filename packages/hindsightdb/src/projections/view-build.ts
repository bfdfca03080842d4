/**
 * What a batch of events writes into one build of a view. The same for every way of running a projection.
 */

import { argumentError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { whileReplaying } from '../core/replay.ts';
import { describe } from '../core/text.ts';
import { EventFailure } from '../consumers/consumer-spec.ts';
import type { KeyedWrite, Pending, SqlStatement, SqlValue, ViewKeyedWrite } from '../store/engine-types.ts';
import { documentWrites, type DocumentPlace } from './document-batch.ts';
import type { DocumentWrite } from './documents.ts';
import type { Projection } from './projection.ts';
import { SqlText, type StatementMaker } from './sql-text.ts';

/** Where a build lies. */
export interface BuildPlace extends DocumentPlace {
  readonly maker: StatementMaker;
}

/** What is to be written for a batch. */
export interface ViewWrites {
  readonly keyedWrites: readonly ViewKeyedWrite[];
  readonly statements: readonly SqlStatement<SqlValue | Pending>[];
  /** The event of each statement. */
  readonly eventOf: (statement: number) => RecordedEvent | undefined;
}

/** Sees each write with the event that it came from; what it throws is that event's failure. */
export type WriteListener = (event: RecordedEvent, write: DocumentWrite<unknown>) => void;

/** Runs the handlers on a batch. Throws an `EventFailure` that names the event which could not be handled. */
export async function viewWrites(
  projection: Projection,
  place: BuildPlace,
  events: readonly RecordedEvent[],
  onWrite?: WriteListener,
): Promise<ViewWrites> {
  const writes = handled(projection, events);
  if (projection.view.kind === 'documents') {
    const { isPerEntity } = projection;
    const changes = writes.map(({ event, write }) => ({ event, write: documentWrite(event, write) }));
    for (const { event, write } of changes) {
      if (isPerEntity) assertOwn(event, write);
      onWrite?.(event, write);
    }
    const keyedWrites = await documentWrites(projection.view, place, changes);
    return { keyedWrites, statements: [], eventOf: () => undefined };
  }
  const statements = writes.map(({ event, write }) => sqlStatement(place.maker, event, write));
  return { keyedWrites: [], statements, eventOf: (statement) => writes[statement]?.event };
}

interface Returned {
  readonly event: RecordedEvent;
  readonly write: unknown;
}

/** Calls the handlers, all in one go: nothing else of the process runs in between. */
function handled({ handlers }: Projection, events: readonly RecordedEvent[]): readonly Returned[] {
  const writes: Returned[] = [];
  whileReplaying(() => {
    for (const event of events) {
      const handler = handlers.get(event.type);
      if (handler === undefined) continue;
      let returned: unknown;
      try {
        returned = handler(event);
        // It is refused below; what it fails with later must not end the process.
        if (returned instanceof Promise) returned.catch(() => undefined);
      } catch (cause) {
        throw new EventFailure(event, cause);
      }
      if (Array.isArray(returned)) for (const write of returned) writes.push({ event, write });
      else if (returned !== undefined && returned !== null) writes.push({ event, write: returned });
    }
  });
  return writes;
}

const documentKinds: ReadonlySet<unknown> = new Set(['set', 'update', 'remove']);

function documentWrite(event: RecordedEvent, write: unknown): DocumentWrite<unknown> {
  const isWrite = typeof write === 'object' && write !== null && 'kind' in write && documentKinds.has(write.kind);
  // Made by the methods of a view of documents, which check the rest.
  if (isWrite) return write as DocumentWrite<unknown>;
  throw new EventFailure(event, wrongWrite(event, write, 'set(), update() or remove() of its view'));
}

/** Whether a document belongs to a stream, in a view that keeps documents per entity. */
export function isOwnDocument(streamId: string, id: string): boolean {
  return id === streamId || id.startsWith(`${streamId}/`);
}

function assertOwn(event: RecordedEvent, { id }: DocumentWrite<unknown>): void {
  if (isOwnDocument(event.streamId, id)) return;
  throw new EventFailure(
    event,
    argumentError(
      'INVALID_ARGUMENT',
      `The projection keeps documents per entity, so an event of ${event.streamId} may write ${JSON.stringify(event.streamId)} and ids that begin with it and a slash, not ${describe(id)}.`,
    ),
  );
}

function sqlStatement(maker: StatementMaker, event: RecordedEvent, write: unknown): SqlStatement<SqlValue | Pending> {
  if (!(write instanceof SqlText)) throw new EventFailure(event, wrongWrite(event, write, 'sql`…`'));
  try {
    return maker.statement(write);
  } catch (cause) {
    throw new EventFailure(event, cause);
  }
}

function wrongWrite({ type }: RecordedEvent, write: unknown, wanted: string): TypeError {
  const isPromise = typeof write === 'object' && write !== null && 'then' in write;
  return argumentError(
    'INVALID_ARGUMENT',
    isPromise
      ? `The handler of ${type} returned a promise. Handlers are synchronous: they compute from the event alone.`
      : `The handler of ${type} must return what ${wanted} made, an array of such writes, or nothing, not ${describe(write)}.`,
  );
}

/** Keyed writes for a transaction that nobody else can be in: revisions need not be judged. */
export function fencedWrites(writes: readonly ViewKeyedWrite[]): readonly KeyedWrite[] {
  return writes.map(({ key, value }) => {
    if (typeof key !== 'string' || (value !== null && typeof value !== 'string'))
      throw new Error('Only the writes of an append hold facts to be filled in.');
    return { key, value };
  });
}
