/**
 * Finding `hindsight.config.ts` and loading it with Node's own type stripping, which takes plain annotations away and knows
 * nothing else of TypeScript: what it cannot load is explained.
 */

import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../failure.ts';
import { checkedConfig } from './checked-config.ts';
import type { Config } from './define-config.ts';
import { explainLoadFailure } from './load-failure.ts';

/** The names that a configuration may have, the first found counts. */
export const configNames = [
  'hindsight.config.ts',
  'hindsight.config.mts',
  'hindsight.config.mjs',
  'hindsight.config.js',
] as const;

/** A configuration and where it stands. */
export interface LoadedConfig {
  readonly path: string;
  readonly config: Config;
}

/** The path of the configuration in a folder or the nearest one above it; undefined when there is none. */
export function findConfig(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = configNames.map((name) => join(at, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (dirname(at) === at) return undefined;
  }
}

/** Loads the configuration at `path`, or the one found upward from the folder. Undefined when there is none. Throws a `UsageError`. */
export async function loadConfig(folder: string, path: string | undefined): Promise<LoadedConfig | undefined> {
  const found = path === undefined ? findConfig(folder) : configAt(resolve(folder, path));
  if (found === undefined) return undefined;
  const imported = await importFile(found);
  if (!('default' in imported))
    throw new UsageError(`${found} exports no configuration.`, [
      "Write: export default defineConfig({ store: './events.db' });",
    ]);
  return { path: found, config: checkedConfig(found, imported.default) };
}

function configAt(path: string): string {
  if (!existsSync(path)) throw new UsageError(`There is no configuration at ${path}.`);
  if (!statSync(path).isDirectory()) return path;
  const found = configNames.map((name) => join(path, name)).find((candidate) => existsSync(candidate));
  if (found === undefined)
    throw new UsageError(`There is no configuration in ${path}.`, [`It would be called ${configNames[0]}.`]);
  return found;
}

/** Imports a file of the user's. Throws a `UsageError` that says why where it cannot be loaded. */
export async function importFile(path: string): Promise<object> {
  try {
    const imported: unknown = await import(pathToFileURL(path).href);
    if (typeof imported === 'object' && imported !== null) return imported;
  } catch (cause) {
    const { message, advice } = explainLoadFailure(path, cause);
    throw new UsageError(message, advice, { cause });
  }
  throw new UsageError(`${path} is no module.`);
}
