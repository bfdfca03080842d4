/**
 * All areas of the contract, in the order in which a new engine best meets them.
 */

import { bindAreas, type Area } from './area.ts';
import { appending } from './cases/appending.ts';
import { bounding } from './cases/bounding.ts';
import { closing } from './cases/closing.ts';
import { copying } from './cases/copying.ts';
import { declaring } from './cases/declaring.ts';
import { expecting } from './cases/expecting.ts';
import { filtering } from './cases/filtering.ts';
import { following } from './cases/following.ts';
import { keeping } from './cases/keeping.ts';
import { keying } from './cases/keying.ts';
import { listing } from './cases/listing.ts';
import { naming } from './cases/naming.ts';
import { recordingOutcomes } from './cases/outcomes.ts';
import { partitioning } from './cases/partitioning.ts';
import { placing } from './cases/placing.ts';
import { racing } from './cases/racing.ts';
import { querying } from './cases/querying.ts';
import { readingLog } from './cases/reading-log.ts';
import { readingStreams } from './cases/reading-streams.ts';
import { recording } from './cases/recording.ts';
import { refusing } from './cases/refusing.ts';
import { reopening } from './cases/reopening.ts';
import { repeating } from './cases/repeating.ts';
import { scanning } from './cases/scanning.ts';
import { setting } from './cases/setting.ts';
import { sharing } from './cases/sharing.ts';
import { viewingBySql } from './cases/viewing-by-sql.ts';
import { viewing } from './cases/viewing.ts';
import { waking } from './cases/waking.ts';
import { differentialRun } from './differential/differential.ts';
import type { ConformanceCase, EngineFixture } from './fixture.ts';

const areas: readonly Area[] = [
  declaring,
  appending,
  expecting,
  refusing,
  readingStreams,
  readingLog,
  filtering,
  naming,
  recording,
  placing,
  listing,
  bounding,
  following,
  keying,
  repeating,
  setting,
  keeping,
  recordingOutcomes,
  scanning,
  viewing,
  querying,
  viewingBySql,
  waking,
  racing,
  partitioning,
  closing,
  copying,
  reopening,
  sharing,
];

/**
 * The cases that an engine must pass, bound to a fixture that opens it. Each opens a log of its own and throws a
 * `ConformanceFailure` when its promise is broken. None is skipped: where an engine lacks a capability, the absence is tested.
 */
export function conformanceCases(fixture: EngineFixture): readonly ConformanceCase[] {
  const differential = differentialSeeds.map((seed) => ({
    area: 'differential runs',
    name: `a random workload is answered as the memory engine answers it (seed ${seed})`,
    run: () => differentialRun(fixture, { seed }),
  }));
  return [...bindAreas(areas, fixture), ...differential];
}

/** Workloads that every engine is tried with. More, with other seeds, are run by `differentialRun`. */
const differentialSeeds: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];
