/** Differential runs find faults, tell them in few operations, and can be repeated by their seed. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { differentialRun, type EngineFixture } from '../../src/conformance/index.ts';
import { workload } from '../../src/conformance/differential/workload.ts';
import { keysBroken } from './broken/answering-keys.ts';
import { repetitionsBroken } from './broken/answering-repetitions.ts';
import { conditionsBroken } from './broken/judging-conditions.ts';
import { keepingBroken } from './broken/keeping.ts';
import { filtersBroken } from './broken/reading-filters.ts';
import { pagesBroken } from './broken/reading-pages.ts';
import { placesBroken } from './broken/reading-places.ts';
import { viewsBroken } from './broken/writing-views.ts';

test('a seed gives the same workload every time, and another seed another one', () => {
  const options = { operationCount: 50, partitionCount: 4, isClockExact: true };
  assert.deepEqual(workload({ seed: 7, ...options }), workload({ seed: 7, ...options }));
  assert.notDeepEqual(workload({ seed: 7, ...options }), workload({ seed: 8, ...options }));
});

suite('a random workload finds an engine that', () => {
  const faults = [
    'does not keep keys',
    'answers a mixture with a conflict',
    'looks only at the first item of a condition',
    'does not count the event right after the place of a condition',
    'does keyed writes though their append is refused',
    'merges settings with the earlier ones',
    'scans forward where it was asked to scan backward',
    'does not move the entry of a view',
    'does not judge the revisions that the writes of a view expect',
    'ignores all but the first item of a query',
    'shows a category by its beginning',
    'leaves out the last position of a range',
    'begins backward pages with the event that ended the one before',
  ];
  const all = [
    ...keysBroken,
    ...repetitionsBroken,
    ...conditionsBroken,
    ...keepingBroken,
    ...filtersBroken,
    ...pagesBroken,
    ...placesBroken,
    ...viewsBroken,
  ];
  for (const fault of faults) {
    test(`${fault}, and tells it in few operations`, async () => {
      const broken = all.find((each) => each.fault === fault);
      assert.ok(broken, `There is no broken engine that ${fault}.`);
      const message = await firstDifference(broken.fixture);
      assert.match(message, /under the workload of seed \d+, after these operations:\n {2}1\. \{/);
      const operations = message.split('\n').filter((line) => /^ {2}\d+\. \{/.test(line));
      assert.ok(operations.length <= 6, message);
    });
  }
});

async function firstDifference(fixture: EngineFixture): Promise<string> {
  for (let seed = 1; seed <= 30; seed += 1) {
    try {
      await differentialRun(fixture, { seed });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return assert.fail('Thirty workloads found nothing.');
}
