import { describe, test } from 'node:test';
import { conformanceCases } from '../../src/conformance/index.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

describe('conformance of the embedded engine', { concurrency: 4 }, () => {
  for (const { area, name, run } of conformanceCases(sqliteFixture())) test(`${area}: ${name}`, run);
});
