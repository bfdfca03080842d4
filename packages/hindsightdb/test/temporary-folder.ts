/** A folder of a test's own, gone when the test has ended. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whoever can say what is to be done at the end: the context of a test, or the hooks of a suite. */
export interface Ending {
  after(work: () => Promise<void>): void;
}

/** Makes a folder. It is removed after whatever was opened in it later has been closed: what was asked for last ends first. */
export async function temporaryFolder(ending: Ending): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hindsight-test-'));
  endings(ending).unshift(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Closes something at the end, before the folders made earlier go. */
export function atEnd(ending: Ending, work: () => Promise<void>): void {
  endings(ending).unshift(work);
}

const known = new WeakMap<Ending, (() => Promise<void>)[]>();

function endings(ending: Ending): (() => Promise<void>)[] {
  const list = known.get(ending);
  if (list !== undefined) return list;
  const made: (() => Promise<void>)[] = [];
  known.set(ending, made);
  ending.after(async () => {
    for (const work of made) await work();
  });
  return made;
}
