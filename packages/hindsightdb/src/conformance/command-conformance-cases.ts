/** Cases for what decides: the command log on the engine, with its outcomes. */

import { bindAreas } from './area.ts';
import { accepting } from './command-cases/accepting.ts';
import { deciding } from './command-cases/deciding.ts';
import { executing } from './command-cases/executing.ts';
import { settingAside } from './command-cases/setting-aside.ts';
import { libraryCommands, type CommandRuntime } from './command-runtime.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';

/** The cases that the command log on the engine must pass, bound to a fixture that opens it and to the runtime that is tried. */
export function commandConformanceCases(
  fixture: EngineFixture,
  runtime: CommandRuntime = libraryCommands,
): readonly ConformanceCase[] {
  const areas = [accepting, deciding, executing, settingAside];
  return bindAreas(
    areas.map((area) => area(runtime)),
    fixture,
  );
}
