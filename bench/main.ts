/** The bench: one command that measures, prints, and on request publishes. See docs/benchmarks.md for what it found. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPeers } from './peers/install.ts';
import { compareWithBaseline, writeBaseline } from './report/baseline.ts';
import { logSizePicture } from './report/log-size-picture.ts';
import { resultsPage } from './report/page.ts';
import { figuresTable, machineTable, verdictsTable } from './report/tables.ts';
import { describeMachine, isInMemory } from './run/machine.ts';
import { parseOptions, usage, type BenchOptions } from './run/options.ts';
import type { RunResults, WorkloadResults } from './run/results.ts';
import { Schedule } from './run/schedule.ts';
import type { Workload } from './run/workload.ts';
import { workloads } from './workloads/index.ts';

function log(text: string): void {
  process.stderr.write(`${text}\n`);
}

function chosenWorkloads({ only }: BenchOptions): readonly Workload[] {
  const unknown = only.filter((name) => !workloads.some((workload) => workload.name === name));
  if (unknown.length > 0) {
    throw new TypeError(
      `There is no workload ${unknown.join(', ')}. There are: ${workloads.map(({ name }) => name).join(', ')}.`,
    );
  }
  return only.length === 0 ? workloads : workloads.filter(({ name }) => only.includes(name));
}

/** A folder for this run on a real disk. Syncs to a file system in memory cost nothing and would flatter everyone. */
function runDirectory({ directory }: BenchOptions): string {
  const parent = directory ?? (isInMemory(tmpdir()) ? process.cwd() : tmpdir());
  mkdirSync(parent, { recursive: true });
  if (isInMemory(parent))
    throw new TypeError(
      `${parent} lies in memory, where a sync costs nothing. Name a folder on a disk with --directory.`,
    );
  return mkdtempSync(join(parent, 'hindsight-bench-'));
}

async function measure(options: BenchOptions, chosen: readonly Workload[]): Promise<RunResults> {
  const hasPeers = installPeers(log);
  const directory = runDirectory(options);
  // Ctrl-C ends the run and leaves nothing behind.
  process.once('SIGINT', () => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(130);
  });
  const machine = describeMachine(directory);
  const startedAt = new Date();
  const begin = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - begin) / 1000)} s`.padStart(6);
  try {
    const { scale, repetitions, profileDirectory } = options;
    const progress = (text: string): void => log(`${elapsed()}  ${text}`);
    const schedule = new Schedule({ scale, repetitions, directory, profileDirectory, hasPeers, progress });
    const results: WorkloadResults[] = [];
    for (const [index, workload] of chosen.entries()) {
      const result = await schedule.run(workload);
      results.push(result);
      process.stdout.write(`\n${workload.title}\n\n${figuresTable(result)}\n`);
      for (const { name, failure } of result.variants)
        if (failure !== undefined) log(`${workload.name}: ${name} failed: ${failure}`);
      schedule.release(chosen.slice(index + 1));
    }
    return {
      command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
      startedAt: startedAt.toISOString(),
      elapsedMs: performance.now() - begin,
      commit: gitCommit(),
      scale: scale.name,
      repetitions,
      machine,
      versions: versions(hasPeers),
      workloads: results,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function gitCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    // The bench also runs from an unpacked archive.
    return 'unknown';
  }
}

function versionIn(path: string): string {
  // Every package file has a version.
  return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { readonly version: string }).version;
}

function versions(hasPeers: boolean): Record<string, string> {
  const peers = ['@event-driven-io/emmett', '@event-driven-io/emmett-sqlite', 'sqlite3'];
  return {
    hindsightdb: versionIn('../packages/hindsightdb/package.json'),
    ...(hasPeers &&
      Object.fromEntries(peers.map((name) => [name, versionIn(`./peers/node_modules/${name}/package.json`)]))),
  };
}

function publish(results: RunResults): void {
  const picture = logSizePicture(results);
  mkdirSync(new URL('../docs/images/', import.meta.url), { recursive: true });
  if (picture !== undefined) writeFileSync(new URL('../docs/images/log-size.svg', import.meta.url), picture);
  writeFileSync(
    new URL('../docs/benchmarks.md', import.meta.url),
    resultsPage(results, picture === undefined ? undefined : 'images/log-size.svg'),
  );
  writeBaseline(results);
  log('Wrote docs/benchmarks.md, its picture and bench/baseline.json.');
}

/** The raw results that an earlier run wrote with `--json`. */
function read(path: string): RunResults {
  // Only the bench writes such files, and whoever names another one sees it fail.
  return JSON.parse(readFileSync(path, 'utf8')) as RunResults;
}

const options = parseOptions(process.argv.slice(2));
if (options === 'help') {
  process.stdout.write(usage);
} else {
  const results =
    options.fromPath === undefined ? await measure(options, chosenWorkloads(options)) : read(options.fromPath);
  process.stdout.write(`\n${machineTable(results)}\n\n${verdictsTable(results)}\n\n${compareWithBaseline(results)}\n`);
  if (options.jsonPath !== undefined) writeFileSync(options.jsonPath, `${JSON.stringify(results, null, 2)}\n`);
  if (options.isPublishing) publish(results);
}
