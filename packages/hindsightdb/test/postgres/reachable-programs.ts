/**
 * Programs that another user can run: a repository in root's own folder is closed to whom root starts them as, so they get a
 * second place, as links to the same files where the file system allows it.
 */

import { spawnSync } from 'node:child_process';
import { constants, copyFileSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { giveTo, type UnprivilegedUser } from './unprivileged-user.ts';

/** The folder of the programs, or, where the user cannot run what is there, another one with the same programs below `place`. */
export function reachableFolder(folder: string, user: UnprivilegedUser, place: string): string {
  if (user.uid === undefined || canRun(join(folder, 'postgres'), user)) return folder;
  // Libraries and data are looked for beside the folder of the programs.
  const root = join(place, 'programs');
  mirror(dirname(folder), root, user);
  return join(root, basename(folder));
}

function canRun(program: string, user: UnprivilegedUser): boolean {
  return spawnSync(program, ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

function mirror(from: string, to: string, user: UnprivilegedUser): void {
  mkdirSync(to);
  giveTo(user, to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) mirror(source, target, user);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // The places lie on different file systems.
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}
