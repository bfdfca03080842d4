/**
 * Reading the view that a projection has in a store: always a build that is complete, and none that was replaced while it
 * was read.
 */

import type { Engine } from '../store/engine-types.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { ViewDocumentReader, type ReadOfBuild } from './document-reader.ts';
import { assertProjection, type Projection, type ReaderOf, type View } from './projection.ts';
import { ViewSqlReader } from './sql-reader.ts';
import { shownBuild, type ShownBuild } from './view-builds.ts';
import { assertKeeps, buildPrefix, requiredSql, versionTable } from './view-tables.ts';

/**
 * The view of a projection, for reading, wherever the projection runs. `store` is the one that keeps the view. Reading throws
 * `VIEW_NOT_BUILT` as long as no build of the projection's version is complete; another version is never shown in its place.
 */
export function viewOf<Kind extends View>(store: AnyStore, projection: Projection<Kind>): ReaderOf<Kind> {
  assertProjection(projection);
  const { engine } = contextOf(store);
  assertKeeps(engine, projection.view);
  // A reader of the kind that the view is; the type says the same of the projection.
  return readerOf(engine, projection) as ReaderOf<Kind>;
}

function readerOf(engine: Engine, projection: Projection): unknown {
  const { view } = projection;
  return view.kind === 'documents'
    ? new ViewDocumentReader(view, engine, readShown(engine, projection))
    : sqlReader(engine, projection);
}

/** Reads by the pointer as it is after the reading: a build that was shown then was shown all the while. */
function readShown(engine: Engine, projection: Projection): ReadOfBuild {
  let known: ShownBuild | undefined;
  return async (work) => {
    for (;;) {
      const before = known ?? (await shownBuild(engine, projection));
      const result = await work(buildPrefix(before));
      known = await shownBuild(engine, projection);
      if (known.build === before.build && known.showings === before.showings) return result;
    }
  };
}

function sqlReader(engine: Engine, projection: Projection): ViewSqlReader {
  const part = requiredSql(engine);
  return new ViewSqlReader(
    (table) => versionTable(table, projection.version),
    async (statement) => {
      try {
        return await part.query(statement);
      } catch (error) {
        // A view that is not shown has no tables to be read: that is what the reader is to know.
        await shownBuild(engine, projection);
        throw error;
      }
    },
  );
}
