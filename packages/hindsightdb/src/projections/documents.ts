/**
 * Views of documents: JSON objects under ids, found by the fields that are declared as indexes. For those who want no SQL.
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { assertFunction, assertObject } from '../store/argument-checks.ts';
import type { IndexedValue } from './index-value.ts';
import type { PendingNumber, PendingTime } from './pending-fact.ts';

/** A document as handlers may write it: the facts of an event that is being appended may stand for texts and numbers. */
export type Storable<Value> = Value extends string
  ? string extends Value
    ? Value | PendingTime
    : Value
  : Value extends number
    ? number extends Value
      ? Value | PendingNumber
      : Value
    : Value extends object
      ? { [Name in keyof Value]: Storable<Value[Name]> }
      : Value;

/** Puts a document in the place of whatever is there. */
export interface SetDocument<Document> {
  readonly kind: 'set';
  readonly id: string;
  readonly document: Storable<Document>;
}

/** Computes a document from the one that is there, or from undefined; undefined removes it. */
export interface UpdateDocument<Document> {
  readonly kind: 'update';
  readonly id: string;
  readonly change: (document: Document | undefined) => Storable<Document> | undefined;
}

/** Removes a document, where there is one. */
export interface RemoveDocument {
  readonly kind: 'remove';
  readonly id: string;
}

/** What a handler may return for a view of documents. */
export type DocumentWrite<Document> = SetDocument<Document> | UpdateDocument<Document> | RemoveDocument;

/** The names of the fields that may be indexed: those that hold texts, numbers, true, false or null. */
export type IndexedField<Document> = {
  [Name in keyof Document & string]-?: NonNullable<Document[Name]> extends IndexedValue ? Name : never;
}[keyof Document & string];

/** An index: a field, or several in the order in which they sort. */
export type DocumentIndex<Document> = IndexedField<Document> | readonly IndexedField<Document>[];

/** What the library knows of a view of documents without its type. */
export interface DocumentsDefinition {
  readonly kind: 'documents';
  readonly indexes: readonly (readonly string[])[];
}

/** A view of documents. Its methods make the writes that handlers return; they do nothing by themselves. */
export interface DocumentsView<Document extends object> extends DocumentsDefinition {
  /** Puts a document in the place of whatever is under the id. */
  readonly set: (id: string, document: Storable<Document>) => SetDocument<Document>;
  /** Computes the document from the one that is there. `change` is given a copy, and may change it and give it back. */
  readonly update: (
    id: string,
    change: (document: Document | undefined) => Storable<Document> | undefined,
  ) => UpdateDocument<Document>;
  /** Removes the document, where there is one. */
  readonly remove: (id: string) => RemoveDocument;
}

/** What may be said of a view of documents. */
export interface DocumentsOptions<Document extends object> {
  /** By what documents are found and sorted. Default: by their ids alone. */
  readonly indexes?: readonly DocumentIndex<Document>[];
}

/**
 * Declares a view of documents. They are stored as JSON: members that are undefined are left out, and a `Date` becomes a
 * text. Throws a `TypeError` where an index is none.
 *
 * ```ts
 * import { documents } from 'hindsightdb/projections';
 *
 * interface OpenOrder {
 *   readonly customer: string;
 *   readonly cents: number;
 *   readonly placedAt: string;
 * }
 *
 * const openOrders = documents<OpenOrder>({ indexes: [['customer', 'placedAt']] });
 * ```
 */
export function documents<Document extends object>(options: DocumentsOptions<Document> = {}): DocumentsView<Document> {
  assertObject('options', options);
  const given: unknown = options.indexes ?? [];
  if (!Array.isArray(given))
    throw argumentError('INVALID_ARGUMENT', `indexes must be an array, not ${describe(given)}.`);
  return {
    kind: 'documents',
    indexes: given.map(checkedIndex),
    set: (id, document) => ({ kind: 'set', id: checkedId(id), document }),
    update: (id, change) => {
      assertFunction('The change of a document', change);
      return { kind: 'update', id: checkedId(id), change };
    },
    remove: (id) => ({ kind: 'remove', id: checkedId(id) }),
  };
}

function checkedIndex(index: unknown): readonly string[] {
  const fields: readonly unknown[] = Array.isArray(index) ? index : [index];
  const isSound =
    fields.length > 0 &&
    new Set(fields).size === fields.length &&
    fields.every((field) => typeof field === 'string' && field !== '');
  if (isSound) return fields.map(String);
  throw argumentError(
    'INVALID_ARGUMENT',
    `An index is the name of a field or an array of such names, each once, not ${describe(index)}.`,
  );
}

function checkedId(id: unknown): string {
  if (typeof id === 'string') return id;
  throw argumentError('INVALID_ARGUMENT', `The id of a document must be a text, not ${describe(id)}.`);
}
