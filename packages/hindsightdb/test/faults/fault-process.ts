/**
 * Running a program under faults: a child process with the shim below it, spoken to in lines.
 *
 * The program is a TypeScript file of this folder that is started with Node. What it prints is handed out line by
 * line; what it says on its error output is kept for the message of a failing test.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compileShim } from './shim/compile-shim.ts';

export type FaultProcessOptions = {
  /** The program's file name within this folder. */
  readonly program: string;
  readonly programArguments?: readonly string[];
  /** Below this folder calls are struck and recorded: a real path without a slash at its end. Default: the shim is not loaded. */
  readonly folder?: string;
  /** The control file, from `FaultControl`. Default: no rules. */
  readonly controlPath?: string;
  /** Where the record is appended to. Default: nothing is recorded. */
  readonly recordPath?: string;
  /** Whether the process meets the modes of files as an ordinary user does, even where the tests run as root; by the shim. */
  readonly isOrdinaryUser?: boolean;
};

export type ProcessEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A running program. */
export class FaultProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #end: Promise<ProcessEnd>;
  #errors = '';

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    // 'close' comes after the outputs were read to their ends, so that the errors are complete.
    this.#end = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  }

  static start(options: FaultProcessOptions): FaultProcess {
    const { program, programArguments = [], folder } = options;
    const environment: NodeJS.ProcessEnv = { ...process.env };
    // The runner's own environment would make the program believe that it is a test file.
    delete environment['NODE_TEST_CONTEXT'];
    if (folder !== undefined) Object.assign(environment, shimEnvironment(folder, options));
    const path = fileURLToPath(new URL(program, import.meta.url));
    const child = spawn(process.execPath, [path, ...programArguments], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A write to a program that was just killed fails; its end tells the same story.
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();
    return new FaultProcess(child, lines);
  }

  get processId(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`the program did not start: ${this.#errors}`);
    return pid;
  }

  /** What the program has said on its error output so far. */
  get errors(): string {
    return this.#errors;
  }

  /** The next line that the program prints, or undefined after its last. */
  async nextLine(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done === true ? undefined : next.value;
  }

  /** Reads lines up to the first that begins so, and answers it; an error when the program ends before. */
  async lineBeginning(start: string): Promise<string> {
    for (let line = await this.nextLine(); line !== undefined; line = await this.nextLine())
      if (line.startsWith(start)) return line;
    throw new Error(`the program ended without saying "${start}": ${this.#errors}`);
  }

  send(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** How the process ended, once it has. */
  ended(): Promise<ProcessEnd> {
    return this.#end;
  }

  /** Kills the process if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#end;
  }
}

function shimEnvironment(folder: string, options: FaultProcessOptions): NodeJS.ProcessEnv {
  const { controlPath, recordPath, isOrdinaryUser = false } = options;
  return {
    LD_PRELOAD: compileShim(),
    FAULT_PREFIX: `${folder}/`,
    // Input and output through rings would pass below the shim.
    UV_USE_IO_URING: '0',
    ...(controlPath !== undefined && { FAULT_CONTROL: controlPath }),
    ...(recordPath !== undefined && { FAULT_RECORD: recordPath }),
    ...(isOrdinaryUser && { FAULT_ORDINARY_USER: '1' }),
  };
}
