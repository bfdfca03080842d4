/** `hindsight commands`: recorded commands and what became of them. */

import { addRedecide } from '../command-log/redecide.ts';
import { addExamples, type AddCommand } from '../command.ts';
import { addGroup } from '../command-group.ts';
import { UsageError } from '../failure.ts';

/** Adds the group. */
export const addCommands: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'commands',
    summary: 'decide recorded commands again, by other code',
    description:
      'Commands are recorded beside the entities that they are for, with what became of them. What is recorded is what other code can be tried against.',
    byDefault: () => {
      throw new UsageError('Say what to do with commands.', ['Add --help to see what there is.']);
    },
  });
  addRedecide(group, cli);
  addExamples(group, [
    { line: 'commands redecide --against ./new-rules.ts', meaning: 'what would these rules decide otherwise?' },
  ]);
};
