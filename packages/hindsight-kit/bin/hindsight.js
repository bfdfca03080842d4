#!/usr/bin/env node
// Plain JavaScript without anything new, on purpose: this file must load on a Node that is too old, to be able to say so.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const newEnough = major > 24 || (major === 24 && minor >= 15);

if (!newEnough) {
  console.error(
    `hindsight needs Node 24.15 or newer, and this is Node ${process.versions.node}: install a newer one from https://nodejs.org, or run it through npm in a project that depends on a Node package.`,
  );
  process.exitCode = 1;
} else if (process.getBuiltinModule('node:sqlite') === undefined) {
  console.error(
    `hindsight needs a Node that was built with SQLite, and this Node ${process.versions.node} was built without the module node:sqlite.`,
  );
  process.exitCode = 1;
} else {
  void import('../dist/cli/main.js');
}
