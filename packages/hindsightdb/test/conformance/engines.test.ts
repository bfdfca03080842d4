import { describe, test } from 'node:test';
import { conformanceCases } from '../../src/conformance/index.ts';
import { durableModelFixture } from './durable-model.ts';
import { memoryFixture } from './memory-fixture.ts';

for (const fixture of [
  durableModelFixture(),
  memoryFixture(),
  memoryFixture({ partitionCount: 4 }),
  memoryFixture({ partitionCount: 4, spansPartitions: false }),
]) {
  describe(`conformance of ${fixture.name}`, () => {
    for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
  });
}
