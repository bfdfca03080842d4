/** Addresses of logs on PostgreSQL, as `openStore` takes them. */

import { argumentError } from '../../core/errors.ts';
import type { EngineSource } from '../../engine/engine-source.ts';
import type { PostgresPool } from './client.ts';
import { openPostgresEngine } from './open.ts';
import { schemaDefault } from './options.ts';
import { assertSchemaName } from './schema-name.ts';

/** Where a log lies. */
export interface PostgresPlace {
  /** A pool of the package pg, which stays open when the store is closed. Give either this or an address. */
  readonly pool?: PostgresPool;
  /** Such as `postgres://user@host/database`; the store then has a pool of its own. */
  readonly address?: string;
  /** One schema holds one log. Default `hindsight`. */
  readonly schema?: string;
}

/**
 * A log on PostgreSQL for `openStore`, over a pool that the application has already, or by address. Throws `INVALID_ARGUMENT` for
 * a schema whose name would need quotes.
 */
export function postgres({ pool, address, schema = schemaDefault }: PostgresPlace): EngineSource {
  assertSchemaName(schema);
  const database = pool ?? (address === undefined ? undefined : { address });
  if (database === undefined || (pool !== undefined && address !== undefined))
    throw argumentError('INVALID_ARGUMENT', 'A log on PostgreSQL is given either a pool or an address.');
  return { openEngine: (opening) => openPostgresEngine({ ...opening, database, schema }) };
}

/** The log at an address, whose parameter `schema` names the schema; the other parameters are those of pg. */
export function placeOfAddress(address: string): { readonly address: string; readonly schema: string } {
  const [start = '', query = ''] = splitAt(address, '?');
  const parameters = new URLSearchParams(query);
  const schema = parameters.get('schema') ?? schemaDefault;
  parameters.delete('schema');
  const rest = parameters.toString();
  return { address: rest === '' ? start : `${start}?${rest}`, schema };
}

function splitAt(text: string, mark: string): readonly [string, string] {
  const index = text.indexOf(mark);
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
