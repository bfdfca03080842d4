/**
 * Cases for the public store over the engine: that an engine which keeps the contract makes a store that keeps its promises.
 */

import { bindAreas } from './area.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';
import { browsing } from './store-cases/browsing.ts';
import { storing } from './store-cases/storing.ts';
import { subscribing } from './store-cases/subscribing.ts';

/** The cases that a store over the engine must pass, bound to a fixture that opens the engine. */
export function storeConformanceCases(fixture: EngineFixture): readonly ConformanceCase[] {
  return bindAreas([storing, browsing, subscribing], fixture);
}
