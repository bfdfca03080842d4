/**
 * How commands end: exit codes, and the errors that are the command's own.
 */

/** What the command answers to the shell. `docs/reference/cli.md` explains each. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  conflict: 3,
  damage: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** The command was called wrongly: an option, an argument or the configuration. Nothing was done. */
export class UsageError extends Error {
  /** What to do about it, one line each. */
  readonly advice: readonly string[];

  constructor(message: string, advice: readonly string[] = [], options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'UsageError';
    this.advice = advice;
  }
}

/** The command could not do its work, for a reason that it can explain. */
export class CommandError extends Error {
  readonly advice: readonly string[];
  readonly exitCode: number;

  constructor(
    message: string,
    options: { readonly advice?: readonly string[]; readonly exitCode?: number; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'CommandError';
    this.advice = options.advice ?? [];
    this.exitCode = options.exitCode ?? exitCodes.failure;
  }
}

/** The signals that ask the command to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Someone pressed Ctrl-C, or asked the process to end. What was acknowledged stays; the advice says how to go on. */
export class Interrupted extends Error {
  readonly signalName: StopSignal;
  readonly advice: readonly string[];

  constructor(signalName: StopSignal, advice: readonly string[] = []) {
    super(signalName === 'SIGINT' ? 'Interrupted.' : 'Asked to end.');
    this.name = 'Interrupted';
    this.signalName = signalName;
    this.advice = advice;
  }

  /** What shells know as the end by this signal. */
  get exitCode(): number {
    return this.signalName === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
  }
}

/** The error that an interruption is raised as, with what the command at hand advises. */
export function interruptedWith(reason: unknown, advice: readonly string[]): unknown {
  return reason instanceof Interrupted ? new Interrupted(reason.signalName, advice) : reason;
}
