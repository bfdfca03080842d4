/** Addresses of logs on PostgreSQL, as `openStore` takes them. */

import { argumentError } from '../../core/errors.ts';
import { describe } from '../../core/text.ts';
import type { EngineSource } from '../../engine/engine-source.ts';
import type { PostgresPool } from './client.ts';
import { openPostgresEngine } from './open.ts';
import { schemaDefault } from './options.ts';
import type { PostgresDatabase } from './pool.ts';
import { assertSchemaName } from './schema-name.ts';

/** Where a log lies. */
export interface PostgresPlace {
  /** A pool of the package pg, which stays open when the store is closed. Give either this or an address. */
  readonly pool?: PostgresPool;
  /** Such as `postgres://user@host/database`; the store then has a pool of its own. */
  readonly address?: string;
  /** One schema holds one log. Default: the one that the address names, as in `?schema=orders`, else `hindsight`. */
  readonly schema?: string;
}

/**
 * A log on PostgreSQL for `openStore`, over a pool that the application has already, or by address. Throws `INVALID_ARGUMENT` for
 * a schema whose name would need quotes.
 */
export function postgres(place: PostgresPlace): EngineSource {
  const located = locate(place);
  return { openEngine: (opening) => openPostgresEngine({ ...opening, ...located }) };
}

/** The database and the schema that are meant. Throws `INVALID_ARGUMENT` where that is not clear. */
export function locate(place: PostgresPlace): { readonly database: PostgresDatabase; readonly schema: string } {
  if (typeof place !== 'object' || place === null)
    throw argumentError(
      'INVALID_ARGUMENT',
      `A log on PostgreSQL is given a pool or an address, not ${describe(place)}.`,
    );
  const { pool, address } = place;
  if (pool !== undefined && address === undefined) return { database: pool, schema: checked(place.schema) };
  if (typeof address !== 'string' || pool !== undefined)
    throw argumentError('INVALID_ARGUMENT', 'A log on PostgreSQL is given either a pool or an address.');
  const found = placeOfAddress(address);
  return { database: { address: found.address }, schema: checked(place.schema ?? found.schema) };
}

function checked(schema: string = schemaDefault): string {
  assertSchemaName(schema);
  return schema;
}

/** The log at an address, whose parameter `schema` names the schema; the other parameters are those of pg. */
export function placeOfAddress(address: string): { readonly address: string; readonly schema: string } {
  const [start, query] = splitAt(address, '?');
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
