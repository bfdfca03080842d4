/** The files that people write in this repository, as opposed to what is installed or built. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root: string = fileURLToPath(new URL('..', import.meta.url));

const notWritten = new Set(['node_modules', 'dist', '.git']);
const roots = ['packages', 'studio', 'bench', 'examples', 'docs', 'test', '.ci', '.github'];

/** Paths of written files with one of these endings, relative to the root, with `/` on every platform, sorted. */
export function writtenFiles(...endings: readonly string[]): string[] {
  const paths: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!notWritten.has(entry.name)) visit(path);
      } else {
        paths.push(relative(root, path).split(sep).join('/'));
      }
    }
  };
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isFile()) paths.push(entry.name);
    else if (roots.includes(entry.name)) visit(join(root, entry.name));
  }
  return paths.filter((path) => endings.some((ending) => path.endsWith(ending))).toSorted();
}

/** The text of a file named by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
