/**
 * Restoring a store from a backup.
 */

import { uuidV7Maker } from '../core/uuid.ts';
import type { LogIdentity, LongWork } from '../engine/contract.ts';

/**
 * Makes a new store at a path from a backup, and gives back its identity. The log continues in a new epoch: checkpoints
 * taken after the backup are recognised as not its own (`CHECKPOINT_DIVERGED`) instead of silently pointing at other events.
 *
 * Throws `STORE_EXISTS` when something is at the destination, `STORE_NOT_FOUND`, and what is wrong with the backup.
 */
export async function restoreStore(backup: string, destination: string, work: LongWork = {}): Promise<LogIdentity> {
  const { restoreFile } = await import('../engines/sqlite/restore.ts');
  const newId = uuidV7Maker(Date.now, (count) => crypto.getRandomValues(new Uint8Array(count)));
  return await restoreFile(backup, destination, { ...work, newId, now: () => Date.now() * 1000 });
}
