/**
 * The checking thread.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { CheckMessage } from './check.ts';
import { checkStore } from './check-store.ts';
import { openForReading } from './database.ts';
import { storeError, toPlainError } from './sqlite-errors.ts';

function send(message: CheckMessage): void {
  parentPort?.postMessage(message);
}

function run(): void {
  const path = String(Reflect.get(Object(workerData), 'path'));
  try {
    const database = openForReading(path, { isAlone: false });
    try {
      send({ kind: 'report', report: checkStore(database, (progress) => send({ kind: 'progress', progress })) });
    } finally {
      database.close();
    }
  } catch (error) {
    send({ kind: 'failed', error: toPlainError(storeError(error, path)) });
  }
}

run();
