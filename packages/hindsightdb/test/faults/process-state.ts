/** What the kernel says of a process. */
import { readFileSync } from 'node:fs';

/** Waits until the kernel shows the process as stopped. The test's own time limit bounds the wait. */
export async function stopped(processId: number): Promise<void> {
  for (;;) {
    const status = readFileSync(`/proc/${processId}/stat`, 'utf8');
    // The state follows the program's name, which is in parentheses and may hold spaces.
    if (status.slice(status.lastIndexOf(')') + 2).startsWith('T')) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
