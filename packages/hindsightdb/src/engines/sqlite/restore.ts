/**
 * Restore: a new store from a backup. The log lives on in a new epoch, so that checkpoints taken after the backup are
 * recognised as not its own.
 */

import { existsSync } from 'node:fs';
import { HindsightError } from '../../core/errors.ts';
import type { LogIdentity, LongWork } from '../../engine/contract.ts';
import { backupStore } from './backup.ts';
import { openForWriting } from './database.ts';
import { pathOf } from './files.ts';

/** What a restore needs to know beside the two places. */
export interface RestoreOptions extends LongWork {
  /** Microseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** Makes a new store from a backup, or from any store that nobody writes to. Throws `STORE_EXISTS`, `STORE_NOT_FOUND` and what is wrong with the backup. */
export async function restoreFile(backup: string, destination: string, options: RestoreOptions): Promise<LogIdentity> {
  const source = pathOf(backup);
  const target = pathOf(destination);
  if (existsSync(target))
    throw new HindsightError(
      'STORE_EXISTS',
      `There is already something at ${target}; a restore overwrites nothing. Move it away first.`,
      { details: { path: target } },
    );
  await backupStore(source, target, options);
  const { database, identity } = openForWriting({
    path: target,
    create: false,
    newLogId: options.newId(),
    newEpoch: options.newId(),
    now: options.now(),
  });
  database.close();
  return identity;
}
