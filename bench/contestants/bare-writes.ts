/** One write and one sync after the other on the calling thread: what the disk itself takes for an event. */

import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AppendLog } from './append-log.ts';
import { bareFileName, bareLine } from './bare-file.ts';

export function openBareWrites(directory: string, sync: 'fsync' | 'fdatasync'): AppendLog {
  const file = openSync(join(directory, bareFileName), 'a');
  const syncFile = sync === 'fsync' ? fsyncSync : fdatasyncSync;
  return {
    append: async (streamId, events) => {
      writeSync(file, events.map((event) => `${bareLine(streamId, event)}\n`).join(''));
      syncFile(file);
    },
    close: async () => closeSync(file),
  };
}
