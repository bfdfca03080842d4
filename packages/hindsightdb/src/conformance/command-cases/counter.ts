/** What the cases of the command log decide about: counters that may not go below zero. */

import {
  commandType,
  defineCommands,
  type Command,
  type CommandContext,
  type Commands,
  type CommandsOptions,
  type CommandType,
  type RecordedCommand,
} from '../../commands/index.ts';
import { defineDecider } from '../../core/decider.ts';
import type { Event, Recorded } from '../../core/event.ts';

/** What is asked of a counter: to add, several times over if that is said, or to meet a mistake in the rules. */
export interface Adding {
  readonly amount: number;
  readonly times?: number;
}

/** What happened to a counter, and what it stood at before: whoever reads it sees what it was decided on. */
export type Added = Event<'Added', { readonly amount: number; readonly before: number }>;

/** A command as a counter decides it. */
export type CounterCommand = RecordedCommand<'Add', Adding> | RecordedCommand<'Stumble', null>;

/** What follows from adding to a counter: nothing for zero; undefined where it is refused. */
export function addedBy({ amount, times = 1 }: Adding, total: number): readonly Added[] | undefined {
  if (total + amount * times < 0) return undefined;
  if (amount === 0) return [];
  return Array.from({ length: times }, (_, index) => ({
    type: 'Added',
    data: { amount, before: total + amount * index },
  }));
}

/** Rules of which a part can be mended, as by a deploy. */
export interface CounterOptions extends CommandsOptions {
  /** Whether the mistake is mended. Default: it is not. */
  readonly isMended?: () => boolean;
  readonly prepare?: (command: CounterCommand, context: CommandContext) => CounterCommand | Promise<CounterCommand>;
}

/** The commands of counters, as they are declared. */
export type CounterCommands = Commands<
  { readonly total: number },
  CounterCommand,
  Added,
  { readonly Add: CommandType<Adding>; readonly Stumble: CommandType<null> }
>;

/** Declares the commands of counters. */
export function counterCommands(options: CounterOptions = {}): CounterCommands {
  const { isMended = () => false, ...rest } = options;
  const decider = defineDecider({
    category: 'counter',
    initialState: { total: 0 },
    decide: (command: CounterCommand, { total }: { readonly total: number }): readonly Added[] => {
      if (command.type === 'Stumble' && !isMended()) throw new TypeError('Nobody thought of this.');
      const added = addedBy(command.type === 'Add' ? command.data : { amount: 1 }, total);
      if (added === undefined) throw new Error(`There are only ${total}.`);
      return added;
    },
    evolve: ({ total }, event: Recorded<Added>) => ({ total: total + event.data.amount }),
  });
  return defineCommands({
    retry: { attemptsMax: 2, firstDelayMs: 1 },
    leaseMs: 100,
    ...rest,
    decider,
    types: { Add: commandType<Adding>(), Stumble: commandType<null>() },
  });
}

/** A command to add. */
export function add(streamId: string, amount: number, id?: string): Command<'Add', Adding> {
  return { type: 'Add', streamId, data: { amount }, ...(id !== undefined && { id }) };
}

/** A command that meets a mistake in the rules. */
export function stumble(streamId: string, id: string): Command<'Stumble', null> {
  return { type: 'Stumble', streamId, data: null, id };
}
