/**
 * Comparing a view with a fresh fold, in order and page by page, so that memory is bounded by the fold alone.
 */

import { compareUtf8 } from '../core/text.ts';
import type { KeyedEntry, SqlPart, SqlRow } from '../store/engine-types.ts';
import type { ScannedSource } from './document-reader.ts';
import { unescapeKey } from './index-value.ts';
import type { SqlView } from './sql-tables.ts';
import { quoted } from './sql-text.ts';
import { buildPrefix, buildTable, plain, type BuildId } from './view-tables.ts';

/** Something that is not as a fresh fold has it. */
export interface ViewDifference {
  /** A document, an entry of an index, or a row of the table that `place` names. */
  readonly kind: 'document' | 'index' | 'row';
  /** The id of the document, the key of the index entry, or the name of the table. */
  readonly place: string;
  /** What a fresh fold has; undefined where it has nothing. */
  readonly expected: unknown;
  /** What the view has; undefined where it has nothing. */
  readonly actual: unknown;
}

/** What a comparison found. */
export interface FoundDifferences {
  readonly comparedCount: number;
  readonly differenceCount: number;
  /** The first hundred. */
  readonly differences: readonly ViewDifference[];
}

const shownMax = 100;
const pageSize = 1000;

class Findings implements FoundDifferences {
  comparedCount = 0;
  differenceCount = 0;
  readonly differences: ViewDifference[] = [];

  /** Notes something that was compared, and the difference where there is one. */
  note(difference: ViewDifference | undefined): void {
    this.comparedCount += 1;
    if (difference === undefined) return;
    this.differenceCount += 1;
    if (this.differences.length < shownMax) this.differences.push(difference);
  }

  /** As plain data. */
  result(): FoundDifferences {
    const { comparedCount, differenceCount, differences } = this;
    return { comparedCount, differenceCount, differences };
  }
}

/** Compares documents and the entries of their indexes. */
export async function documentDifferences(parts: {
  readonly source: ScannedSource;
  readonly id: BuildId;
  readonly scratch: ScannedSource;
  readonly signal: AbortSignal | undefined;
}): Promise<FoundDifferences> {
  const prefix = buildPrefix(parts.id);
  const findings = new Findings();
  for (const kind of ['d/', 'i/'] as const) {
    const expected = entriesOf(parts.scratch, kind, parts.signal);
    const actual = entriesOf(parts.source, prefix + kind, parts.signal);
    for await (const { key, left, right } of merged(expected, actual)) {
      const isSame = left?.value === right?.value;
      findings.note(isSame ? undefined : { ...placed(kind, key), expected: contentOf(left), actual: contentOf(right) });
    }
  }
  return findings.result();
}

function placed(kind: 'd/' | 'i/', key: string): Pick<ViewDifference, 'kind' | 'place'> {
  return kind === 'd/' ? { kind: 'document', place: unescapeKey(key) } : { kind: 'index', place: key };
}

function contentOf(entry: KeyedEntry | undefined): unknown {
  if (entry === undefined) return undefined;
  // Entries of an index hold nothing but their key.
  return entry.value === '' ? '' : JSON.parse(entry.value);
}

interface Placed {
  /** The key below the prefix. */
  readonly key: string;
  readonly entry: KeyedEntry;
}

async function* entriesOf(
  source: ScannedSource,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Placed> {
  for (let after: string | undefined; ;) {
    signal?.throwIfAborted();
    const entries = await source.keyedScan({ prefix, limit: pageSize, ...(after !== undefined && { after }) });
    for (const entry of entries) yield { key: entry.key.slice(prefix.length), entry };
    after = entries.at(-1)?.key;
    if (after === undefined || entries.length < pageSize) return;
  }
}

async function* merged(
  expected: AsyncGenerator<Placed>,
  actual: AsyncGenerator<Placed>,
): AsyncGenerator<{
  readonly key: string;
  readonly left: KeyedEntry | undefined;
  readonly right: KeyedEntry | undefined;
}> {
  let [left, right] = [await nextOf(expected), await nextOf(actual)];
  while (left !== undefined || right !== undefined) {
    const order = left === undefined ? 1 : right === undefined ? -1 : compareUtf8(left.key, right.key);
    const key = (order <= 0 ? left : right)?.key ?? '';
    yield { key, left: order <= 0 ? left?.entry : undefined, right: order >= 0 ? right?.entry : undefined };
    if (order <= 0) left = await nextOf(expected);
    if (order >= 0) right = await nextOf(actual);
  }
}

async function nextOf<Item>(items: AsyncGenerator<Item>): Promise<Item | undefined> {
  const next = await items.next();
  return next.done === true ? undefined : next.value;
}

/** Compares the rows of every table, in the order of all their columns. */
export async function tableDifferences(parts: {
  readonly sql: SqlPart;
  readonly id: BuildId;
  readonly scratch: SqlPart;
  readonly view: SqlView;
  readonly signal: AbortSignal | undefined;
}): Promise<FoundDifferences> {
  const findings = new Findings();
  for (const { name } of parts.view.definitions) {
    const expected = rowsOf(parts.scratch, name, parts.signal);
    const actual = rowsOf(parts.sql, buildTable(name, parts.id), parts.signal);
    for await (const { left, right } of mergedRows(expected, actual)) {
      const difference = { kind: 'row' as const, place: name, expected: left, actual: right };
      findings.note(left !== undefined && right !== undefined ? undefined : difference);
    }
  }
  return findings.result();
}

interface OrderedRow {
  /** The row as a text, by which rows are sorted and compared. */
  readonly text: string;
  readonly row: SqlRow;
}

/**
 * The rows of a table, sorted by the database as texts of all their values with their types. The columns count in the order
 * of the table, which mostly begins with its key: what a row is and what it should be come one after the other.
 */
async function* rowsOf(part: SqlPart, table: string, signal: AbortSignal | undefined): AsyncGenerator<OrderedRow> {
  const [sample] = await part.query(plain(`SELECT * FROM ${quoted(table)} LIMIT 1`));
  if (sample === undefined) return;
  const list = Object.keys(sample);
  // Quoted as SQL literals: values of different types are different texts, and bytes have one as well.
  const text = list.map((name) => `quote(${quoted(name)})`).join(` || ',' || `);
  for (let offset = 0; ; offset += pageSize * 10) {
    signal?.throwIfAborted();
    const rows = await part.query(
      plain(
        `SELECT ${text} AS "$text", * FROM ${quoted(table)} ORDER BY "$text" LIMIT ${pageSize * 10} OFFSET ${offset}`,
      ),
    );
    for (const { $text, ...row } of rows) yield { text: String($text), row };
    if (rows.length < pageSize * 10) return;
  }
}

async function* mergedRows(
  expected: AsyncGenerator<OrderedRow>,
  actual: AsyncGenerator<OrderedRow>,
): AsyncGenerator<{ readonly left: SqlRow | undefined; readonly right: SqlRow | undefined }> {
  let [left, right] = [await nextOf(expected), await nextOf(actual)];
  while (left !== undefined || right !== undefined) {
    // The database sorts texts by their bytes.
    const order = left === undefined ? 1 : right === undefined ? -1 : compareUtf8(left.text, right.text);
    yield { left: order <= 0 ? left?.row : undefined, right: order >= 0 ? right?.row : undefined };
    if (order <= 0) left = await nextOf(expected);
    if (order >= 0) right = await nextOf(actual);
  }
}
