/** Commands that are to be decided later: a timer makes them ready. */

import type { KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import type { RecordedCommand } from './command.ts';
import type { AnyCommands } from './define-commands.ts';

/** What is written with a command that is not due yet; undefined for one that is to be decided in its turn. */
export async function timerWritesFor(
  _context: StoreContext,
  _commands: AnyCommands,
  _command: RecordedCommand,
): Promise<readonly KeyedWrite[] | undefined> {
  return undefined;
}
