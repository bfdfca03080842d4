/**
 * Areas of the contract and the cases in them, before they are bound to a fixture.
 */

import { ConformanceFailure, refuses, within } from './assertions.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';
import { openLogUnderTest, type LogUnderTest } from './log-under-test.ts';

/** A promise and its test, on a log that is opened and thrown away around it. */
export interface CaseDefinition {
  readonly name: string;
  readonly run: (log: LogUnderTest) => Promise<void>;
}

/** A part of the contract. */
export interface Area {
  readonly area: string;
  readonly cases: readonly CaseDefinition[];
}

/** Declares an area: promises in sentences, each with its test. */
export function defineArea(area: string, cases: Readonly<Record<string, (log: LogUnderTest) => Promise<void>>>): Area {
  return { area, cases: Object.entries(cases).map(([name, run]) => ({ name, run })) };
}

/** The cases of areas, bound to a fixture. */
export function bindAreas(areas: readonly Area[], fixture: EngineFixture): readonly ConformanceCase[] {
  return areas.flatMap(({ area, cases }) =>
    cases.map(({ name, run }) => ({ area, name, run: () => runCase(fixture, { name, run }) })),
  );
}

/** A case that takes longer hangs. Or longer than this many times the patience of its fixture, where that is more. */
const caseMs = 60_000;
const patienceFactor = 12;

async function runCase(fixture: EngineFixture, { name, run }: CaseDefinition): Promise<void> {
  const log = await openLogUnderTest(fixture);
  try {
    await within(Math.max(caseMs, log.patienceMs * patienceFactor), 'The end of the case', run(log));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConformanceFailure(`${fixture.name} does not keep the promise that ${name}. ${reason}`, { cause });
  } finally {
    await log.dispose();
  }
}

/**
 * A test of boundary conditions. Where they cannot concern several partitions, and the log has several, the refusal of the
 * condition is tested in its place.
 */
export function withBoundary(run: (log: LogUnderTest) => Promise<void>): (log: LogUnderTest) => Promise<void> {
  return async (log) => {
    if (log.canSpan) return await run(log);
    const condition = { query: [{ types: ['Happened'] }], after: await log.engine.heads() };
    const batch = {
      streams: [{ streamId: 'order-1', expectedVersion: 'any', events: [log.make.one()] }],
      condition,
    } as const;
    await log.expectNoTrace(() =>
      refuses(
        'A condition over several partitions, which the engine says it cannot check,',
        () => log.engine.append(batch),
        'UNSUPPORTED',
      ),
    );
  };
}
