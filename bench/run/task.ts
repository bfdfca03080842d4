/** Building and measuring happen in child processes: one for each fixture and for each single measurement. */

import { fork } from 'node:child_process';
import type { Figures } from './workload.ts';

export interface Task {
  readonly kind: 'build' | 'measure';
  readonly workload: string;
  /** The variant to measure, or the fixture to build. */
  readonly name: string;
  readonly scale: 'full' | 'quick';
  readonly directory: string;
  /** Folders of the fixtures, by name. */
  readonly fixtures: Readonly<Record<string, string>>;
}

export type TaskMessage =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'done'; readonly figures: Figures }
  | { readonly kind: 'failed'; readonly message: string };

export interface TaskRun {
  readonly timeLimitMs: number;
  readonly profileDirectory: string | undefined;
  readonly progress: (text: string) => void;
}

/** Runs a task. Throws when it fails or takes too long; its process is then ended. */
export async function runTask(task: Task, run: TaskRun): Promise<Figures> {
  const profile = run.profileDirectory;
  const child = fork(new URL('./task-process.ts', import.meta.url), [JSON.stringify(task)], {
    execArgv: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
    // What a contestant prints is not for the reader of the results.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return await new Promise((resolve, reject) => {
    let outcome: Figures | Error | undefined;
    const limit = setTimeout(() => {
      outcome = new Error(`It took longer than ${run.timeLimitMs / 1000} s.`);
      child.kill('SIGKILL');
    }, run.timeLimitMs);
    child.on('message', (message: TaskMessage) => {
      if (message.kind === 'progress') run.progress(message.text);
      else outcome ??= message.kind === 'done' ? message.figures : new Error(message.message);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      outcome ??= new Error(`Its process ended with ${signal ?? `code ${code}`}.`);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    });
  });
}
