/** Commands: deciding them, and keeping them with what became of them. */

export { handle, type HandleOptions, type HandleResult } from './handle.ts';
export type { Command, CommandStatus, Outcome, OutcomeDetails, RecordedCommand, RecordedError } from './command.ts';
export {
  commandType,
  defineCommands,
  type AnyCommands,
  type CommandContext,
  type CommandRegistry,
  type Commands,
  type CommandsDefinition,
  type CommandsOf,
  type CommandsOptions,
  type CommandType,
  type RecordedCommandsOf,
} from './define-commands.ts';
export { redecide, type RedecideReport } from './redecide.ts';
export type { AnyDecider, LogPlace, RedecideOptions, RedecideProgress } from './redecide-options.ts';
export type { RedecideSample } from './redecide-selection.ts';
export type { DecidedEvent, RecordedDecision, Redecided, RedecidedCommand, Redecision } from './redecision.ts';
export { submit, type SubmitOptions, type Submitted } from './submit.ts';
export { execute } from './execute.ts';
export { waitForOutcome, type OutcomeWait } from './outcome-watch.ts';
export { cancelCommand, type Cancelled } from './cancel-command.ts';
export { commandInfo, listCommands, type CommandInfo, type ListCommandsOptions } from './command-info.ts';
export { followCommands, type CommandChange, type FollowCommandsOptions } from './follow-commands.ts';
export { runCommands } from './run-commands.ts';
