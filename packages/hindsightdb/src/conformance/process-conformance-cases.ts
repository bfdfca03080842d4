/** Cases for process managers on the engine: each input one step, timers in their order, commands once. */

import { bindAreas } from './area.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';
import { stepping } from './process-cases/stepping.ts';
import { libraryProcesses, type ProcessRuntime } from './process-runtime.ts';

/** The cases that process managers on the engine must pass, bound to a fixture that opens it and to the runtime that is tried. */
export function processConformanceCases(
  fixture: EngineFixture,
  runtime: ProcessRuntime = libraryProcesses,
): readonly ConformanceCase[] {
  return bindAreas([stepping(runtime)], fixture);
}
