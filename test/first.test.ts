import assert from 'node:assert/strict';
import { test } from 'node:test';

test('scripts of this repository run on a Node that has SQLite built in', () => {
  assert.ok(process.getBuiltinModule('node:sqlite') !== undefined, `this is Node ${process.versions.node}`);
});
