/**
 * Reading documents: by id, by an index, or all.
 */

import { argumentError, HindsightError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { assertObject, assertWhole } from '../store/argument-checks.ts';
import type { KeyedEntry, KeyedScanRequest } from '../store/engine-types.ts';
import { documentKey, indexKeys, indexPrefix, type DocumentSource } from './document-batch.ts';
import type { DocumentsDefinition, IndexedField } from './documents.ts';
import { indexPart, joinParts, unescapeKey } from './index-value.ts';

/** A document and its id. */
export interface FoundDocument<Document> {
  readonly id: string;
  readonly document: Document;
}

/** Which documents are wanted. Every combination needs an index; without `where` and `orderBy` they come by their ids. */
export interface FindRequest<Document> {
  /** Fields that must have these values. A field that is missing counts as null. */
  readonly where?: { readonly [Name in IndexedField<Document>]?: Document[Name] | null };
  /** Sorted by this field. Default: by what the index holds behind the fields of `where`, then by id. */
  readonly orderBy?: IndexedField<Document>;
  /** Default `'forward'`: null, false, true, numbers, texts. */
  readonly direction?: 'forward' | 'backward';
  /** How many at most, 1 to 1000. Default 100. */
  readonly limit?: number;
  /** Go on behind an earlier page of the same request: its `next`. */
  readonly after?: string;
}

/** A page of documents. */
export interface DocumentPage<Document> {
  readonly documents: readonly FoundDocument<Document>[];
  /** Give it as `after` to go on; undefined when there is nothing more. */
  readonly next: string | undefined;
}

/** Reads the documents of a view, as its last commit left them. A page is read while others write. */
export interface DocumentReader<Document> {
  /** The document under an id; undefined where there is none. */
  get(id: string): Promise<Document | undefined>;
  /** A page of documents. Throws `VIEW_INDEX_MISSING` where no index serves. */
  find(request?: FindRequest<Document>): Promise<DocumentPage<Document>>;
  /** All documents that a request means, page by page; `limit` is the size of a page. */
  all(request?: FindRequest<Document>): AsyncGenerator<FoundDocument<Document>>;
}

/** Where documents are read from and scanned. */
export interface ScannedSource extends DocumentSource {
  keyedScan(request: KeyedScanRequest): Promise<readonly KeyedEntry[]>;
}

/** Calls the work with the prefix of a complete build, again where that was replaced meanwhile. */
export type ReadOfBuild = <Result>(work: (prefix: string) => Promise<Result>) => Promise<Result>;

const limitDefault = 100;
const limitMax = 1000;

/** A request as it is walked: a prefix of keys below that of the build. */
interface Walk {
  readonly request: KeyedScanRequest;
  /** The number of the index; undefined: the documents themselves. */
  readonly index: number | undefined;
}

/** Reads the documents of one view. */
export class ViewDocumentReader<Document> implements DocumentReader<Document> {
  readonly #view: DocumentsDefinition;
  readonly #source: ScannedSource;
  readonly #read: ReadOfBuild;

  constructor(view: DocumentsDefinition, source: ScannedSource, read: ReadOfBuild) {
    this.#view = view;
    this.#source = source;
    this.#read = read;
  }

  async get(id: string): Promise<Document | undefined> {
    if (typeof id !== 'string')
      throw argumentError('INVALID_ARGUMENT', `The id of a document must be a text, not ${describe(id)}.`);
    return await this.#read(async (prefix) => {
      const entry = await this.#source.keyedGet(documentKey(prefix, id));
      return entry && this.#decode(entry);
    });
  }

  async find(request: FindRequest<Document> = {}): Promise<DocumentPage<Document>> {
    assertRequest(request);
    return await this.#read(async (prefix) => await this.#page(prefix, this.#walk(prefix, request)));
  }

  async *all(request: FindRequest<Document> = {}): AsyncGenerator<FoundDocument<Document>> {
    for (let { after } = request; ;) {
      const page = await this.find({ ...request, ...(after !== undefined && { after }) });
      yield* page.documents;
      if (page.next === undefined) return;
      after = page.next;
    }
  }

  #walk(prefix: string, request: FindRequest<Document>): Walk {
    const { where = {}, orderBy, direction = 'forward', limit = limitDefault, after } = request;
    const given = Object.entries<unknown>(where);
    const index = chosenIndex(this.#view, new Set(given.map(([field]) => field)), orderBy);
    const fields = index === undefined ? [] : (this.#view.indexes[index] ?? []);
    const values = new Map(given);
    const parts = fields.slice(0, given.length).flatMap((field) => indexPart(field, values.get(field)));
    const start = index === undefined ? `${prefix}d/` : indexPrefix(prefix, fields);
    const whole = joinParts([start, ...parts]);
    if (typeof whole !== 'string') throw new Error('A request holds no facts to be filled in.');
    return {
      index,
      request: {
        prefix: whole,
        direction,
        limit: limit + 1,
        ...(after !== undefined && { after: whole + decodeNext(after) }),
      },
    };
  }

  async #page(prefix: string, { request, index }: Walk): Promise<DocumentPage<Document>> {
    const entries = await this.#source.keyedScan(request);
    const wanted = entries.slice(0, request.limit - 1);
    const last = wanted.at(-1);
    const next =
      entries.length > wanted.length && last !== undefined
        ? encodeNext(last.key.slice(request.prefix.length))
        : undefined;
    const found =
      index === undefined
        ? wanted.map((entry) => this.#found(entry, unescapeKey(entry.key.slice(request.prefix.length))))
        : await Promise.all(wanted.map(async ({ key }) => await this.#behindIndex(prefix, key, index)));
    return { documents: found.filter((document) => document !== undefined), next };
  }

  /** The document that an entry of an index names. One that was changed since may have no place there any more. */
  async #behindIndex(prefix: string, key: string, index: number): Promise<FoundDocument<Document> | undefined> {
    const id = unescapeKey(key.slice(key.lastIndexOf(' ') + 1));
    const entry = await this.#source.keyedGet(documentKey(prefix, id));
    if (entry === undefined) return undefined;
    const found = this.#found(entry, id);
    return indexKeys(this.#view, prefix, { id, value: found.document })[index] === key ? found : undefined;
  }

  #found(entry: KeyedEntry, id: string): FoundDocument<Document> {
    return { id, document: this.#decode(entry) };
  }

  #decode({ value }: KeyedEntry): Document {
    // Only the handlers of the projection write here, whose documents are of this type.
    return JSON.parse(value) as Document;
  }
}

function assertRequest<Document>(request: FindRequest<Document>): void {
  assertObject('The request', request);
  const { where, direction = 'forward', limit = 1, after } = request;
  if (where !== undefined) assertObject('where', where);
  // Left out silently, a field without a value would find everything: whose order is it, nobody's?
  const open = Object.entries<unknown>(where ?? {}).find(([, value]) => value === undefined);
  if (open !== undefined)
    throw argumentError(
      'INVALID_ARGUMENT',
      `where.${open[0]} must be a value or null, which also finds documents without the field; it is undefined.`,
    );
  if (direction !== 'forward' && direction !== 'backward')
    throw argumentError('INVALID_ARGUMENT', `direction must be 'forward' or 'backward', not ${describe(direction)}.`);
  assertWhole('limit', limit, { min: 1, max: limitMax });
  if (after !== undefined && typeof after !== 'string')
    throw argumentError('INVALID_ARGUMENT', `after must be the next of an earlier page, not ${describe(after)}.`);
}

/** The shortest index that begins with the fields asked for and goes on with the one to sort by. */
function chosenIndex(
  { indexes }: DocumentsDefinition,
  fields: ReadonlySet<string>,
  orderBy: string | undefined,
): number | undefined {
  const isSorted = orderBy !== undefined && !fields.has(orderBy);
  if (fields.size === 0 && !isSorted) return undefined;
  let chosen: number | undefined;
  for (const [number, index] of indexes.entries()) {
    const serves =
      index.slice(0, fields.size).every((field) => fields.has(field)) &&
      index.length >= fields.size &&
      (!isSorted || index[fields.size] === orderBy);
    const isShorter = chosen === undefined || index.length < (indexes[chosen]?.length ?? 0);
    if (serves && isShorter) chosen = number;
  }
  if (chosen !== undefined) return chosen;
  const wanted = [...fields, ...(isSorted ? [orderBy] : [])];
  throw new HindsightError(
    'VIEW_INDEX_MISSING',
    `No index of the view serves this request. Declare ${wanted.length === 1 ? JSON.stringify(wanted[0]) : JSON.stringify(wanted)} in its indexes, under a new version of the projection.`,
    { details: { index: wanted } },
  );
}

function encodeNext(tail: string): string {
  return encodeURIComponent(tail);
}

function decodeNext(after: string): string {
  try {
    return decodeURIComponent(after);
  } catch {
    throw argumentError('INVALID_ARGUMENT', `after must be the next of an earlier page, not ${describe(after)}.`);
  }
}
