/** Imports of small CSV files by the command. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { hindsight, temporaryFolder, type Ended } from './hindsight-process.ts';

/** Names the columns of the tests' files. */
export const named: readonly string[] = ['--case', 'id', '--type', 'what', '--time', 'at'];

/** What an import left. */
export interface Imported {
  readonly ended: Ended;
  readonly events: readonly RecordedEvent[];
  readonly folder: string;
}

/** Imports a text as a file of its own folder into a new store. */
export async function importText(
  context: TestContext,
  text: string | Buffer,
  args: readonly string[] = named,
  name = 'log.csv',
): Promise<Imported> {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, name), text);
  const ended = await hindsight(['import', name, '--store', 's.db', ...args], { folder });
  return { ended, folder, events: await eventsIn(join(folder, 's.db')) };
}

/** The events of a store. */
export async function eventsIn(path: string): Promise<readonly RecordedEvent[]> {
  await using store = await openStore(path);
  return await store.readLog().toArray();
}
