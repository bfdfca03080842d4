/** The house rules hold in every file, and each of them finds what it is there to find. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HouseRule, Specimen, WrittenFile } from './house-rules/house-rule.ts';
import { nameRules } from './house-rules/names.ts';
import { shapeRules } from './house-rules/shape.ts';
import { testRules } from './house-rules/tests.ts';
import { textRules } from './house-rules/text.ts';
import { typeRules } from './house-rules/typing.ts';
import { textOf, writtenFiles } from './repository.ts';
import { sourceOf } from './syntax.ts';

const rules: readonly HouseRule[] = [...nameRules, ...shapeRules, ...typeRules, ...testRules, ...textRules];

const files = writtenFiles('.ts', '.tsx', '.js', '.md', '.json', '.yml', '.yaml', '.sh', '.sql', '.npmrc', '.ci/run')
  .filter((path) => !path.includes('/fixtures/'))
  .map((path) => asWritten({ path, text: textOf(path) }));

suite('in every file', () => {
  for (const rule of rules) {
    test(rule.name, () => {
      const complaints = files.flatMap((file) =>
        rule.complaints(file).map(({ line, message }) => `${file.path}:${line} ${message}`),
      );
      if (complaints.length > 0) assert.fail(`\n${complaints.join('\n')}`);
    });
  }
});

suite('a planted breach is found, and good manners are not:', () => {
  for (const rule of rules) {
    test(rule.name, () => {
      for (const offender of rule.offenders) {
        assert.ok(
          rule.complaints(asWritten(offender)).length > 0,
          `nothing said about ${offender.path}: ${offender.text}`,
        );
      }
      assert.deepEqual(rule.complaints(asWritten(rule.example)), []);
    });
  }
});

function asWritten(specimen: Specimen): WrittenFile {
  return /\.tsx?$/.test(specimen.path) ? { ...specimen, source: sourceOf(specimen.path, specimen.text) } : specimen;
}
