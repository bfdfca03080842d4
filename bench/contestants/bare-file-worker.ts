/** The thread that writes and syncs the groups of a bare file. It gets text and answers null, or what went wrong. */

import { fdatasyncSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

// Started by bare-file.ts alone, with the number of an open file.
const file = workerData as number;

parentPort?.on('message', (text: string) => {
  try {
    const bytes = Buffer.from(text);
    if (writeSync(file, bytes) !== bytes.length) throw new Error('A group was written only in part.');
    fdatasyncSync(file);
    parentPort?.postMessage(null);
  } catch (error) {
    parentPort?.postMessage(String(error));
  }
});
