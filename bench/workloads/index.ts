/** All workloads, in the order in which they run and are reported. */

import type { Workload } from '../run/workload.ts';
import { batchAppends } from './batch-appends.ts';
import { commands } from './commands.ts';
import { consumers } from './consumers.ts';
import { entityLoad } from './entity-load.ts';
import { handlers } from './handlers.ts';
import { history } from './history.ts';
import { latency } from './latency.ts';
import { liveSubscriber } from './live-subscriber.ts';
import { logRead } from './log-read.ts';
import { logSize } from './log-size.ts';
import { readMemory } from './read-memory.ts';
import { readModels } from './read-models.ts';
import { singleAppends } from './single-appends.ts';
import { taggedAppends } from './tagged-appends.ts';

export const workloads: readonly Workload[] = [
  singleAppends,
  taggedAppends,
  batchAppends,
  latency,
  handlers,
  commands,
  liveSubscriber,
  logRead,
  entityLoad,
  history,
  consumers,
  readModels,
  logSize,
  readMemory,
];
