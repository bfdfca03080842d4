import { durability, type AppendLog } from '../contestants/append-log.ts';
import { openBareWrites } from '../contestants/bare-writes.ts';
import { openEmmettSqlite } from '../contestants/emmett-sqlite.ts';
import { hindsightLog } from '../contestants/hindsight.ts';
import { measureAppends } from '../drive/append-load.ts';
import type { Variant, Workload } from '../run/workload.ts';

const load = { writerCount: 1, eventsPerAppend: 1, tagCount: 0 } as const;

function variant(name: string, durable: string, open: (directory: string) => AppendLog | Promise<AppendLog>): Variant {
  return {
    name,
    durability: durable,
    measure: async (context) => await measureAppends(context, await open(context.directory), load),
  };
}

export const latency: Workload = {
  name: 'latency',
  title: 'One writer, one event at a time',
  explanation:
    'A single writer awaits each answer, so every event pays for a sync of its own. Against one write of the same line and one sync, on the calling thread, with nothing around them. SQLite calls fsync.',
  variants: () => [
    variant('hindsight', durability.sqliteFull, hindsightLog),
    variant('write and fsync', durability.fsync, (directory) => openBareWrites(directory, 'fsync')),
    variant('write and fdatasync', durability.fdatasync, (directory) => openBareWrites(directory, 'fdatasync')),
    { ...variant('emmett, SQLite', durability.sqliteFull, openEmmettSqlite), needsPeers: true },
  ],
  targets: () => [
    {
      title: 'p99 against a bare write and fsync',
      of: { variants: ['hindsight'], figure: 'p99Ms' },
      against: { variants: ['write and fsync'], figure: 'p99Ms' },
      better: 'lower',
      must: 2,
      aim: 1.3,
      unit: '×',
    },
  ],
};
