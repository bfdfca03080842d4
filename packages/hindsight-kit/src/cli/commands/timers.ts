/** `hindsight timers`: what is due at a time. */

import { addExamples, type AddCommand } from '../command.ts';
import { addGroup } from '../command-group.ts';
import { addChanges } from '../timers/change-commands.ts';
import { addFire } from '../timers/fire-command.ts';
import { addList, listGroups } from '../timers/list-command.ts';

/** Adds the group. */
export const addTimers: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'timers',
    summary: 'list what is due at a time; cancel, retry, fire it',
    description:
      'Timers are kept by the store until they are fired, moved or cancelled. Those of a group are fired in the order of their times.',
    byDefault: listGroups,
  });
  addList(group, cli);
  addChanges(group, cli);
  addFire(group, cli);
  addExamples(group, [
    { line: 'timers', meaning: 'which groups are there, and what comes next?' },
    { line: 'timers list reminders --until "in 2h"', meaning: 'what is due in the next two hours?' },
  ]);
};
