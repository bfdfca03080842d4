/** The process managers that the configuration declares. */

import type { Process } from 'hindsightdb/processes';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { safeText } from '../terminal/text-width.ts';

/** Those of the given names, or all where none is given; at least one. Throws a `UsageError` where there are none. */
export async function namedProcesses(context: CommandContext, names: readonly string[]): Promise<readonly Process[]> {
  const loaded = await context.config();
  const all = loaded?.config.processes ?? [];
  if (loaded === undefined || all.length === 0)
    throw new UsageError(
      loaded === undefined
        ? 'There is no hindsight.config.ts here or above, and only code says what a process manager does.'
        : `${loaded.path} declares no process managers, and only code says what one does.`,
      ['Declare them there: export default defineConfig({ processes: [unpaid] });'],
    );
  if (names.length === 0) return all;
  return [...new Set(names)].map((name) => {
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw new UsageError(`The configuration declares no process manager ${safeText(name)}.`, [
      `It declares: ${all.map((each) => each.name).join(', ')}`,
    ]);
  });
}
