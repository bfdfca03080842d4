/** Letting those answer who are within reach, until there is nothing left to do at this time. */

import type { Store } from 'hindsightdb';
import { runCommands, type AnyCommands } from 'hindsightdb/commands';
import { advanceProcess } from 'hindsightdb/processes';
import { planning } from './planning.ts';

/** Goes on until neither the process manager nor any of these has anything left to do. */
export async function letAnswer(store: Store, within: readonly AnyCommands[]): Promise<void> {
  for (let before = ''; before !== (await store.head());) {
    before = await store.head();
    await advanceProcess(store, planning);
    for (const commands of within) await answer(store, commands);
  }
}

/** Decides what was accepted of these commands until now. */
export async function answer(store: Store, commands: AnyCommands): Promise<void> {
  await using running = await runCommands(store, commands);
  await running.waitFor(await store.head());
}
