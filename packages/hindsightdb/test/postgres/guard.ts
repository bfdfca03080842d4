/**
 * Ends a server and removes its folder when the process that started it is gone, however it went: a killed process runs no
 * handler of its own. The guard is a shell that waits for its input to end.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { UnprivilegedUser } from './unprivileged-user.ts';

/**
 * Each line of the input names the process to end, or none. SIGQUIT is PostgreSQL's immediate shutdown, which after five
 * seconds kills what does not end; nothing in the folder is wanted any more. PgBouncer ends at once on it, too. A process that
 * ended and that nobody has collected is not waited for: where containers have no init, nobody ever does.
 */
const program = `
runs() {
  kill -0 "$server" || return 1
  read -r number name state rest <"/proc/$server/stat" || return 0
  [ "$state" != Z ]
}
server=
while read -r line; do server=$line; done
if [ -n "$server" ]; then
  kill -QUIT "$server"
  tries=0
  while runs && [ "$tries" -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
  kill -KILL "$server"
fi
exec rm -rf "$1"
`;

/** Guards one folder and the server that works in it. */
export class Guard {
  readonly #shell: ChildProcess;

  constructor(options: { readonly folder: string; readonly user: UnprivilegedUser }) {
    const { folder, user } = options;
    // In a session of its own, the interrupt of a terminal does not reach it.
    this.#shell = spawn('/bin/sh', ['-c', program, 'guard', folder], {
      ...user,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell.unref();
    // A guard that was killed cannot be told anything; what it guards is then ended by `end` alone.
    this.#shell.stdin?.on('error', () => {});
  }

  /** Says which process is to be ended: the last one told, or none. */
  watch(pid: number | undefined): void {
    this.#shell.stdin?.write(`${pid ?? ''}\n`);
  }

  /** Ends the server and removes the folder now. Calling it again changes nothing. */
  async end(): Promise<void> {
    this.#shell.stdin?.end();
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    this.#shell.ref();
    await once(this.#shell, 'exit');
  }
}
