/** Packages as they are published, and what they install beside themselves. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, writtenFiles } from '../repository.ts';
import { outputOf } from './command.ts';

/** A packed package. Paths in it have no leading `package/`. */
export interface Tarball {
  readonly name: string;
  readonly file: string;
  readonly paths: readonly string[];
}

/** Packs folders, without a registry and without running their scripts. */
export async function pack(folders: readonly string[], destination: string): Promise<Tarball[]> {
  const args = ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', destination, ...folders];
  const report: unknown = JSON.parse(await outputOf('npm', args, { cwd: root }));
  if (!Array.isArray(report)) throw new Error('npm pack --json reported no list.');
  return report.map((entry: unknown) => {
    const { name, filename, files } = membersOf(entry, ['name', 'filename', 'files']);
    if (typeof name !== 'string' || typeof filename !== 'string' || !Array.isArray(files))
      throw new Error('npm pack --json reported something else.');
    const paths = files.map((file: unknown) => String(membersOf(file, ['path'])['path']));
    return { name, file: join(destination, filename), paths: paths.toSorted() };
  });
}

/** What a package of ours should hold: its sources, what the compiler makes of each of TypeScript, and the papers. */
export function expectedPaths(folder: string): string[] {
  const sources = writtenFiles('.ts').filter((path) => path.startsWith(`${folder}/src/`));
  const files = sources.flatMap((path) => {
    const stem = path.slice(`${folder}/src/`.length, -'.ts'.length);
    return [`src/${stem}.ts`, ...['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => `dist/${stem}${ending}`)];
  });
  // Read from the sources by what is built, too.
  const statements = writtenFiles('.sql')
    .filter((path) => path.startsWith(`${folder}/src/`))
    .map((path) => path.slice(folder.length + 1));
  const bins = writtenFiles('.js').filter((path) => path.startsWith(`${folder}/bin/`));
  return [
    ...files,
    ...bins.map((path) => path.slice(folder.length + 1)),
    ...statements,
    'LICENSE',
    'README.md',
    'package.json',
  ].toSorted();
}

/** The installed folders of everything that a package depends on, by the lookup of Node. */
export function dependencyFolders(folder: string): string[] {
  const found = new Set<string>();
  const visit = (from: string): void => {
    for (const name of dependenciesOf(from)) {
      const target = installedFolder(name, from);
      if (found.has(target)) continue;
      found.add(target);
      visit(target);
    }
  };
  visit(folder);
  return [...found];
}

function dependenciesOf(folder: string): string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { dependencies } = membersOf(manifest, ['dependencies']);
  return typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : [];
}

function installedFolder(name: string, from: string): string {
  const candidates = [join(from, 'node_modules', name), join(root, 'node_modules', name)];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`${from} depends on ${name}, which is not installed; run npm ci.`);
  return found;
}

function membersOf(value: unknown, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`No object with ${keys.join(', ')}.`);
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}
