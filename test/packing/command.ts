/** Runs a program to its end. */

import { execFile } from 'node:child_process';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and answers with what it printed, whatever its exit code. Throws when it cannot be started. */
export function outcomeOf(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { cwd: options.cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number')
        reject(new Error(`${program} could not be run.`, { cause: error }));
      else resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

/** Runs a program that must succeed, and answers with what it printed to its standard output. */
export async function outputOf(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { exitCode, stdout, stderr } = await outcomeOf(program, args, options);
  if (exitCode !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with exit code ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}
