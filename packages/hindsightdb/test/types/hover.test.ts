/** Tooltips say what the fixtures expect, and a fixture that expects something else is found out. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hoverComplaints, hoverExpectations, signatureIn } from './hover.ts';
import { LanguageServer } from './language-server.ts';

const folder = fileURLToPath(new URL('fixtures', import.meta.url));
const fixtures = (await readdir(folder)).filter((name) => name.endsWith('.ts'));

suite('a tooltip shows what is expected:', () => {
  let server: LanguageServer;

  before(async () => {
    server = new LanguageServer();
    await server.initialize();
  });

  after(() => server.close());

  for (const fixture of fixtures) {
    test(fixture, async () => {
      const complaints = await hoverComplaints(server, join(folder, fixture));
      if (complaints.length > 0) assert.fail(`\n${complaints.join('\n')}`);
    });
  }

  test('and what is not expected is found out', async () => {
    const place = await mkdtemp(join(tmpdir(), 'hindsight-hover-'));
    try {
      const path = join(place, 'planted.ts');
      await writeFile(path, 'const one = 1;\n//    ^? const one: 2\nconst two = 2;\n//    ^? const tw…\n');
      const complaints = await hoverComplaints(server, path);
      assert.equal(complaints.length, 1);
      assert.match(complaints[0] ?? '', /planted\.ts:1:7\n {2}shows {4}const one: 1\n {2}expected const one: 2/);
    } finally {
      await rm(place, { recursive: true });
    }
  });
});

test('an expectation belongs to the last line of code above it', () => {
  assert.deepEqual(hoverExpectations('one();\n//^? a\n  // ^? b\ntwo();\n// ^? c'), [
    { line: 0, character: 2, text: 'a' },
    { line: 0, character: 5, text: 'b' },
    { line: 3, character: 3, text: 'c' },
  ]);
});

test('a signature is the first block of a tooltip, on one line', () => {
  assert.equal(
    signatureIn('```typescript\nconst a: {\n    b: 1;\n}\n```\nProse.\n```ts\nmore\n```'),
    'const a: { b: 1; }',
  );
  assert.equal(signatureIn(undefined), '');
});
