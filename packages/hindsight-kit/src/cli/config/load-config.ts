/**
 * Finding `hindsight.config.ts` and loading it with Node's own type stripping, which takes plain annotations away and knows
 * nothing else of TypeScript: what it cannot load is explained.
 */

import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyCommands, AnyDecider } from 'hindsightdb/commands';
import { UsageError } from '../failure.ts';
import type { Config } from './define-config.ts';
import { explainLoadFailure } from './load-failure.ts';
import { isObject } from '../../formats/json/json-object.ts';

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

const known = new Set(['store', 'deciders', 'commands', 'projections', 'options']);

function checkedConfig(path: string, value: unknown): Config {
  if (!isObject(value)) throw new UsageError(`${path} must export an object, like { store: './events.db' }.`);
  const strange = Object.keys(value).find((key) => !known.has(key));
  if (strange !== undefined)
    throw new UsageError(
      `${path} has a member ${JSON.stringify(strange)}, and a configuration has store, deciders, commands, projections and options.`,
    );
  const { store, deciders, commands, projections, options } = value;
  if (store !== undefined && (typeof store !== 'string' || store === ''))
    throw new UsageError(`store in ${path} must be the address of a store, like './events.db'.`);
  if (deciders !== undefined && !isObject(deciders))
    throw new UsageError(`deciders in ${path} must be an object of deciders by category, like { order }.`);
  for (const [category, decider] of Object.entries(deciders ?? {})) {
    if (!isFold(decider))
      throw new UsageError(`deciders.${category} in ${path} is no decider: it has no evolve and initialState.`);
  }
  assertCommands(path, commands);
  assertProjections(path, projections);
  if (options !== undefined && !isObject(options))
    throw new UsageError(`options in ${path} must be an object: what openStore takes.`);
  // Every member that the command uses was looked at above; openStore checks what is in the options.
  return value;
}

function isFold(value: unknown): boolean {
  return isObject(value) && typeof value['evolve'] === 'function' && 'initialState' in value;
}

function assertCommands(path: string, commands: unknown): void {
  if (commands === undefined) return;
  if (!Array.isArray(commands))
    throw new UsageError(`commands in ${path} must be an array of what defineCommands() makes, like [orderCommands].`);
  const names = new Set<string>();
  for (const [index, definition] of commands.entries()) {
    if (!isCommands(definition))
      throw new UsageError(`commands[${index}] in ${path} declares no commands: defineCommands() makes what does.`);
    if (names.has(definition.name)) throw new UsageError(`commands in ${path} has ${definition.name} twice.`);
    names.add(definition.name);
  }
}

/** Whether a value is what `defineCommands` makes. */
export function isCommands(value: unknown): value is AnyCommands {
  return (
    isObject(value) &&
    typeof value['name'] === 'string' &&
    typeof value['category'] === 'string' &&
    isDecider(value['decider']) &&
    value['schemas'] instanceof Map
  );
}

/** Whether a value is a decider. */
export function isDecider(value: unknown): value is AnyDecider {
  return isFold(value) && isObject(value) && typeof value['decide'] === 'function';
}

function assertProjections(path: string, projections: unknown): void {
  if (projections === undefined) return;
  if (!Array.isArray(projections))
    throw new UsageError(`projections in ${path} must be an array of projections, like [openOrders].`);
  const names = new Set<string>();
  for (const [index, projection] of projections.entries()) {
    if (!isObject(projection) || !(projection['handlers'] instanceof Map))
      throw new UsageError(`projections[${index}] in ${path} is no projection: defineProjection() makes one.`);
    const name = `${String(projection['name'])}@${String(projection['version'])}`;
    if (names.has(name))
      throw new UsageError(`projections in ${path} has ${name} twice.`, [
        'Versions of a projection may stand side by side, each with a number of its own.',
      ]);
    names.add(name);
  }
}
