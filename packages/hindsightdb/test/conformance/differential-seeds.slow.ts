/**
 * Random workloads on every engine against the memory engine, with seeds that nobody has tried before. HINDSIGHT_SEED runs
 * one seed again, HINDSIGHT_ROUNDS that many.
 */

import { suite, test } from 'node:test';
import { differentialRun } from '../../src/conformance/index.ts';
import { durableModelFixture } from './durable-model.ts';
import { memoryFixture } from './memory-fixture.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

const given = process.env['HINDSIGHT_SEED'];
const rounds = given === undefined ? Number(process.env['HINDSIGHT_ROUNDS'] ?? 200) : 1;
const first = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

for (const fixture of [
  sqliteFixture(),
  durableModelFixture(),
  memoryFixture({ partitionCount: 4 }),
  memoryFixture({ partitionCount: 4, spansPartitions: false }),
]) {
  suite(`${fixture.name} answers as the memory engine does`, () => {
    test(`to ${rounds} random workloads from seed ${first} on`, async () => {
      for (let seed = first; seed < first + rounds; seed += 1) await differentialRun(fixture, { seed });
    });

    test(`to a long random workload of seed ${first}`, async () => {
      await differentialRun(fixture, { seed: first, operationCount: 1500 });
    });
  });
}
