/** The kit is tested against consumers that break one promise each: all of them must be rejected, for the right reason. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConformanceFailure, consumerConformanceCases } from '../../src/conformance/index.ts';
import { consumersBroken } from './broken/consuming.ts';
import { memoryFixture } from './memory-fixture.ts';

const fixture = { ...memoryFixture(), patienceMs: 1500 };

suite('the kit, tried with consumers that are broken on purpose,', { concurrency: 4 }, () => {
  for (const { fault, runtime, failing, because } of consumersBroken) {
    test(`rejects consumers that ${fault}`, async () => {
      const cases = consumerConformanceCases(
        { ...fixture, name: `a consumer runtime whose consumers ${fault}` },
        runtime,
      );
      const messages: string[] = [];
      for (const name of failing) {
        const found = cases.find((each) => each.name === name);
        assert.ok(found, `There is no case named ${JSON.stringify(name)}.`);
        messages.push(await failureOf(found));
      }
      assert.match(messages[0] ?? '', because);
    });
  }
});

async function failureOf({ name, run }: { readonly name: string; readonly run: () => Promise<void> }): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof ConformanceFailure, `${name} failed by accident: ${String(error)}`);
    return error.message;
  }
  return assert.fail(`The kit did not notice: ${JSON.stringify(name)} passed.`);
}
