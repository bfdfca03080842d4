/**
 * The outside world as the command sees it: streams, environment, clock, and the wish to stop.
 */

import type { Readable } from 'node:stream';
import { Interrupted } from './failure.ts';

/** What the command runs in. */
export interface World {
  readonly stdin: Readable;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted, with an {@link Interrupted}, when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/**
 * The world of this process. The first Ctrl-C asks the command to stop where nothing is harmed; the second ends it on the
 * spot, which harms nothing either: what was acknowledged is on disk, and what was not is not.
 */
export function processWorld(): World {
  const controller = new AbortController();
  for (const signalName of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signalName, () => {
      const interrupted = new Interrupted(signalName);
      if (controller.signal.aborted) process.exit(interrupted.exitCode);
      controller.abort(interrupted);
    });
  }
  // Nobody may read what is said there, as after 2>&1 | head; the work goes on all the same.
  process.stderr.on('error', () => undefined);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    folder: process.cwd(),
    now: Date.now,
    signal: controller.signal,
  };
}
