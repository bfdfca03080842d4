/**
 * A view folded in memory: of documents in a map, of tables in a database that nobody else sees. What it shows is by
 * definition what a view must show.
 */

import type { RecordedEvent } from '../core/event.ts';
import { blameEvent } from '../consumers/slice-failure.ts';
import type { SqlPart } from '../store/engine-types.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { ViewDocumentReader } from './document-reader.ts';
import { LiveSource } from './live-source.ts';
import type { Projection } from './projection.ts';
import { ViewSqlReader } from './sql-reader.ts';
import { createTable } from './sql-tables.ts';
import { plainStatement, StatementMaker } from './sql-text.ts';
import { fencedWrites, viewWrites, type WriteListener } from './view-build.ts';
import { plain, requiredSql } from './view-tables.ts';

/** A view in memory that takes events. */
export class ScratchView {
  readonly documents: LiveSource = new LiveSource();
  readonly #projection: Projection;
  readonly #maker = new StatementMaker(({ name }) => name);
  readonly #store: Store | undefined;

  /** Use `openScratch`. */
  constructor(projection: Projection, store: Store | undefined) {
    this.#projection = projection;
    this.#store = store;
  }

  /** The tables. Throws for a view of documents. */
  get sql(): SqlPart {
    if (this.#store === undefined) throw new Error('A view of documents has no tables.');
    return requiredSql(this.#store.context.engine);
  }

  /** Takes events up, in the order of the log. `onWrite` sees each write before it is applied. */
  async apply(events: readonly RecordedEvent[], onWrite?: WriteListener): Promise<void> {
    if (events.length === 0) return;
    const place = { prefix: '', source: this.documents, maker: this.#maker };
    const writes = await viewWrites(this.#projection, place, events, onWrite);
    this.documents.write(fencedWrites(writes.keyedWrites));
    const statements = writes.statements.map(plainStatement);
    if (statements.length === 0) return;
    try {
      await this.sql.write({ keyedWrites: [], statements });
    } catch (error) {
      throw blameEvent(error, writes);
    }
  }

  /** What reads it. */
  reader(): unknown {
    const { view } = this.#projection;
    return view.kind === 'documents'
      ? new ViewDocumentReader(view, this.documents, async (work) => await work(''))
      : new ViewSqlReader(
          ({ name }) => name,
          async (statement) => await this.sql.query(statement),
        );
  }

  /** Releases the tables. */
  async close(): Promise<void> {
    await this.#store?.close();
  }
}

/** Makes an empty view. Throws `UNSUPPORTED` for tables where there is no SQLite. */
export async function openScratch(projection: Projection): Promise<ScratchView> {
  const { view } = projection;
  if (view.kind === 'documents') return new ScratchView(projection, undefined);
  const store = await openStore('memory:');
  try {
    const statements = view.definitions.flatMap((table) => createTable(table, table.name).map(plain));
    await requiredSql(store.context.engine).write({ keyedWrites: [], statements });
    return new ScratchView(projection, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}
