/**
 * What the writes of many events make of the documents: each is read once, changed in memory, and written once, with the
 * differences of its index entries.
 *
 *     <prefix>d/<id>                            the document
 *     <prefix>i/<fields>/<values><id>           an entry of an index
 */

import type { RecordedEvent } from '../core/event.ts';
import { whileReplaying } from '../core/replay.ts';
import { EventFailure } from '../consumers/consumer-spec.ts';
import type { KeyedEntry, PendingText, ViewKeyedWrite } from '../store/engine-types.ts';
import { encodeDocument, encodeInline, type EncodedDocument } from './document-json.ts';
import type { DocumentsDefinition, DocumentWrite } from './documents.ts';
import { escapeKey, indexPart, joinParts, type KeyPart } from './index-value.ts';

/** Where documents are read from. Every engine is such a place. */
export interface DocumentSource {
  keyedGet(key: string): Promise<KeyedEntry | undefined>;
}

/** A write and the event that it came from. */
export interface WriteOfEvent<Write> {
  /** Undefined where it is no event's. */
  readonly event: RecordedEvent | undefined;
  readonly write: Write;
}

/** A document while the writes are applied to it. */
interface Draft {
  readonly id: string;
  /** As it is stored; undefined where there is none, or where nobody asked. */
  readonly before: KeyedEntry | undefined;
  readonly wasRead: boolean;
  current: EncodedDocument | undefined;
  /** The keys of its index entries as it is now. */
  keys: readonly (string | PendingText)[];
}

/** Where documents lie, and whether they may hold placeholders. */
export interface DocumentPlace {
  readonly prefix: string;
  readonly source: DocumentSource;
  /** Set for the documents of an append. */
  readonly holdsPending?: true;
}

/** The key of a document. */
export function documentKey(prefix: string, id: string): string {
  return `${prefix}d/${escapeKey(id)}`;
}

/** The prefix of the entries of an index. */
export function indexPrefix(prefix: string, fields: readonly string[]): string {
  return `${prefix}i/${fields.map(escapeField).join(',')}/`;
}

function escapeField(field: string): string {
  return encodeURIComponent(field.toWellFormed());
}

/** The keys of the entries that a document has in the indexes of its view, in their order. */
export function indexKeys(
  { indexes }: DocumentsDefinition,
  prefix: string,
  document: { readonly id: string; readonly value: unknown },
): readonly (string | PendingText)[] {
  return indexes.map((fields) => {
    const parts: KeyPart[] = [indexPrefix(prefix, fields)];
    for (const field of fields) parts.push(...indexPart(field, memberOf(document.value, field)));
    return joinParts([...parts, escapeKey(document.id)]);
  });
}

function memberOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? Reflect.get(value, field)
    : undefined;
}

/**
 * Applies writes to the documents. The answer names every key that changes; documents that were read are expected at the
 * revision that was read. Throws an `EventFailure` for what a change throws or answers wrongly.
 */
export async function documentWrites(
  view: DocumentsDefinition,
  place: DocumentPlace,
  writes: readonly WriteOfEvent<DocumentWrite<unknown>>[],
): Promise<readonly ViewKeyedWrite[]> {
  const drafts = await readDrafts(view, place, writes);
  const encode = place.holdsPending === true ? encodeInline : encodeDocument;
  whileReplaying(() => {
    for (const { event, write } of writes) {
      const draft = drafts.get(write.id);
      if (draft === undefined) throw new Error('Every document that is written has a draft.');
      try {
        draft.current = applied(draft, write, encode);
        // Computed now, so that a field that cannot be indexed is this event's fault.
        draft.keys = keysOf(view, place.prefix, draft);
      } catch (cause) {
        throw event === undefined ? cause : new EventFailure(event, cause);
      }
    }
  });
  return [...drafts.values()].flatMap((draft) => draftWrites(view, place.prefix, draft));
}

async function readDrafts(
  { indexes }: DocumentsDefinition,
  { prefix, source }: DocumentPlace,
  writes: readonly WriteOfEvent<DocumentWrite<unknown>>[],
): Promise<ReadonlyMap<string, Draft>> {
  const isNeeded = new Map<string, boolean>();
  for (const { write } of writes)
    isNeeded.set(write.id, isNeeded.get(write.id) === true || write.kind === 'update' || indexes.length > 0);
  const drafts = await Promise.all(
    [...isNeeded].map(async ([id, wasRead]): Promise<Draft> => {
      const before = wasRead ? await source.keyedGet(documentKey(prefix, id)) : undefined;
      const current = before && { text: before.value, value: (): unknown => JSON.parse(before.value) };
      return { id, before, wasRead, current, keys: [] };
    }),
  );
  return new Map(drafts.map((draft) => [draft.id, draft]));
}

function keysOf(
  view: DocumentsDefinition,
  prefix: string,
  { id, current }: Pick<Draft, 'id' | 'current'>,
): Draft['keys'] {
  const isIndexed = current !== undefined && view.indexes.length > 0;
  return isIndexed ? indexKeys(view, prefix, { id, value: current.value() }) : [];
}

function applied(
  { current }: Draft,
  write: DocumentWrite<unknown>,
  encode: typeof encodeDocument,
): EncodedDocument | undefined {
  switch (write.kind) {
    case 'set':
      return encode(write.document);
    case 'remove':
      return undefined;
    case 'update': {
      const changed = write.change(current?.value());
      return changed === undefined ? undefined : encode(changed);
    }
    default:
      return write satisfies never;
  }
}

function draftWrites(view: DocumentsDefinition, prefix: string, draft: Draft): readonly ViewKeyedWrite[] {
  const { id, before, wasRead, current } = draft;
  const isSame = wasRead && current?.text === before?.value;
  if (isSame) return [];
  const document: ViewKeyedWrite = {
    key: documentKey(prefix, id),
    value: current?.text ?? null,
    ...(wasRead && { expectedRevision: before?.revision ?? 0 }),
  };
  if (view.indexes.length === 0) return [document];
  const keysBefore = before === undefined ? [] : indexKeys(view, prefix, { id, value: JSON.parse(before.value) });
  const keysAfter = draft.keys;
  return [
    document,
    ...keysBefore.filter((key) => !keysAfter.includes(key)).map((key) => ({ key, value: null })),
    ...keysAfter.filter((key) => !keysBefore.includes(key)).map((key) => ({ key, value: '' })),
  ];
}
