/**
 * Cases for what follows the log under a name: that consumers on the engine miss nothing, keep the order of each entity, and
 * record nothing that is not theirs.
 */

import { bindAreas } from './area.ts';
import { beginning } from './consumer-cases/beginning.ts';
import { diverging } from './consumer-cases/diverging.ts';
import { failing } from './consumer-cases/failing.ts';
import { handingOut } from './consumer-cases/handing-out.ts';
import { operating } from './consumer-cases/operating.ts';
import { slicing } from './consumer-cases/slicing.ts';
import { telling } from './consumer-cases/telling.ts';
import { projecting } from './follower-cases/projecting.ts';
import { reacting } from './follower-cases/reacting.ts';
import { receiving } from './follower-cases/receiving.ts';
import { libraryConsumers, type ConsumerRuntime } from './consumer-runtime.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';

/**
 * The cases that consumers on the engine must pass, bound to a fixture that opens it and to the runtime that is tried; and
 * with them those of projections, reactions and inboxes, which are the library's own.
 */
export function consumerConformanceCases(
  fixture: EngineFixture,
  runtime: ConsumerRuntime = libraryConsumers,
): readonly ConformanceCase[] {
  const areas = [handingOut, beginning, failing, operating, telling, slicing, diverging];
  return bindAreas([...areas.map((area) => area(runtime)), projecting, reacting, receiving], fixture);
}
