/** The kit run against every engine that is made of memory alone. */

import { suite, test } from 'node:test';
import {
  commandConformanceCases,
  conformanceCases,
  consumerConformanceCases,
  processConformanceCases,
  storeConformanceCases,
  timerConformanceCases,
} from '../../src/conformance/index.ts';
import { durableModelFixture } from './durable-model.ts';
import { handlingCases } from './handling-cases.ts';
import { memoryFixture } from './memory-fixture.ts';

for (const fixture of [
  memoryFixture(),
  memoryFixture({ partitionCount: 4 }),
  memoryFixture({ partitionCount: 4, spansPartitions: false }),
  memoryFixture({ sql: 'sqlite' }),
  memoryFixture({ partitionCount: 4, sql: 'sqlite' }),
  durableModelFixture(),
]) {
  suite(`conformance of ${fixture.name}`, () => {
    for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of storeConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of consumerConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of commandConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of timerConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of processConformanceCases(fixture)) test(`${area}: ${name}`, run);
    for (const { area, name, run } of handlingCases(fixture)) test(`${area}: ${name}`, run);
  });
}
