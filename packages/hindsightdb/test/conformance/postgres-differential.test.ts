/** Random workloads on PostgreSQL against the memory engine. What differs is told with the seed of its workload. */

import { suite, test } from 'node:test';
import { unlessPresent } from '../../../../test/requirement.ts';
import { differentialRun } from '../../src/conformance/index.ts';
import { serverRequirement, serversAvailable } from '../postgres/server-programs.ts';
import { postgresFixture } from './postgres-fixture.ts';

const seeds = 12;

suite('PostgreSQL answers as the memory engine does', { skip: unlessPresent(serverRequirement()) }, () => {
  for (const programs of serversAvailable()) {
    for (const partitionCount of [1, 4]) {
      test(`in version ${programs.version} with ${partitionCount} partitions, to ${seeds} random workloads`, async () => {
        const fixture = postgresFixture({ programs, partitionCount });
        for (let seed = 1; seed <= seeds; seed += 1) await differentialRun(fixture, { seed });
      });
    }
  }
});
