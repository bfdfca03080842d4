/**
 * The kit run against the engine on PostgreSQL: with one partition and with four, and where the server itself is killed. The slow
 * suite runs it on an earlier version and through a pooler.
 */

import { suite, test } from 'node:test';
import { unlessPresent } from '../../../../test/requirement.ts';
import {
  commandConformanceCases,
  conformanceCases,
  consumerConformanceCases,
  processConformanceCases,
  storeConformanceCases,
  timerConformanceCases,
} from '../../src/conformance/index.ts';
import { serverRequirement } from '../postgres/server-programs.ts';
import { handlingCases } from './handling-cases.ts';
import { postgresFixture } from './postgres-fixture.ts';

for (const partitionCount of [1, 4]) {
  const options = { concurrency: 2, skip: unlessPresent(serverRequirement()) };
  suite(`conformance of the engine on PostgreSQL with ${partitionCount} partitions`, options, () => {
    const fixture = postgresFixture({ partitionCount });
    for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of storeConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of consumerConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of commandConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of timerConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of processConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of handlingCases(fixture)) test(`${area}: ${name}`, run);
  });
}

suite(
  'durability of the engine on PostgreSQL whose server is killed',
  { skip: unlessPresent(serverRequirement()) },
  () => {
    for (const { area, name, run } of conformanceCases(postgresFixture({ loss: 'server' })))
      if (area === 'durability') test(`${area}: ${name}`, run);
  },
);
