/** What the kit is tested with: something broken, the cases that must notice, and what the first of them must say. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConformanceFailure, type ConformanceCase, type EngineFixture } from '../../src/conformance/index.ts';
import { memoryFixture } from './memory-fixture.ts';

/** Something with a fault, in the place of a runtime of the library. */
export interface BrokenRuntime<Runtime> {
  readonly fault: string;
  readonly runtime: Runtime;
  readonly failing: readonly string[];
  readonly because: RegExp;
}

/** Declares a test for each: all of them must be rejected, for the right reason. */
export function testBroken<Runtime>(
  what: string,
  casesOf: (fixture: EngineFixture, runtime: Runtime) => readonly ConformanceCase[],
  broken: readonly BrokenRuntime<Runtime>[],
): void {
  const fixture = { ...memoryFixture(), patienceMs: 1500 };
  suite(`the kit, tried with ${what} that are broken on purpose,`, { concurrency: 4 }, () => {
    for (const { fault, runtime, failing, because } of broken) {
      test(`rejects those that ${fault}`, async () => {
        const cases = casesOf({ ...fixture, name: `a runtime whose ${what} ${fault}` }, runtime);
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
}

async function failureOf({ name, run }: { readonly name: string; readonly run: () => Promise<void> }): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof ConformanceFailure, `${name} failed by accident: ${String(error)}`);
    return error.message;
  }
  return assert.fail(`The kit did not notice: ${JSON.stringify(name)} passed.`);
}
