/**
 * Actions: what the handlers of a process manager want, as data. They are recorded with the step that they belong to before any
 * of them has an effect.
 */

import type { AnyCommands, CommandRegistry, CommandsOf } from '../commands/define-commands.ts';
import type { Command } from '../commands/command.ts';
import type { Unchanging } from '../reactions/effect.ts';

/** When a timer is due. */
export type Timing =
  /** So many milliseconds after the input that sets it; or after `from`, where that is given. */
  | { readonly afterMs: number; readonly from?: string | Date | undefined }
  /** At a time: ISO 8601 with an offset or `Z`, or a `Date`. One that has passed is due at once. */
  | { readonly at: string | Date };

/** Sets a timer. Made by {@link setTimer}. */
export interface SetTimer<Timer extends string = string> {
  readonly kind: 'setTimer';
  readonly timer: Timer;
  readonly timing: Timing;
}

/** Cancels a timer. Made by {@link cancelTimer}. */
export interface CancelTimer<Timer extends string = string> {
  readonly kind: 'cancelTimer';
  readonly timer: Timer;
}

/** Gives the instance another state. Made by {@link become}. */
export interface Become<State = unknown> {
  readonly kind: 'become';
  readonly state: State;
}

/** Issues a command. Made by {@link issue}. */
export interface Issue {
  readonly kind: 'issue';
  readonly commands: AnyCommands;
  readonly command: CommandToIssue;
}

/** Ends the instance. Made by {@link endProcess}. */
export interface EndProcess {
  readonly kind: 'endProcess';
}

/** What a handler may want. */
export type ProcessAction<State = unknown, Timer extends string = string> =
  | SetTimer<Timer>
  | CancelTimer<Timer>
  | Become<Unchanging<State>>
  | Issue
  | EndProcess;

/** What a handler returns: one action, several in their order, or none. */
export type ProcessActions<State = unknown, Timer extends string = string> =
  | ProcessAction<State, Timer>
  | readonly ProcessAction<State, Timer>[]
  | undefined;

/** A command without an id: it is made of the id of the step that issues it, and an ordinal. */
export type CommandToIssue<Type extends string = string, Data = unknown> = Omit<Command<Type, Data>, 'id'>;

/** The commands of a registry, as a process manager issues them. */
export type IssuableOf<Registry extends CommandRegistry> =
  CommandsOf<Registry> extends infer Sent
    ? Sent extends Command<infer Type, infer Data>
      ? CommandToIssue<Type, Data>
      : never
    : never;

/** Sets a timer of the instance, or moves it where it is pending. It fires once in effect, also when it comes late. */
export function setTimer<Timer extends string>(timer: Timer, timing: Timing): SetTimer<Timer> {
  return { kind: 'setTimer', timer, timing };
}

/** Cancels a timer of the instance. Does nothing where it is not pending. */
export function cancelTimer<Timer extends string>(timer: Timer): CancelTimer<Timer> {
  return { kind: 'cancelTimer', timer };
}

/** Gives the instance another state: any JSON value. It is the state of the next input. */
export function become<const State>(state: State): Become<State> {
  return { kind: 'become', state };
}

/**
 * Issues a command to be decided in its turn, once in effect. `commands` must be among those that the process manager declares. Where
 * it is refused, rejected, cancelled or abandoned, the handlers in `rejected` hear of it.
 */
export function issue<const Registry extends CommandRegistry>(
  commands: AnyCommands & { readonly types: Registry },
  command: IssuableOf<Registry>,
): Issue {
  return { kind: 'issue', commands, command };
}

/** Ends the instance: its timers are cancelled, and what comes for its key later is passed over. */
export function endProcess(): EndProcess {
  return { kind: 'endProcess' };
}
