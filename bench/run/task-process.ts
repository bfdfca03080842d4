/** The process of one task: builds one fixture or takes one measurement, sends the outcome to its parent, and ends. */

import { workloads } from '../workloads/index.ts';
import type { Task, TaskMessage } from './task.ts';
import { fullScale, quickScale, type Figures } from './workload.ts';

// Started by task.ts alone.
const task = JSON.parse(process.argv[2] ?? '') as Task;
const scale = task.scale === 'full' ? fullScale : quickScale;
const workload = workloads.find(({ name }) => name === task.workload);

/** Once a second is enough for whoever watches. */
const progressEveryMs = 1000;
let saidAt = Number.NEGATIVE_INFINITY;

function progress(text: string): void {
  if (performance.now() - saidAt < progressEveryMs) return;
  saidAt = performance.now();
  send({ kind: 'progress', text });
}

function send(message: TaskMessage): void {
  process.send?.(message);
}

function fixture(name: string): string {
  const directory = task.fixtures[name];
  if (directory === undefined) throw new Error(`The fixture ${name} was not built.`);
  return directory;
}

async function run(): Promise<Figures> {
  const { directory, name } = task;
  if (task.kind === 'build') {
    await workload
      ?.fixtures?.(scale)
      .find((each) => each.name === name)
      ?.build({ scale, directory, progress });
    return {};
  }
  const variant = workload?.variants(scale).find((each) => each.name === name);
  if (variant === undefined) throw new Error(`There is no variant ${name} of ${task.workload}.`);
  return await variant.measure({ scale, directory, fixture, progress });
}

try {
  send({ kind: 'done', figures: await run() });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
// A contestant may leave handles behind that would keep the process; `disconnect` first sends what is on its way.
process.disconnect?.();
setTimeout(() => process.exit(), 200).unref();
