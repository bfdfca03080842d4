/**
 * TypeScript in documents. Every block marked `ts` is compiled as a module of its own, under the strictest options, against
 * the built packages. Further words after the language:
 *
 * - `run`: the block is executed as well, and must print what its `// =>` comments say, line for line and nothing else. `…`
 *   in such a comment stands for anything.
 * - `continued`: the block goes on where the block before it on the page ended.
 *
 * A block whose first line is a comment with a file name, like `// orders.ts`, is found under that name by the page's others.
 */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../repository.ts';
import type { CodeBlock } from './markdown.ts';

/** A block as a file. Its lines stand where they stand in the document, so that messages point there. */
export interface Listing {
  readonly block: CodeBlock;
  /** The path below the workshop. */
  readonly file: string;
  readonly text: string;
}

/** The files that the blocks of one page make. Throws an `Error` where a block continues nothing. */
export function listingsOf(blocks: readonly CodeBlock[]): Listing[] {
  let previous: string[] | undefined;
  return blocks
    .filter(({ info }) => info[0] === 'ts')
    .map((block) => {
      const isContinued = block.info.includes('continued');
      if (isContinued && previous === undefined)
        throw new Error(`${block.path}:${block.line} continues a block, and there is none before it.`);
      const lines = isContinued ? [...(previous ?? [])] : [];
      while (lines.length < block.line - 1) lines.push('');
      lines.push(...block.code.split('\n'));
      previous = lines;
      const [, name = `line-${block.line}.ts`] = /^\/\/ ([\w./-]+\.ts)\s*\n/.exec(block.code) ?? [];
      return { block, file: `${block.path.replaceAll('/', '+')}/${name}`, text: `${lines.join('\n')}\n` };
    });
}

/** What a block says that it prints. */
export function promisedOutput(listing: Listing): string[] {
  return listing.text.split('\n').flatMap((line) => {
    const [, text] = /\/\/ => ?(.*)$/.exec(line) ?? [];
    return text === undefined ? [] : [text.trimEnd()];
  });
}

/** Whether the printed lines are the promised ones. */
export function keepsPromise(printed: readonly string[], promised: readonly string[]): boolean {
  return printed.length === promised.length && promised.every((line, index) => isLike(printed[index] ?? '', line));
}

/** A temporary folder in which the packages of the repository can be imported by name. Made by {@link openWorkshop}. */
export class Workshop {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The compiler's complaints, with the documents' own paths and lines. */
  async typeErrors(): Promise<string[]> {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run([compiler, '-p', this.folder, '--pretty', 'false'], this.folder);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) =>
        line.replace(
          /^([^/(]+)\/[^(]*\((\d+),\d+\)/,
          (_, page: string, number: string) => `${page.replaceAll('+', '/')}:${number}`,
        ),
      );
  }

  /** Executes a listing in the folder of its page. */
  async execute(
    listing: Listing,
  ): Promise<{ readonly lines: string[]; readonly stderr: string; readonly exitCode: number }> {
    const path = join(this.folder, listing.file);
    const { stdout, stderr, exitCode } = await run([path], dirname(path));
    return {
      lines:
        stdout === ''
          ? []
          : stdout
              .replace(/\n$/, '')
              .split('\n')
              .map((line) => line.trimEnd()),
      stderr,
      exitCode,
    };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Makes a workshop and writes the listings into it. Throws an `Error` where two of them have one name. */
export async function openWorkshop(listings: readonly Listing[]): Promise<Workshop> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hindsight-documents-')));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.check.json'), files: [], include: ['**/*.ts'] }),
  );
  const taken = new Set<string>();
  for (const { block, file, text } of listings) {
    if (taken.has(file))
      throw new Error(`${block.path}:${block.line} gives a name that another block of the page has.`);
    taken.add(file);
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return new Workshop(folder);
}

function isLike(printed: string, promised: string): boolean {
  const pattern = promised
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`, 'u').test(printed);
}

/** A listing that has not ended by then will not end: something that it opened still runs. */
const endsWithinMs = 60_000;

function run(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      {
        cwd,
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', NODE_OPTIONS: '' },
        timeout: endsWithinMs,
        killSignal: 'SIGKILL',
      },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        const complaint = error?.killed === true ? `It did not end within ${endsWithinMs} ms, and was killed.` : '';
        resolve({ stdout, stderr: stderr + complaint, exitCode });
      },
    );
  });
}
