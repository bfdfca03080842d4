/** The command log that the kit tests: that of the library, or another in its place. */

import {
  cancelCommand,
  commandInfo,
  execute,
  followCommands,
  listCommands,
  runCommands,
  submit,
  waitForOutcome,
} from '../commands/index.ts';
import { listLetters, retryLetters, skipLetter } from '../consumers/index.ts';

/** Takes, decides and tells of commands. */
export interface CommandRuntime {
  readonly submit: typeof submit;
  readonly execute: typeof execute;
  readonly runCommands: typeof runCommands;
  readonly waitForOutcome: typeof waitForOutcome;
  readonly cancelCommand: typeof cancelCommand;
  readonly commandInfo: typeof commandInfo;
  readonly listCommands: typeof listCommands;
  readonly followCommands: typeof followCommands;
  readonly listLetters: typeof listLetters;
  readonly retryLetters: typeof retryLetters;
  readonly skipLetter: typeof skipLetter;
}

/** The library's own. */
export const libraryCommands: CommandRuntime = {
  submit,
  execute,
  runCommands,
  waitForOutcome,
  cancelCommand,
  commandInfo,
  listCommands,
  followCommands,
  listLetters,
  retryLetters,
  skipLetter,
};
