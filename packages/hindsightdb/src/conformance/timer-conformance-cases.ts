/** Cases for timers on the engine: fired once in effect, in the order of their times, and not where they were moved or cancelled. */

import { bindAreas } from './area.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';
import { firing } from './timer-cases/firing.ts';
import { libraryTimers, type TimerRuntime } from './timer-runtime.ts';

/** The cases that timers on the engine must pass, bound to a fixture that opens it and to the runtime that is tried. */
export function timerConformanceCases(
  fixture: EngineFixture,
  runtime: TimerRuntime = libraryTimers,
): readonly ConformanceCase[] {
  return bindAreas([firing(runtime)], fixture);
}
