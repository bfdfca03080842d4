/** Runs the command as its users do: as a process of its own, through its bin. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/hindsight.js', import.meta.url));

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what a process runs. */
export interface RunOptions {
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
}

/** A running command. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output, gathered so far, satisfies the test; rejects when the process ends before. */
  readonly until: (test: (stdout: string) => boolean) => Promise<void>;
}

/** Starts `hindsight` with arguments. */
export function start(args: readonly string[], options: RunOptions = {}): Running {
  const { HINDSIGHT_STORE: _, FORCE_COLOR: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.folder,
    env: { ...inherited, NODE_OPTIONS: '', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const watcher of watchers) watcher();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
  const until = (test: (text: string) => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const watcher = (): void => {
        if (!test(stdout)) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
      void ended.then(({ stderr: said }) => reject(new Error(`It ended before: ${stdout}${said}`)));
    });
  return { child, ended, until };
}

/** Runs `hindsight` with arguments to its end. */
export async function hindsight(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return await start(args, options).ended;
}

/** Runs it, and throws unless it ends with the exit code 0. */
export async function succeed(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await hindsight(args, options);
  if (ended.exitCode !== 0)
    throw new Error(
      `hindsight ${args.join(' ')} ended with ${ended.exitCode ?? ended.signal}: ${ended.stderr}${ended.stdout}`,
    );
  return ended;
}

/** A JSON object of an output. */
export type Document = Readonly<Record<string, unknown>>;

/** The JSON objects of an output, one a line. Throws where a line is none. */
export function documentsOf(stdout: string): Document[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => objectOf(JSON.parse(line)));
}

/** The value as an object; throws where it is none. */
export function objectOf(value: unknown): Document {
  if (typeof value === 'object' && value !== null) return { ...value };
  throw new TypeError(`This is no object: ${JSON.stringify(value)}`);
}

/** A folder that is gone after the test. */
export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hindsight-kit-')));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
