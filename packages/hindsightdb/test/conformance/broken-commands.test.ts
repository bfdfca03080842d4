/** The kit is tested against command logs that break one promise each: all of them must be rejected, for the right reason. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { commandConformanceCases, ConformanceFailure } from '../../src/conformance/index.ts';
import { commandsBroken } from './broken/commanding.ts';
import { memoryFixture } from './memory-fixture.ts';

const fixture = { ...memoryFixture(), patienceMs: 1500 };

suite('the kit, tried with command logs that are broken on purpose,', { concurrency: 4 }, () => {
  for (const { fault, runtime, failing, because } of commandsBroken) {
    test(`rejects those that ${fault}`, async () => {
      const cases = commandConformanceCases({ ...fixture, name: `a command log whose parts ${fault}` }, runtime);
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
