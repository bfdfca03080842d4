/** `hindsight commands`: recorded commands and what became of them. */

import { addCancel } from '../command-log/cancel-command.ts';
import { addFollow } from '../command-log/follow-command.ts';
import { addList, listNewest } from '../command-log/list-command.ts';
import { addRedecide } from '../command-log/redecide.ts';
import { addRun } from '../command-log/run-command.ts';
import { addStatus } from '../command-log/status-command.ts';
import { addSubmit } from '../command-log/submit-command.ts';
import { addExamples, type AddCommand } from '../command.ts';
import { addGroup } from '../command-group.ts';

/** Adds the group. */
export const addCommands: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'commands',
    summary: 'submit, list, follow, run, cancel and redecide commands',
    description:
      'Commands are recorded beside the entities that they are for, with what became of them. What they are and who decides them the configuration says, in its member commands. What is recorded is also what other code can be tried against.',
    byDefault: listNewest,
  });
  addSubmit(group, cli);
  addStatus(group, cli);
  addList(group, cli);
  addFollow(group, cli);
  addCancel(group, cli);
  addRun(group, cli);
  addRedecide(group, cli);
  addExamples(group, [
    { line: 'commands submit ShipOrder order-75 --id ship-75 --wait', meaning: 'have something done, once' },
    { line: 'commands status ship-75', meaning: 'what became of it?' },
    { line: 'commands redecide --against ./new-rules.ts', meaning: 'what would these rules decide otherwise?' },
  ]);
};
