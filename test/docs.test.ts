/** The documents tell the truth: links lead somewhere, code compiles and prints what it says, promises have tests. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { commandComplaints, commandLinesIn } from './documents/command-lines.ts';
import { keepsPromise, listingsOf, openWorkshop, promisedOutput } from './documents/code-blocks.ts';
import type { Listing, Workshop } from './documents/code-blocks.ts';
import {
  errorPageComplaints,
  languageComplaints,
  linkComplaints,
  pathComplaints,
  promiseComplaints,
  scriptComplaints,
} from './documents/document-rules.ts';
import type { Surroundings } from './documents/document-rules.ts';
import { documentOf, documentOfDocComments } from './documents/markdown.ts';
import { embeddedLimits, portableLimits } from '../packages/hindsightdb/src/core/limits.ts';
import { outcomeOf } from './packing/command.ts';
import { root, textOf, writtenFiles } from './repository.ts';
import { sourceOf, visitNodes } from './syntax.ts';

const errorPage = 'docs/reference/errors.md';
const promisePage = 'docs/promises.md';

const documents = writtenFiles('.md')
  .filter((path) => !path.includes('/fixtures/'))
  .map((path) => documentOf(path, textOf(path)));

const docComments = writtenFiles('.ts')
  .filter((path) => /^packages\/[^/]+\/src\//.test(path))
  .map((path) => documentOfDocComments(path, textOf(path)));

const surroundings: Surroundings = {
  exists: (path) => existsSync(join(root, path)),
  documentAt: (path) => documents.find((document) => document.path === path),
  scripts: scriptsOf(JSON.parse(textOf('package.json'))),
  literalsIn: (path) => literalsIn(path, textOf(path)),
};

suite('in every document', () => {
  test('links lead to files and headings that exist', () => {
    report(documents.flatMap((document) => linkComplaints(document, surroundings)));
  });

  test('npm scripts that readers are told to run exist', () => {
    report(documents.flatMap((document) => scriptComplaints(document, surroundings)));
  });

  test('every block of code names its language', () => {
    report([...documents, ...docComments].flatMap((document) => languageComplaints(document)));
  });

  test('paths named where the code is explained exist', () => {
    const aboutTheCode = documents.filter(({ path }) =>
      /^(?:ARCHITECTURE|CONTRIBUTING)\.md$|^docs\/(?:engines|formats)\//.test(path),
    );
    report(aboutTheCode.flatMap((document) => pathComplaints(document, surroundings)));
  });
});

test('ARCHITECTURE.md stays a walk and does not become a book', () => {
  const architecture = surroundings.documentAt('ARCHITECTURE.md');
  assert.ok(
    (architecture?.lineCount ?? 0) <= 250,
    `ARCHITECTURE.md has ${architecture?.lineCount} lines; 250 is the most that a newcomer reads.`,
  );
});

test('every command of hindsight that readers are told to type exists, with its options', async () => {
  const helps = new Map<string, Promise<string | undefined>>();
  const helpOf = (command: string): Promise<string | undefined> => {
    const help = helps.get(command) ?? commandHelp(command);
    helps.set(command, help);
    return help;
  };
  report(await commandComplaints(documents.flatMap(commandLinesIn), helpOf));
});

test('every promise names tests that exist', () => {
  const page = surroundings.documentAt(promisePage);
  assert.ok(page !== undefined, `${promisePage} is missing.`);
  report(promiseComplaints(page, surroundings));
});

test('every error code has its heading on the page of errors, and every heading its code', () => {
  const page = surroundings.documentAt(errorPage);
  assert.ok(page !== undefined, `${errorPage} is missing.`);
  const codes = codesIn('packages/hindsightdb/src/core/errors.ts');
  assert.ok(codes.length > 0);
  report(errorPageComplaints(page, codes));
});

test('the table of limits says what the code enforces', () => {
  const rows = surroundings.documentAt('docs/reference/limits.md')?.rows ?? [];
  const said = Object.fromEntries(
    rows.map(({ cells: [name = '', embedded, portable] }) => [
      name.replaceAll('`', ''),
      [Number(embedded), Number(portable)],
    ]),
  );
  const enforced = Object.fromEntries(
    Object.entries(embeddedLimits).map(([name, bound]) => [
      name,
      [bound, Object.entries(portableLimits).find(([other]) => other === name)?.[1]],
    ]),
  );
  assert.deepEqual(said, enforced);
});

suite('the code in documents and doc comments', () => {
  const listings = [...documents, ...docComments].flatMap(({ blocks }) => listingsOf(blocks));
  let workshop: Workshop;

  before(async () => {
    workshop = await openWorkshop(listings);
  });

  after(() => workshop.remove());

  test('compiles against the built packages', async () => {
    report(await workshop.typeErrors());
  });

  test('is JSON where it says so', () => {
    for (const block of documents.flatMap(({ blocks }) => blocks).filter(({ info }) => info[0] === 'json')) {
      assert.doesNotThrow(() => JSON.parse(block.code), `${block.path}:${block.line} is no JSON.`);
    }
  });

  for (const listing of listings.filter(({ block }) => block.info.includes('run'))) {
    test(`prints what it says: ${listing.block.path}:${listing.block.line}`, async () => {
      report(await runComplaints(workshop, listing));
    });
  }
});

suite('the check of the documents finds', () => {
  const planted: Surroundings = {
    exists: (path) => ['docs/a.md', 'docs/b.md', 'test/x.test.ts'].includes(path),
    documentAt: (path) =>
      path === 'docs/b.md'
        ? documentOf(path, '# One\n## Two words\n## Two words\n<a id="mark"></a>\n```text\n# no heading\n```')
        : undefined,
    scripts: ['test', 'demo'],
    literalsIn: () => new Set(['a store opens']),
  };
  const page = (text: string) => documentOf('docs/a.md', text);

  test('a link to a file that is not there', () => {
    assert.equal(linkComplaints(page('[x](c.md)\n![x](d.png)\n\n[y]: ../e.md'), planted).length, 3);
  });

  test('a link to a heading that is not there', () => {
    const [complaint] = linkComplaints(page('[x](b.md#three)'), planted);
    assert.match(complaint ?? '', /one, two-words, two-words-1, mark/);
    assert.equal(linkComplaints(page('[x](b.md#no-heading)'), planted).length, 1);
  });

  test('nothing wrong with links that lead somewhere, and none in code', () => {
    assert.deepEqual(
      linkComplaints(
        page('[x](b.md) [y](b.md#two-words-1) [z](https://example.org/) `[c](c.md)`\n```md\n[c](c.md)\n```'),
        planted,
      ),
      [],
    );
  });

  test('a script that is not there', () => {
    assert.equal(
      scriptComplaints(page('Run `npm run bench`.\n```sh\nnpm ci && npm run demos\nnpm test\n```'), planted).length,
      2,
    );
    assert.deepEqual(scriptComplaints(page('Run `npm test` and `npm run demo`.'), planted), []);
  });

  test('a command that is not there, and an option that it does not take', async () => {
    const lines = commandLinesIn(
      page(
        '`hindsight tail -f`\n```sh\nnpx hindsight append shop.db \\\n  --type X | hindsight nothing # hindsight comment\nhindsight --help\n```\nThe hindsight of others.',
      ),
    );
    assert.deepEqual(
      lines.map(({ command, options }) => [command, ...options]),
      [['tail', '-f'], ['append', '--type'], ['nothing']],
    );
    const complaints = await commandComplaints(lines, (command) =>
      Promise.resolve(command === 'nothing' ? undefined : 'Usage: … -f, --follow --types'),
    );
    assert.equal(complaints.length, 2);
    assert.match(complaints.join(), /append the option --type, .*hindsight nothing, which is no command/);
  });

  test('a path that is not there', () => {
    assert.equal(pathComplaints(page('See `core/event.ts` and `test/x.test.ts` and `a/b`.'), planted).length, 1);
  });

  test('a block without a language', () => {
    assert.equal(languageComplaints(page('```\nx\n```')).length, 1);
  });

  test('a block that is never closed', () => {
    assert.throws(() => page('```ts\nx'), /never closed/);
  });

  test('a promise without a test, and one whose test is not there', () => {
    const table = (evidence: string) => page(`| promise | tests |\n| --- | --- |\n| It opens. | ${evidence} |`);
    assert.match(promiseComplaints(table(''), planted)[0] ?? '', /without naming a test/);
    assert.match(promiseComplaints(table('`test/y.test.ts` "a store opens"'), planted)[0] ?? '', /does not exist/);
    assert.match(promiseComplaints(table('`test/x.test.ts` "a store shuts"'), planted)[0] ?? '', /does not have/);
    assert.deepEqual(promiseComplaints(table('`test/x.test.ts` "a store opens"'), planted), []);
  });

  test('an error code without a heading, and a heading without a code', () => {
    const complaints = errorPageComplaints(page('# Errors\n## `CLOSED`\n## GONE\n## About'), ['CLOSED', 'DISK_FULL']);
    assert.equal(complaints.length, 2);
    assert.match(complaints.join(), /lacks "## DISK_FULL".*explains GONE/s);
  });

  test('code that does not compile, at the place in the document where it stands', async () => {
    const listings = listingsOf(
      page('# Title\n\n```ts\nconst one: string = "1";\n```\n\n```ts continued\nconst two: number = one;\n```').blocks,
    );
    const workshop = await openWorkshop(listings);
    try {
      const errors = await workshop.typeErrors();
      assert.equal(errors.length, 1);
      assert.match(errors[0] ?? '', /^docs\/a\.md:8: error TS2322/);
    } finally {
      await workshop.remove();
    }
  });

  test('code that prints something else, or fails', async () => {
    const source = page(
      "```ts run\nconsole.log('one'); // => one\nconsole.log('two'); // => t…\n```\n```ts run\nconsole.log('one'); // => two\n```\n```ts run\nthrow new Error('no');\n```",
    );
    const listings = listingsOf(source.blocks);
    const workshop = await openWorkshop(listings);
    try {
      const complaints = [];
      for (const listing of listings) complaints.push((await runComplaints(workshop, listing)).length);
      assert.deepEqual(complaints, [0, 1, 1]);
    } finally {
      await workshop.remove();
    }
  });

  test('a block that continues nothing', () => {
    assert.throws(() => listingsOf(page('```ts continued\none();\n```').blocks), /continues a block/);
  });

  test('examples in doc comments, on their own lines', () => {
    const [block] = documentOfDocComments(
      'core/event.ts',
      'const a = 1;\n/**\n * One.\n * ```ts\n * two();\n * ```\n */',
    ).blocks;
    assert.deepEqual([block?.line, block?.code], [5, 'two();']);
  });
});

async function runComplaints(workshop: Workshop, listing: Listing): Promise<string[]> {
  const { lines, stderr, exitCode } = await workshop.execute(listing);
  const promised = promisedOutput(listing);
  const place = `${listing.block.path}:${listing.block.line}`;
  if (exitCode !== 0 || stderr !== '') return [`${place} ended with exit code ${exitCode} and said:\n${stderr}`];
  if (keepsPromise(lines, promised)) return [];
  return [`${place} says that it prints\n  ${promised.join('\n  ')}\nand prints\n  ${lines.join('\n  ')}`];
}

/** What the built command says about one of its commands. For one that it does not know it answers with the help of the whole. */
async function commandHelp(command: string): Promise<string | undefined> {
  const { stdout } = await outcomeOf(
    process.execPath,
    [join(root, 'packages/hindsight-kit/bin/hindsight.js'), command, '--help'],
    { cwd: root },
  );
  return new RegExp(`Usage: hindsight ${command}\\b`).test(stdout) ? stdout : undefined;
}

function report(complaints: readonly string[]): void {
  if (complaints.length > 0) assert.fail(`\n${complaints.join('\n')}`);
}

function scriptsOf(manifest: unknown): string[] {
  assert.ok(typeof manifest === 'object' && manifest !== null && 'scripts' in manifest);
  assert.ok(typeof manifest.scripts === 'object' && manifest.scripts !== null);
  return Object.keys(manifest.scripts);
}

function literalsIn(path: string, text: string): Set<string> {
  const literals = new Set<string>();
  visitNodes(sourceOf(path, text).tree, (node) => {
    if (node.type === 'StringLiteral') literals.add(node.value);
    if (node.type === 'TemplateElement') literals.add(node.value.cooked ?? node.value.raw);
  });
  return literals;
}

/** The keys of the exported object `errorCodes`. */
function codesIn(path: string): string[] {
  const codes: string[] = [];
  visitNodes(sourceOf(path, textOf(path)).tree, (node, around) => {
    const declarator = around.findLast((outer) => outer.type === 'VariableDeclarator');
    const isCode =
      node.type === 'ObjectProperty' &&
      declarator?.type === 'VariableDeclarator' &&
      declarator.id.type === 'Identifier' &&
      declarator.id.name === 'errorCodes';
    if (isCode && node.key.type === 'Identifier') codes.push(node.key.name);
  });
  return codes;
}
