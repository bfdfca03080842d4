/** `hindsight completion`: a script with which a shell completes commands and options. */

import tab from '@bomb.sh/tab/commander';
import { addExamples, type AddCommand } from '../command.ts';

/** Adds the command, and the hidden one that the script calls. To be added last: it completes what was added before. */
export const addCompletion: AddCommand = (program) => {
  // A shell has one line for each command, for which the summaries are made.
  const commands = program.commands.flatMap((each) => [each, ...each.commands]);
  const descriptions = commands.map((each) => [each, each.description()] as const);
  for (const [each] of descriptions) each.description(each.summary());
  tab(program, { completionCommandName: 'completion' });
  for (const [each, description] of descriptions) each.description(description);
  const command = program.commands.find((each) => each.name() === 'completion');
  if (command === undefined) return;
  command
    .summary('print a script for completion by the shell')
    .description('Prints a script with which a shell completes commands and options.');
  addExamples(command, [
    { line: 'completion bash > ~/.local/share/bash-completion/completions/hindsight', meaning: 'for bash' },
    { line: 'completion zsh > ~/.zfunc/_hindsight', meaning: 'for zsh, where ~/.zfunc is in fpath' },
    { line: 'completion fish > ~/.config/fish/completions/hindsight.fish', meaning: 'for fish' },
  ]);
};
