/**
 * Compiling the fault shim, once for each text of its source, into a cache folder.
 *
 * The shim is C because it has to stand below SQLite. It is compiled where the tests run, so the repository carries
 * no binary; a machine without a C compiler cannot run these tests and is told so (see `faultsUnavailable`).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sourceFolder = fileURLToPath(new URL('.', import.meta.url));
const source = join(sourceFolder, 'fault-shim.c');
const compilers = ['cc', 'gcc', 'clang'];

/** The reason why this machine cannot inject faults, or undefined where it can. */
export function faultsUnavailable(): string | undefined {
  if (process.platform !== 'linux')
    return `fault injection preloads a library into Linux processes, and this is ${process.platform}`;
  if (findCompiler() === undefined)
    return `fault injection needs a C compiler and none of ${compilers.join(', ')} is on the PATH`;
  return undefined;
}

/**
 * Options for a test that injects faults: none where it can, a skip with the reason where it cannot. A run with
 * `CI=true` never skips: there, a machine that cannot inject faults fails, because nobody reads its skips.
 */
export function needsFaults(): { readonly skip?: string } {
  const reason = faultsUnavailable();
  if (reason === undefined) return {};
  if (process.env['CI'] === 'true') throw new Error(`These tests may not be skipped with CI=true: ${reason}.`);
  console.error(`\n*** NOT TESTED: crashes, full disks and failing syncs. ${reason}. ***\n`);
  return { skip: reason };
}

/** Compiles the shim if this text of it was not compiled before, and answers the library's path. */
export function compileShim(): string {
  const compiler = findCompiler();
  if (compiler === undefined) throw new Error(faultsUnavailable());
  const library = join(cacheFolder(), `${sourceDigest()}-${process.arch}.so`);
  if (existsSync(library)) return library;
  const unfinished = `${library}.${process.pid}`;
  execFileSync(
    compiler,
    ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-o', unfinished, source, '-lpthread'],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  // Renaming makes it appear whole, also to another test process that compiles at the same moment.
  renameSync(unfinished, library);
  return library;
}

/** A folder that only we can write, because what lies in it is loaded into processes of ours. */
function cacheFolder(): string {
  const userId = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `hindsight-fault-shim-${userId}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  if (uid !== userId || (mode & 0o022) !== 0) throw new Error(`${folder} can be written by others; remove it`);
  return folder;
}

function sourceDigest(): string {
  const names = readdirSync(sourceFolder).filter((name) => name.endsWith('.c') || name.endsWith('.h'));
  const digest = createHash('sha256');
  for (const name of names.toSorted()) digest.update(readFileSync(join(sourceFolder, name)));
  return digest.digest('hex').slice(0, 16);
}

function findCompiler(): string | undefined {
  return compilers.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}
