/** `hindsight processes`: process managers, their instances, and running them. */

import { addExamples, type AddCommand } from '../command.ts';
import { addGroup } from '../command-group.ts';
import { addList, listManagers } from '../processes/list-command.ts';
import { addRun } from '../processes/run-command.ts';
import { addShow } from '../processes/show-command.ts';

/** Adds the group. */
export const addProcesses: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'processes',
    summary: 'list process managers, show and run them',
    description:
      'Process managers follow events and issue commands, in time. Each instance is a stream of steps, in the category of the name: timeline, diff, blame and why explain it like any entity. Pausing, resuming and letters go by hindsight consumers and hindsight letters.',
    byDefault: listManagers,
  });
  addList(group, cli);
  addShow(group, cli);
  addRun(group, cli);
  addExamples(group, [
    { line: 'processes', meaning: 'which are there, and how far are they?' },
    { line: 'processes list unpaid', meaning: 'what is under way?' },
    { line: 'processes show unpaid invoice-75', meaning: 'what happened to one, and what comes next?' },
  ]);
};
