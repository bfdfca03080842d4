/**
 * Differential runs: a random workload on the engine under test and on the memory engine, which is the specification. Every
 * answer and every read must be equal. What differs is shrunk to few operations and told with its seed.
 */

import { ConformanceFailure } from '../assertions.ts';
import type { EngineFixture } from '../fixture.ts';
import { openLogUnderTest } from '../log-under-test.ts';
import { Comparison } from './comparison.ts';
import type { Operation } from './operation.ts';
import { workload } from './workload.ts';

/** What a run is made from. */
export interface DifferentialOptions {
  readonly seed: number;
  /** Default 80. */
  readonly operationCount?: number;
}

/** Runs one random workload on both engines. Throws a `ConformanceFailure` that names the seed and the fewest operations found that show the difference. */
export async function differentialRun(fixture: EngineFixture, options: DifferentialOptions): Promise<void> {
  const { seed, operationCount = 80 } = options;
  const isClockExact = fixture.hasOwnClock !== true;
  const operations = workload({ seed, operationCount, partitionCount: fixture.partitionCount, isClockExact });
  const found = await run(fixture, operations);
  if (found === undefined) return;
  const fewest = await shrink(fixture, operations.slice(0, found.operationCount), found);
  const told = fewest.operations.map((operation, index) => `  ${index + 1}. ${JSON.stringify(operation)}`).join('\n');
  throw new ConformanceFailure(
    `${fixture.name} differs from the memory engine under the workload of seed ${seed}, after these operations:\n${told}\n${fewest.difference.message}`,
    { cause: fewest.difference },
  );
}

/** How far a workload came before the engines differed. */
interface Difference {
  readonly operationCount: number;
  readonly error: Error;
}

async function run(fixture: EngineFixture, operations: readonly Operation[]): Promise<Difference | undefined> {
  const log = await openLogUnderTest(fixture);
  let operationCount = 0;
  try {
    const comparison = new Comparison(log);
    for (const operation of operations) {
      operationCount += 1;
      await comparison.prepare(operation);
      await comparison.do(operation);
    }
    await comparison.compareWhole();
    return undefined;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { operationCount, error };
  } finally {
    await log.dispose();
  }
}

/** How many shorter workloads are tried at most. */
const attemptsMax = 150;

interface Fewest {
  readonly operations: readonly Operation[];
  readonly difference: Error;
}

/** Leaves out what is not needed to show the difference: halves first, then ever smaller parts. */
async function shrink(fixture: EngineFixture, operations: readonly Operation[], found: Difference): Promise<Fewest> {
  let fewest: Fewest = { operations, difference: found.error };
  let attempts = 0;
  for (let size = Math.ceil(operations.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < fewest.operations.length && attempts < attemptsMax;) {
      const fewer = fewest.operations.toSpliced(start, size);
      attempts += 1;
      const difference = fewer.length === 0 ? undefined : await run(fixture, fewer);
      if (difference === undefined) start += size;
      else fewest = { operations: fewer.slice(0, difference.operationCount), difference: difference.error };
    }
  }
  for (const index of fewest.operations.keys()) fewest = await shrinkGroup(fixture, fewest, index);
  return fewest;
}

/** Leaves out what of a group is not needed. */
async function shrinkGroup(fixture: EngineFixture, found: Fewest, index: number): Promise<Fewest> {
  const group = found.operations[index];
  if (group?.do !== 'group') return found;
  let fewest = found;
  let { appends } = group;
  for (let start = 0; start < appends.length && appends.length > 1;) {
    const fewer = appends.toSpliced(start, 1);
    const operations = fewest.operations.with(index, { do: 'group', appends: fewer });
    const difference = await run(fixture, operations);
    if (difference === undefined) start += 1;
    else {
      fewest = { operations, difference: difference.error };
      appends = fewer;
    }
  }
  return fewest;
}
