/** As much of Markdown as the checks of the documents need. Line numbers count from one. */

/** A fenced block. `info` is what follows the fence: the language, then words. */
export interface CodeBlock {
  readonly path: string;
  /** The line of the first line of code. */
  readonly line: number;
  readonly info: readonly string[];
  readonly code: string;
}

export interface Heading {
  readonly line: number;
  readonly level: number;
  readonly text: string;
  /** The fragment that leads here, as GitHub makes it. */
  readonly anchor: string;
}

/** Something on a line of prose. */
export interface Mention {
  readonly line: number;
  readonly text: string;
}

/** A document with its prose and its code told apart. */
export interface Document {
  readonly path: string;
  readonly lineCount: number;
  readonly headings: readonly Heading[];
  readonly blocks: readonly CodeBlock[];
  /** Targets of links and images. */
  readonly links: readonly Mention[];
  /** Text between single backticks. */
  readonly inlineCode: readonly Mention[];
  /** The cells of each table row, without header and rule. */
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
  /** Fragments that headings and HTML ids offer. */
  readonly anchors: ReadonlySet<string>;
}

/** Reads a document. A fence that is never closed throws an `Error` with its line. */
export function documentOf(path: string, text: string): Document {
  const { blocks, prose } = blocksAndProse(path, text);
  const headings = headingsIn(prose);
  const ids = prose.flatMap((line) => [...line.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id));
  return {
    path,
    lineCount: text.trimEnd().split('\n').length,
    headings,
    blocks,
    links: mentions(
      prose.map(withoutCode),
      /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]]+\]:\s+(\S+)/g,
    ),
    inlineCode: mentions(prose, /(?<!`)`([^`]+)`(?!`)/g),
    rows: rowsIn(prose),
    anchors: new Set([...headings.map(({ anchor }) => anchor), ...ids]),
  };
}

/**
 * The doc comments of a TypeScript source as a document with the same line numbers, so that their examples are checked like
 * those of a page.
 */
export function documentOfDocComments(path: string, text: string): Document {
  let isInside = false;
  const lines = text.split('\n').map((line) => {
    const begins = /^\s*\/\*\*/.test(line);
    if (begins) isInside = true;
    const content = isInside ? line.replace(/^\s*(?:\/\*\*|\*\/|\*) ?/, '').replace(/\*\/\s*$/, '') : '';
    if (line.includes('*/')) isInside = false;
    return content;
  });
  return documentOf(path, lines.join('\n'));
}

function blocksAndProse(path: string, text: string): { blocks: CodeBlock[]; prose: string[] } {
  const blocks: CodeBlock[] = [];
  const prose: string[] = [];
  let open:
    | {
        readonly fence: string;
        readonly indent: number;
        readonly line: number;
        readonly info: string[];
        readonly code: string[];
      }
    | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', rest = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined && fence !== '') {
      open = {
        fence,
        indent: indent.length,
        line: index + 2,
        info: rest.trim().split(/\s+/).filter(Boolean),
        code: [],
      };
      prose.push('');
    } else if (open !== undefined && fence.startsWith(open.fence) && rest.trim() === '') {
      blocks.push({ path, line: open.line, info: open.info, code: open.code.join('\n') });
      open = undefined;
      prose.push('');
    } else if (open === undefined) {
      prose.push(line);
    } else {
      open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
      prose.push('');
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line - 1} opens a code block that is never closed.`);
  return { blocks, prose };
}

function headingsIn(prose: readonly string[]): Heading[] {
  const counts = new Map<string, number>();
  return prose.flatMap((line, index) => {
    const [, marks = '', text = ''] = /^(#{1,6}) +(.+?)(?: +#+)?$/.exec(line) ?? [];
    if (marks === '') return [];
    const slug = text
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return [{ line: index + 1, level: marks.length, text, anchor: count === 0 ? slug : `${slug}-${count}` }];
  });
}

function rowsIn(prose: readonly string[]): Document['rows'][number][] {
  const isRow = (line: string | undefined): boolean => line !== undefined && line.trimStart().startsWith('|');
  return prose.flatMap((line, index) => {
    const isRule = /^[\s|:-]+$/.test(line);
    const isHeader = /^[\s|:-]+$/.test(prose[index + 1] ?? '') && isRow(prose[index + 1]);
    if (!isRow(line) || isRule || isHeader) return [];
    const cells = line
      .trim()
      .replace(/^\|/, '')
      .replace(/\|$/, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    return [{ line: index + 1, cells }];
  });
}

function withoutCode(line: string): string {
  return line.replaceAll(/`[^`]*`/g, '');
}

function mentions(prose: readonly string[], pattern: RegExp): Mention[] {
  return prose.flatMap((line, index) =>
    [...line.matchAll(pattern)].map((match) => ({ line: index + 1, text: match[1] ?? match[2] ?? '' })),
  );
}
