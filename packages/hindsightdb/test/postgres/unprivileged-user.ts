/** Whom a server runs as: PostgreSQL and PgBouncer refuse to run as root. */

import { chownSync, readFileSync } from 'node:fs';

/** The options of `spawn` that choose a user. Empty: ourselves. */
export interface UnprivilegedUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** Ourselves, or, as root, the first of the system's users that exists for such a purpose. */
export function unprivilegedUser(): UnprivilegedUser {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const user = users.find(([name]) => name === wanted);
    if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Error('A server does not run as root, and this system has neither a user postgres nor a user nobody.');
}

/** Gives a file or a folder to the user. */
export function giveTo(user: UnprivilegedUser, path: string): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
}
