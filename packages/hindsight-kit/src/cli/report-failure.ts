/**
 * What is said when a command fails: what happened, and what to do. On standard error, so that the output stays clean.
 */

import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { isConflict, isHindsightError } from 'hindsightdb';
import { MappingError } from '../formats/csv/csv-mapping.ts';
import { ImportRefused } from '../formats/import/chunk-sender.ts';
import { DifferentText } from '../formats/import/same-text.ts';
import { UnreadableInput } from '../formats/source/bad-input.ts';
import { CommandError, exitCodes, Interrupted, UsageError } from './failure.ts';
import { OutputClosed } from './terminal/output.ts';
import { paletteFor } from './terminal/palette.ts';
import { safeText } from './terminal/text-width.ts';
import type { World } from './world.ts';

/** A failure as it is reported. */
interface Failure {
  readonly exitCode: number;
  /** Undefined where nothing is said. */
  readonly message: string | undefined;
  readonly code?: string | undefined;
  readonly advice?: readonly string[];
  /** Shown for what nobody expected. */
  readonly stack?: string | undefined;
}

/** Says why the command failed, and gives back its exit code. */
export function reportFailure(error: unknown, world: World, options: { readonly isJson: boolean }): number {
  const { exitCode, message, code, advice = [], stack } = failureOf(error);
  if (message === undefined) return exitCode;
  if (options.isJson) {
    world.stderr.write(`${JSON.stringify({ error: { code: code ?? null, message, advice, exitCode } })}\n`);
    return exitCode;
  }
  const palette = paletteFor(world.stderr, world.environment);
  const lines = message.split('\n').map(safeText);
  const name = code === undefined ? '' : ` ${palette.faint(`[${code}]`)}`;
  world.stderr.write(`${palette.bad('hindsight:')} ${lines.join('\n')}${name}\n`);
  for (const line of advice) world.stderr.write(`  ${safeText(line)}\n`);
  const trace = isTraced(world) ? inspect(error) : stack;
  if (trace !== undefined) world.stderr.write(`${trace}\n`);
  return exitCode;
}

/** Whoever looks for the cause of a failure sees where it was raised. */
function isTraced({ environment }: World): boolean {
  return environment['HINDSIGHT_DEBUG'] !== undefined && environment['HINDSIGHT_DEBUG'] !== '';
}

function failureOf(error: unknown): Failure {
  if (error instanceof OutputClosed) return { exitCode: exitCodes.ok, message: undefined };
  if (error instanceof Interrupted) return { exitCode: error.exitCode, message: error.message, advice: error.advice };
  if (error instanceof CommanderError) return commanderFailure(error);
  if (error instanceof UsageError || error instanceof MappingError)
    return { exitCode: exitCodes.usage, message: error.message, advice: error.advice };
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message, advice: error.advice };
  if (error instanceof DifferentText)
    return { exitCode: exitCodes.conflict, message: error.message, advice: error.advice };
  if (error instanceof ImportRefused) return { exitCode: exitCodes.conflict, message: error.message };
  if (error instanceof UnreadableInput)
    return { exitCode: exitCodes.usage, message: error.message, advice: error.advice };
  if (isHindsightError(error))
    return { exitCode: codeExit(error), message: error.message, code: error.code, advice: adviceFor(error.code) };
  const system = systemFailure(error);
  if (system !== undefined) return system;
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    exitCode: exitCodes.failure,
    message: 'Something happened that nobody expected.',
    stack: stack ?? String(error),
  };
}

function commanderFailure(error: CommanderError): Failure {
  // Help and version were asked for, and have been printed.
  if (error.exitCode === 0) return { exitCode: exitCodes.ok, message: undefined };
  // Without a command the help is the answer, and has been printed.
  if (error.code === 'commander.help') return { exitCode: exitCodes.usage, message: undefined };
  const [message = '', ...rest] = error.message
    .replace(/^error: /, '')
    .split('\n')
    .filter((line) => line !== '');
  return {
    exitCode: exitCodes.usage,
    message: message.charAt(0).toUpperCase() + message.slice(1),
    advice: [...rest.map((line) => line.replace(/^\(|\)$/g, '')), 'Add --help to see what the command takes.'],
  };
}

function codeExit(error: Error & { readonly code: string }): number {
  if (isConflict(error) || ['KEY_REUSED', 'REPETITION_MISMATCH'].includes(error.code)) return exitCodes.conflict;
  if (error.code === 'STORE_CORRUPT' || error.code === 'DECODE_FAILED') return exitCodes.damage;
  return error instanceof TypeError || error instanceof RangeError ? exitCodes.usage : exitCodes.failure;
}

function adviceFor(code: string): readonly string[] {
  switch (code) {
    case 'STORE_NOT_FOUND':
      return [
        'Make one: hindsight init <store>',
        'Or say which is meant: --store, HINDSIGHT_STORE, or store in hindsight.config.ts',
      ];
    case 'MIGRATION_MISSING':
      return [
        'See what is missing: hindsight migrate --dry-run',
        'For an administrator, as SQL: hindsight migrate --dry-run --sql',
      ];
    case 'VERSION_CONFLICT':
      return ['Look at what was appended meanwhile: hindsight tail <stream>'];
    case 'HISTORY_HIDDEN':
      return ['With --category, --skip-hidden leaves out the entities of which that is so.'];
    case 'COMMAND_UNKNOWN':
      return ['See which there are: hindsight commands list'];
    case 'CONSUMER_UNKNOWN':
      return ['See which there are: hindsight consumers list'];
    case 'LETTER_UNKNOWN':
      return ['See which there are: hindsight letters list'];
    case 'STORE_CORRUPT':
      return [
        'Keep the file as it is. See how far the damage goes: hindsight check',
        'Restore a backup beside it: hindsight restore <backup> <new store>',
      ];
    default:
      return [];
  }
}

const systemMessages: Readonly<Record<string, string>> = {
  ENOENT: 'There is no file',
  EACCES: 'This user may not open',
  EPERM: 'This user may not open',
  EISDIR: 'This is a folder and no file:',
  ENOSPC: 'There is no space left for',
  EROFS: 'This place cannot be written:',
};

function systemFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const message = Object.hasOwn(systemMessages, error.code) ? systemMessages[error.code] : undefined;
  if (message === undefined) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : '';
  return { exitCode: exitCodes.failure, message: `${message} ${path}`.trim(), code: error.code };
}
