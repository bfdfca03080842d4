/** The import rules hold everywhere, and the check of them finds each kind of breach. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { importComplaints, resolverComplaints } from './import-rules.ts';
import type { PublicSurface } from './import-rules.ts';
import { textOf, writtenFiles } from './repository.ts';
import { sourceOf } from './syntax.ts';

const surface: PublicSurface = {
  librarySubpaths: keysOf(membersOf(JSON.parse(textOf('packages/hindsightdb/package.json')), 'exports'))
    .filter((key) => !key.endsWith('.json'))
    .map((key) => `hindsightdb${key.slice(1)}`),
  kitDependencies: keysOf(membersOf(JSON.parse(textOf('packages/hindsight-kit/package.json')), 'dependencies')),
};

const sources = writtenFiles('.ts', '.tsx')
  .filter((path) => !path.includes('/fixtures/'))
  .map((path) => sourceOf(path, textOf(path)));

test('every file imports only what its folder may import', () => {
  const complaints = sources.flatMap((source) =>
    importComplaints(source, surface).map(({ line, message }) => `${source.path}:${line} ${message}`),
  );
  assert.deepEqual(complaints, []);
});

test('one file of the store, and no other, loads engines', () => {
  assert.deepEqual(
    resolverComplaints(sources).map(({ message }) => message),
    [],
  );
});

suite('the import check finds', () => {
  const library = 'packages/hindsightdb/src';
  const breaches: readonly (readonly [path: string, code: string, message: RegExp])[] = [
    [
      `${library}/core/event.ts`,
      "import { open } from '../store/open.ts';",
      /core\/ may import nothing but its own files/,
    ],
    [
      `${library}/core/event.ts`,
      "import type { Engine } from '../engine/contract.ts';",
      /core\/ may import nothing but its own files/,
    ],
    [`${library}/core/event.ts`, "import { join } from 'node:path';", /browsers run this folder/],
    [`${library}/core/event.ts`, "export { join } from 'node:path';", /browsers run this folder/],
    [`${library}/core/event.ts`, "export type Path = import('node:path').PlatformPath;", /browsers run this folder/],
    [`${library}/core/event.ts`, 'export const now = Date.now();', /reads the clock/],
    [`${library}/core/event.ts`, 'export const now = new Date();', /reads the clock/],
    [`${library}/core/event.ts`, 'export const chance = Math.random();', /draws a random number/],
    [`${library}/core/event.ts`, 'export const id = crypto.randomUUID();', /reaches crypto/],
    [
      `${library}/engine/memory.ts`,
      "import type { Store } from '../store/store.ts';",
      /engine\/ may import only core\//,
    ],
    [`${library}/engine/memory.ts`, 'export const size = Buffer.byteLength("a");', /uses Buffer/],
    [`${library}/engines/http/engine.ts`, "import { request } from 'node:http';", /browsers run this folder/],
    [`${library}/engines/kafka/engine.ts`, "import { x } from '../sqlite/engine.ts';", /imports the engine sqlite/],
    [
      `${library}/engines/sqlite/engine.ts`,
      "import { open } from '../../store/open.ts';",
      /engines\/ may import only core\/, engine\//,
    ],
    [`${library}/engines/sqlite/engine.ts`, "import { DatabaseSync } from 'node:sqlite';", /getBuiltinModule/],
    [`${library}/engines/postgres/engine.ts`, "import { Pool } from 'pg';", /the library depends on none/],
    [
      `${library}/engines/postgres/engine.ts`,
      'export const load = (name: string) => import(name);',
      /imports something computed/,
    ],
    [
      `${library}/store/open.ts`,
      "import { SqliteEngine } from '../engines/sqlite/engine.ts';",
      /let the resolver do it/,
    ],
    [`${library}/store/open.ts`, 'export const node = process.version;', /uses process/],
    [
      `${library}/consumers/consumer.ts`,
      "import { x } from '../engine/memory.ts';",
      /consumers\/ may import only core\/, store\//,
    ],
    [
      `${library}/history/blame.ts`,
      "import { x } from '../commands/handle.ts';",
      /history\/ may import only core\/, store\/, consumers\//,
    ],
    [`${library}/testing/given.ts`, "import { x } from '../consumers/consumer.ts';", /testing\/ may import only/],
    [`${library}/tools/tool.ts`, "import { x } from '../core/event.ts';", /has no rule/],
    [`${library}/store/open.ts`, "import { x } from '../index.ts';", /import the file that defines it/],
    [`${library}/store/open.ts`, "import { x } from '../../test/x.ts';", /outside src\//],
    [`${library}/event.ts`, "import { x } from './core/event.ts';", /lies beside index.ts/],
    [`${library}/index.ts`, "export { x } from './engines/postgres/engine.ts';", /subpath of its own/],
    [`${library}/index.ts`, 'export const x = 1;', /re-exports only/],
    [
      'packages/hindsight-kit/src/cli/main.ts',
      "import { x } from 'hindsightdb/dist/core/event.js';",
      /all that users of the library have/,
    ],
    [
      'packages/hindsight-kit/src/cli/main.ts',
      "import { x } from '../../../hindsightdb/src/core/event.ts';",
      /all that users of the library have/,
    ],
    ['packages/hindsight-kit/src/cli/main.ts', "import { x } from 'chalk';", /not among the dependencies/],
    ['packages/hindsight-kit/src/cli/main.ts', "import { x } from '../../test/x.ts';", /outside src\//],
    [
      'examples/orders/main.ts',
      "import { x } from '../../packages/hindsightdb/src/index.ts';",
      /all that users of the library have/,
    ],
    [
      'packages/hindsight-kit/src/cli/main.ts',
      'export const load = (path: string) => import(path);',
      /not among the dependencies/,
    ],
    ['studio/src/main.ts', "import { x } from 'hindsightdb';", /over HTTP alone/],
  ];
  for (const [path, code, message] of breaches) {
    test(`${code} in ${path}`, () => {
      const complaints = importComplaints(sourceOf(path, code), surface);
      assert.equal(complaints.length, 1, JSON.stringify(complaints));
      assert.match(complaints[0]?.message ?? '', message);
    });
  }

  test('a second file of the store that loads engines', () => {
    const loads = (path: string) => sourceOf(path, "export const load = () => import('../engines/sqlite/engine.ts');");
    const complaints = resolverComplaints([loads(`${library}/store/open.ts`), loads(`${library}/store/resolve.ts`)]);
    assert.match(complaints[0]?.message ?? '', /both load engines/);
  });
});

suite('the import check lets pass', () => {
  const library = 'packages/hindsightdb/src';
  const fine: readonly (readonly [path: string, code: string])[] = [
    [`${library}/core/event.ts`, "import { x } from './text.ts'; export const at = new Date(0);"],
    [
      `${library}/engines/sqlite/engine.ts`,
      "import { Worker } from 'node:worker_threads'; import type { DatabaseSync } from 'node:sqlite';",
    ],
    [`${library}/engines/postgres/engine.ts`, "export const load = () => import('pg');"],
    [`${library}/store/resolve.ts`, "export const load = () => import('../engines/sqlite/engine.ts');"],
    [`${library}/store/resolve.ts`, "export const module = globalThis.process?.getBuiltinModule?.('node:sqlite');"],
    [
      `${library}/store/resolve.ts`,
      "export const release = typeof process === 'undefined' ? undefined : process.env.RELEASE;",
    ],
    [`${library}/store/resolve.ts`, "import { memoryEngine } from '../engine/memory.ts';"],
    [
      `${library}/index.ts`,
      "export { open } from './store/open.ts'; export type { Engine } from './engine/contract.ts';",
    ],
    [
      'packages/hindsight-kit/src/cli/main.ts',
      "import { Command } from 'commander'; import { x } from 'hindsightdb/conformance'; import './tail.ts';",
    ],
    ['packages/hindsight-kit/src/cli/config/load-config.ts', 'export const load = (path: string) => import(path);'],
  ];
  for (const [path, code] of fine) {
    test(`${code} in ${path}`, () => {
      assert.deepEqual(importComplaints(sourceOf(path, code), surface), []);
    });
  }
});

function membersOf(value: unknown, key: string): unknown {
  assert.ok(typeof value === 'object' && value !== null && key in value, `package.json has no ${key}`);
  return Object.entries(value).find(([name]) => name === key)?.[1];
}

function keysOf(value: unknown): string[] {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.keys(value);
}
