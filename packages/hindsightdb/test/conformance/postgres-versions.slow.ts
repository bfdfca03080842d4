/** The kit run against the engine on the earliest PostgreSQL beside the newest, and through a pooler. */

import { suite, test } from 'node:test';
import { unlessPresent } from '../../../../test/requirement.ts';
import { conformanceCases } from '../../src/conformance/index.ts';
import { pgbouncerRequirement } from '../postgres/pgbouncer.ts';
import { earlierServer, earlierServerRequirement } from '../postgres/server-programs.ts';
import { postgresFixture } from './postgres-fixture.ts';

suite(
  'conformance of the engine on an earlier PostgreSQL',
  { concurrency: 2, skip: unlessPresent(earlierServerRequirement()) },
  () => {
    const programs = earlierServer();
    const fixture = postgresFixture(programs === undefined ? {} : { programs });
    for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
  },
);

suite(
  'conformance of the engine on PostgreSQL through PgBouncer',
  { concurrency: 2, skip: unlessPresent(pgbouncerRequirement()) },
  () => {
    const fixture = postgresFixture({ connection: 'pooled' });
    for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
  },
);
