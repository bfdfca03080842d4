/** The page of the API leaves nothing out. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from './repository.ts';
import { sourceOf, visitNodes } from './syntax.ts';

const rootPath = 'packages/hindsightdb/src/index.ts';
const page = textOf('docs/reference/api.md');

test('every name that the library exports is on the page of the API', () => {
  const names: string[] = [];
  visitNodes(sourceOf(rootPath, textOf(rootPath)).tree, (node) => {
    if (node.type === 'ExportSpecifier' && node.exported.type === 'Identifier') names.push(node.exported.name);
  });
  assert.ok(names.length > 0);
  const left = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page));
  assert.deepEqual(left, [], 'docs/reference/api.md leaves these out; say in one line what they are for.');
});
