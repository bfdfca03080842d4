/** Running commands: whatever is accepted is decided, in this process or beside others. */

import { commandStreamOf } from '../core/stream-id.ts';
import type { Consumer, RunOptions } from '../consumers/consumer.ts';
import { runConsumer } from '../consumers/run-consumer.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { commandTypes } from '../core/command-types.ts';
import { commandDueType, entityOf } from './command-record.ts';
import { CommandWork } from './command-work.ts';
import { giveTurns } from './due-command.ts';
import { assertCommands, type AnyCommands } from './define-commands.ts';

/** Never aborted. */
const unending: AbortSignal = new AbortController().signal;

/**
 * Decides accepted commands of a category, those that are there and those to come: in order for each entity, with turns between
 * entities, and each once, whatever dies. Resolves when it runs; it is a consumer under the name of the commands, with state,
 * lag, pause and letters. May run in several processes, of which each works on its share of the slices.
 */
export async function runCommands(store: AnyStore, commands: AnyCommands, options: RunOptions = {}): Promise<Consumer> {
  const { engine } = contextOf(store);
  assertCommands(commands);
  const { name, category, running } = commands;
  const { slices, ...rest } = running;
  // What came due while nobody ran is in the log before anybody waits for what is there.
  await giveTurns(store, name, options.signal ?? unending);
  const work = new CommandWork(store, commands, await engine.heads());
  return await runConsumer(
    store,
    {
      ...rest,
      kind: 'commands',
      name,
      category,
      filter: { category: commandStreamOf(category), types: [commandTypes.accepted, commandDueType] },
      startAt: 'beginning',
      onFailure: 'setAside',
      ...(slices !== undefined && { sliceCount: slices }),
      entityOf,
      handle: async (batch) => work.handle(batch),
      whenSkipped: (event) => work.abandon(event),
      // One process is enough, and whichever holds the first slice is it.
      tick: async ({ slice, signal }) => (slice === 0 ? await giveTurns(store, name, signal) : undefined),
    },
    options,
  );
}
