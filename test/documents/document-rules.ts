/** What must hold of the documents besides that their code runs. Complaints name the place and say what to do. */

import { posix } from 'node:path';
import type { Document } from './markdown.ts';

/** What the documents can refer to. */
export interface Surroundings {
  readonly exists: (path: string) => boolean;
  /** A Markdown file by its path from the root. */
  readonly documentAt: (path: string) => Document | undefined;
  /** The scripts of the root package.json. */
  readonly scripts: readonly string[];
  /** The string literals of a TypeScript file, in which the names of tests are. */
  readonly literalsIn: (path: string) => ReadonlySet<string>;
}

/** Links that lead nowhere. Addresses on the web are not asked. */
export function linkComplaints(document: Document, surroundings: Surroundings): string[] {
  return document.links.flatMap(({ line, text }) => {
    if (/^[a-z][a-z+.-]*:/i.test(text)) return [];
    const [path = '', fragment] = text.split('#');
    const target =
      path === '' ? document.path : posix.normalize(posix.join(posix.dirname(document.path), decodeURIComponent(path)));
    if (!surroundings.exists(target))
      return [`${document.path}:${line} links to ${text}, and there is no ${target}; link to a file that exists.`];
    if (fragment === undefined || !target.endsWith('.md')) return [];
    const anchors = surroundings.documentAt(target)?.anchors ?? new Set();
    if (anchors.has(fragment)) return [];
    return [
      `${document.path}:${line} links to ${text}, and ${target} has no such heading; it has ${[...anchors].join(', ')}.`,
    ];
  });
}

/** Scripts that readers are told to run and that do not exist. */
export function scriptComplaints(document: Document, surroundings: Surroundings): string[] {
  const commands = [
    ...document.inlineCode,
    ...document.blocks.filter(({ info }) => info[0] === 'sh').map(({ line, code }) => ({ line, text: code })),
  ];
  return commands.flatMap(({ line, text }) =>
    [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].flatMap(([command, script, test]) => {
      const name = script ?? test ?? '';
      return surroundings.scripts.includes(name)
        ? []
        : [
            `${document.path}:${line} says ${command}, and package.json has no script ${name}; name one of ${surroundings.scripts.join(', ')}.`,
          ];
    }),
  );
}

/** Files that a document about the code names and that do not exist. */
export function pathComplaints(document: Document, surroundings: Surroundings): string[] {
  const bases = ['', 'packages/hindsightdb/src', 'packages/hindsight-kit/src', posix.dirname(document.path)];
  return document.inlineCode
    .filter(({ text }) => /^[\w.@-]+(?:\/[\w.@-]+)+(?:\/|\.(?:ts|js|md|json|sql))$/.test(text))
    .filter(({ text }) => !bases.some((base) => surroundings.exists(posix.join(base, text))))
    .map(
      ({ line, text }) =>
        `${document.path}:${line} names ${text}, which does not exist; say where the reader finds it now.`,
    );
}

/** Every fenced block says in which language it is. */
export function languageComplaints(document: Document): string[] {
  return document.blocks
    .filter(({ info }) => info.length === 0)
    .map(
      ({ path, line }) =>
        `${path}:${line - 1} opens a block without a language; write ts, sh, sql, json or text after the fence.`,
    );
}

/** Promises without a test that exists. A row is: promise, then one or more of `path` "name of the test". */
export function promiseComplaints(document: Document, surroundings: Surroundings): string[] {
  return document.rows.flatMap(({ line, cells }) => {
    const [promise = '', evidence = ''] = cells;
    const tests = [...evidence.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, path = '', name = '']) => ({ path, name }));
    const place = `${document.path}:${line}`;
    if (tests.length === 0)
      return [
        `${place} promises "${promise}" without naming a test; write \`path/to/x.test.ts\` "name of the test" in the second column, or do not promise it.`,
      ];
    return tests.flatMap(({ path, name }) => {
      if (!surroundings.exists(path)) return [`${place} names ${path}, which does not exist.`];
      return surroundings.literalsIn(path).has(name)
        ? []
        : [`${place} names the test "${name}", which ${path} does not have.`];
    });
  });
}

/** Codes without a heading `## CODE`, and headings in that form without a code. */
export function errorPageComplaints(document: Document, codes: readonly string[]): string[] {
  const headings = document.headings
    .filter(({ level, text }) => level === 2 && /^`?[A-Z][A-Z0-9_]+`?$/.test(text))
    .map(({ text }) => text.replaceAll('`', ''));
  return [
    ...codes
      .filter((code) => !headings.includes(code))
      .map((code) => `${document.path} lacks "## ${code}"; say what happened, what is still true and what to do.`),
    ...headings
      .filter((heading) => !codes.includes(heading))
      .map((heading) => `${document.path} explains ${heading}, which no error carries; take it out, or keep the code.`),
    ...headings
      .filter((heading, index) => headings.indexOf(heading) !== index)
      .map((heading) => `${document.path} explains ${heading} twice.`),
  ];
}
