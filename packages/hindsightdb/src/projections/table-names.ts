/**
 * Names of tables, which all projections of a store share: what one shows under a name, another must not take.
 */

import { argumentError } from '../core/errors.ts';
import type { Engine } from '../store/engine-types.ts';
import type { Projection } from './projection.ts';
import { decodePointer, pointerPrefix, tableNames } from './view-pointer.ts';
import { requiredSql } from './view-tables.ts';

const pageSize = 500;

/**
 * Throws a `TypeError` where a table of the projection has the name of another projection's, or of a table of the user's own.
 * SQL does not tell large letters from small ones.
 */
export async function assertTablesFree(home: Engine, { name, view }: Projection): Promise<void> {
  const wanted = new Set(tableNames(view).map(lowerCase));
  if (wanted.size === 0) return;
  for (let after: string | undefined; ;) {
    const request = { prefix: pointerPrefix, limit: pageSize, ...(after !== undefined && { after }) };
    const entries = await home.keyedScan(request);
    for (const entry of entries) {
      const other = entry.key.slice(pointerPrefix.length);
      if (other === name) continue;
      const versions = Object.values(decodePointer(entry).versions);
      const taken = versions
        .filter(({ shown, building }) => shown !== null || building !== null)
        .flatMap(({ tables }) => tables)
        .find((table) => wanted.has(lowerCase(table)));
      if (taken !== undefined) throw takenError(name, taken, `the projection ${other}`);
    }
    after = entries.at(-1)?.key;
    if (entries.length < pageSize || after === undefined) break;
  }
  const rows = await requiredSql(home).query({
    sql: `SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(name) IN (${[...wanted].map(() => '?').join(', ')})`,
    parameters: [...wanted],
  });
  const [own] = rows;
  if (own !== undefined) throw takenError(name, String(own['name']), 'a table of your own');
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}

function takenError(name: string, table: string, by: string): TypeError {
  return argumentError(
    'INVALID_ARGUMENT',
    `The projection ${name} has a table ${table}, and so has ${by} in this store. Give one of them another name.`,
  );
}
