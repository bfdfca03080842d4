/** The contestants of the append workloads, each with what its acknowledgement means. */

import { durability, type AppendLog } from '../contestants/append-log.ts';
import { openBareFile } from '../contestants/bare-file.ts';
import { emmettLog } from '../contestants/emmett.ts';
import { openEmmettMemory } from '../contestants/emmett-memory.ts';
import { openEmmettSqlite } from '../contestants/emmett-sqlite.ts';
import { hindsightLog } from '../contestants/hindsight.ts';
import { measureAppends, type AppendLoad } from '../drive/append-load.ts';
import type { Variant } from '../run/workload.ts';

/** The bare file by both of its means; the faster one is the yardstick. */
export const bareFileNames = ['bare file, async fs', 'bare file, worker thread'] as const;

type Opener = (directory: string) => Promise<AppendLog>;

function variant(name: string, durable: string, load: AppendLoad, open: Opener): Variant {
  return {
    name,
    durability: durable,
    measure: async (context) => await measureAppends(context, await open(context.directory), load),
  };
}

/** Hindsight and the bare file. */
export function yardstickVariants(load: AppendLoad): readonly Variant[] {
  const [asyncFs, workerThread] = bareFileNames;
  return [
    variant('hindsight', durability.sqliteFull, load, hindsightLog),
    variant(asyncFs, durability.fdatasync, load, (directory) => openBareFile(directory, 'pool')),
    variant(workerThread, durability.fdatasync, load, (directory) => openBareFile(directory, 'worker')),
  ];
}

async function emmettMemoryLog(): Promise<AppendLog> {
  return emmettLog(await openEmmettMemory(), async () => {});
}

/** Other stores, and ours in memory beside theirs. */
export function peerVariants(load: AppendLoad): readonly Variant[] {
  return [
    { ...variant('emmett, SQLite', durability.sqliteFull, load, openEmmettSqlite), needsPeers: true },
    variant('hindsight, memory', durability.none, load, () => hindsightLog(undefined)),
    { ...variant('emmett, memory', durability.none, load, emmettMemoryLog), needsPeers: true },
  ];
}
