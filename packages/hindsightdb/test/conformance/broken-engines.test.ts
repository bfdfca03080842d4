/**
 * The kit is tested against engines that break one promise each, and against one that does nothing: each must be rejected,
 * for the right reason.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConformanceFailure, conformanceCases, type ConformanceCase } from '../../src/conformance/index.ts';
import { alteredFixture } from './altered-engine.ts';
import { memoryFixture } from './memory-fixture.ts';
import { keysBroken } from './broken/answering-keys.ts';
import { repetitionsBroken } from './broken/answering-repetitions.ts';
import { idleEngine } from './broken/idle-engine.ts';
import { conditionsBroken } from './broken/judging-conditions.ts';
import { versionsBroken } from './broken/judging-versions.ts';
import { keepingBroken } from './broken/keeping.ts';
import { handlesBroken } from './broken/living-handles.ts';
import { lifeBroken } from './broken/living-processes.ts';
import { filtersBroken } from './broken/reading-filters.ts';
import { pagesBroken } from './broken/reading-pages.ts';
import { placesBroken } from './broken/reading-places.ts';
import { sqlBroken } from './broken/executing-sql.ts';
import { batchesBroken } from './broken/writing-batches.ts';
import { recordsBroken } from './broken/writing-records.ts';
import { viewsBroken } from './broken/writing-views.ts';
import { durableModelFixture } from './durable-model.ts';

const families = {
  'writes something else': [...batchesBroken, ...recordsBroken],
  'judges wrongly': [...versionsBroken, ...conditionsBroken],
  'answers retries wrongly': [...keysBroken, ...repetitionsBroken],
  'reads wrongly': [...filtersBroken, ...pagesBroken, ...placesBroken],
  'keeps settings or entries wrongly': keepingBroken,
  'writes views wrongly': [...viewsBroken, ...sqlBroken],
  'lives wrongly': [...handlesBroken, ...lifeBroken],
};

for (const [family, engines] of Object.entries(families)) {
  suite(`an engine that ${family} is rejected:`, () => {
    for (const { fault, fixture, failing, because } of engines) {
      test(`one that ${fault}`, async () => {
        const cases = conformanceCases(fixture);
        const messages: string[] = [];
        for (const name of failing) messages.push(await failureOf(caseNamed(cases, name)));
        assert.match(messages[0] ?? '', because);
      });
    }
  });
}

/** What is true even of an engine that does nothing: that it is empty, and what its declarations and its type say. */
const trueOfNothing = new Set([
  'the capabilities are complete and well-formed',
  'a check of a sound log finds nothing, and counts what is there',
  'a new log is empty',
  'an empty partition is at its end at once, in both directions and from anywhere',
  'an entry that was never written is absent',
  'the log has as many partitions as it was opened with',
  'closing finishes the writes to the keyed store that were accepted',
  'a closed log still says what it is and what it can do',
  'listening on a closed log does no harm',
  'a durable log can be opened again, and one that is not durable cannot',
  'a shared log can be opened by a second handle, and one that is not shared refuses it',
]);

/** Areas that are tested by their absence where an engine lacks the capability. */
const areasOfCapabilities = new Set(['durability', 'sharing']);

test('an engine that does nothing is rejected by every case but those that are true of nothing', async () => {
  const base = durableModelFixture();
  const fixture = { ...alteredFixture(base, 'an engine that does nothing', idleEngine), patienceMs: 20 };
  const passing = await passingCases(conformanceCases(fixture));
  assert.deepEqual(
    passing.filter(({ name }) => !trueOfNothing.has(name)).map(({ name }) => name),
    [],
  );
});

test('an engine that does nothing, and says that it can do nothing, is rejected by all but the tests of absence', async () => {
  const fixture = { ...alteredFixture(memoryFixture(), 'an engine that does nothing', idleEngine), patienceMs: 20 };
  const passing = await passingCases(conformanceCases(fixture));
  assert.deepEqual(
    passing
      .filter(({ name, area }) => !trueOfNothing.has(name) && !areasOfCapabilities.has(area))
      .map(({ name }) => name),
    ['an append whose predecessor was overtaken by another handle is refused'],
  );
});

async function passingCases(cases: readonly ConformanceCase[]): Promise<readonly ConformanceCase[]> {
  const passing: ConformanceCase[] = [];
  for (const each of cases) {
    try {
      await each.run();
      passing.push(each);
    } catch (error) {
      assert.ok(error instanceof ConformanceFailure, String(error));
    }
  }
  return passing;
}

function caseNamed(cases: readonly ConformanceCase[], name: string): ConformanceCase {
  const found = cases.find((each) => each.name === name);
  assert.ok(found, `There is no case named ${JSON.stringify(name)}.`);
  return found;
}

async function failureOf(each: ConformanceCase): Promise<string> {
  try {
    await each.run();
  } catch (error) {
    assert.ok(error instanceof ConformanceFailure, `${each.name} failed by accident: ${String(error)}`);
    return error.message;
  }
  return assert.fail(`The kit did not notice: ${JSON.stringify(each.name)} passed.`);
}
