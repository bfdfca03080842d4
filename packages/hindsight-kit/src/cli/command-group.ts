/** Commands that have commands of their own, like `consumers list`. Without one of them, the group does what it does by itself. */

import type { Command } from 'commander';
import { runAction, type Cli } from './command.ts';
import type { CommandContext } from './context.ts';
import { UsageError } from './failure.ts';
import { safeText } from './terminal/text-width.ts';

/** What is said of a group. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** What is done when no command of the group is named. */
  readonly byDefault: (context: CommandContext) => Promise<number | void>;
}

/** Adds a group to the program. Its commands are added to what this answers. */
export function addGroup(program: Command, cli: Cli, { name, summary, description, byDefault }: CommandGroup): Command {
  return program
    .command(name)
    .summary(summary)
    .description(description)
    .helpCommand(false)
    .allowExcessArguments()
    .action((_options: object, self: Command) =>
      runAction(cli, self, async (context) => {
        const [strange] = self.args;
        if (strange !== undefined) throw unknownCommand(self, strange);
        return await byDefault(context);
      }),
    );
}

function unknownCommand(group: Command, given: string): UsageError {
  const names = group.commands.map((each) => each.name());
  return new UsageError(`There is no command ${group.name()} ${safeText(given)}.`, [
    `${group.name()} has ${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}.`,
    'Add --help to see what they do.',
  ]);
}
