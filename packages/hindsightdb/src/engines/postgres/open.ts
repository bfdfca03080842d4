/** Opening the log in a schema: migrations where they may be applied, then which log it is. */

import { HindsightError } from '../../core/errors.ts';
import { murmur2 } from '../../core/murmur2.ts';
import type { Engine, LogIdentity } from '../../engine/contract.ts';
import { Connection } from './connection.ts';
import { bringUpToDate } from './migrations.ts';
import { schemaDefault, type PostgresEngineOptions } from './options.ts';
import { poolFor } from './pool.ts';
import { PostgresEngine } from './postgres-engine.ts';
import { Reader } from './reader.ts';
import { assertSchemaName } from './schema-name.ts';
import { tablesOf, type Tables } from './tables.ts';
import { Wake } from './wake.ts';
import { Writer } from './writer.ts';

/** Opens the log in a schema of a database. */
export async function openPostgresEngine(options: PostgresEngineOptions): Promise<Engine> {
  const { database, schema = schemaDefault, readOnly, pendingAppendsMax, now, newId } = options;
  assertSchemaName(schema);
  const { pool, isOwn } = await poolFor(database);
  const connection = new Connection(pool, { isOwn });
  try {
    await bringUpToDate(pool, { schema, mayChange: options.create && !readOnly });
    const tables = tablesOf(schema);
    const identity = await identify(connection, tables, options);
    const { partitionCount } = identity;
    const reader = new Reader(connection, tables, { now, partitionCount });
    const wake = new Wake(connection, channelOf(identity), () => reader.heads());
    const writer = readOnly
      ? undefined
      : new Writer({
          connection,
          appendFunction: tables.append,
          partitionCount,
          pendingAppendsMax,
          now,
          newId,
          onWritten: () => wake.written(),
        });
    return new PostgresEngine({ connection, tables, identity, reader, wake, writer, now });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function identify(
  connection: Connection,
  { identity, createLog }: Tables,
  { create, readOnly, partitionCount, now, newId }: PostgresEngineOptions,
): Promise<LogIdentity> {
  const ask = async (): Promise<unknown> => {
    const text = `SELECT ${identity}($1, $2)::text`;
    const values = [readOnly ? null : newId(), now?.() ?? null];
    const rows = readOnly ? await connection.read(text, values) : await connection.write(text, values);
    const answer = rows[0]?.[0];
    return typeof answer === 'string' ? JSON.parse(answer) : null;
  };
  let known = await ask();
  if (known === null && create && !readOnly) {
    await connection.write(`SELECT ${createLog}($1, $2, $3, $4)`, [newId(), partitionCount, newId(), now?.() ?? null]);
    known = await ask();
  }
  if (known === null) throw new HindsightError('STORE_NOT_FOUND', 'There is no log in this schema yet.');
  // The function's own answer, in this form.
  const { format: _format, ...described } = known as LogIdentity & { readonly format: number };
  return described;
}

/** Of one log; names of channels are those of a database. */
function channelOf({ logId }: LogIdentity): string {
  return `hindsight_${(murmur2(new TextEncoder().encode(logId)) >>> 0).toString(36)}`;
}
