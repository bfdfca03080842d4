/**
 * Starting a check: it reads everything, so it runs in a thread of its own.
 */

import { Worker } from 'node:worker_threads';
import { abortReason } from '../../core/abort.ts';
import type { CheckReport, LongWork, Progress } from '../../engine/contract.ts';
import { fromPlainError, type PlainError } from './sqlite-errors.ts';

/** What the thread says. */
export type CheckMessage =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'report'; readonly report: CheckReport }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** Checks the store at a path. An abort ends the thread, which only reads. */
export async function checkInThread(path: string, { onProgress, signal }: LongWork): Promise<CheckReport> {
  signal?.throwIfAborted();
  const file = import.meta.url.endsWith('.ts') ? './check-worker.ts' : './check-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: { path }, name: 'hindsight check' });
  try {
    return await new Promise<CheckReport>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(abortReason(signal)), { once: true });
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('The checking thread ended without a report.')));
      worker.on('message', (message: CheckMessage) => {
        if (message.kind === 'progress') onProgress?.(message.progress);
        else if (message.kind === 'report') resolve(message.report);
        else reject(fromPlainError(message.error));
      });
    });
  } finally {
    await worker.terminate();
  }
}
