/** Stores that tests of the command begin with. */

import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { temporaryFolder } from './hindsight-process.ts';

/** Names the store of {@link folderWithStore}. */
export const inStore: readonly string[] = ['--store', 's.db'];

/** A folder with a store `s.db`, filled or empty, that is gone after the test. */
export async function folderWithStore(context: TestContext, fill?: (store: Store) => Promise<void>): Promise<string> {
  const folder = await temporaryFolder(context);
  await using store = await openStore(join(folder, 's.db'));
  await fill?.(store);
  return folder;
}
