/**
 * The memory engine as the kit opens it.
 */

import type { EngineFixture } from '../../src/conformance/index.ts';
import { MemoryEngine } from '../../src/engine/memory.ts';
import { memoryTables } from '../../src/engines/sqlite/memory-tables.ts';

/** How the memory engine is opened; each combination is a fixture. */
export interface MemoryFixtureOptions {
  readonly partitionCount?: number;
  readonly spansPartitions?: boolean;
  /** Whether it is handed tables for SQL. Default none. */
  readonly sql?: 'none' | 'sqlite';
}

/** A fixture of the memory engine. */
export function memoryFixture(options: MemoryFixtureOptions = {}): EngineFixture {
  const { partitionCount = 1, spansPartitions = true, sql = 'none' } = options;
  let logs = 0;
  return {
    name: `the memory engine with ${partitionCount} partitions${spansPartitions ? '' : ', which appends cannot span,'}${sql === 'none' ? '' : ', with SQL'}`,
    partitionCount,
    openLog: async ({ now }) => {
      let ids = 0;
      const log = (logs += 1);
      const newId = (): string => `id-${log}-${(ids += 1)}`;
      const sqlTables = sql === 'none' ? undefined : memoryTables();
      const engine = new MemoryEngine({ now, newId, partitionCount, spansPartitions, ...(sqlTables && { sqlTables }) });
      return { engine, dispose: async () => {} };
    },
  };
}
