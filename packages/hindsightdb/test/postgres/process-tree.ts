/** Looking at processes by their numbers, and killing one together with its children. */

import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends a process and its children at once. It is stopped first: it starts no more children, and collects none that ended, so
 * that no number of theirs can belong to somebody else by then. Where the system does not list its processes as files, the
 * parent alone is killed, and its children end when they notice.
 */
export function killWithChildren(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  for (const child of childrenOf(pid)) process.kill(child, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
}

/** Whether a process runs. One that has ended, and that its parent has not yet collected, does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || ![undefined, 'Z'].includes(statusOf(pid)?.state);
}

function childrenOf(parent: number): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statusOf(pid)?.parent === parent);
}

function statusOf(pid: number): { readonly state: string | undefined; readonly parent: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in parentheses and may contain anything; state and parent follow it.
    const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
