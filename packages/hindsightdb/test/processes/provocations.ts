/** How the errors of process managers come about. */

import type { TestContext } from 'node:test';
import { advance } from '../../src/processes/advance.ts';
import { advanceProcess, defineProcess, runProcess, setTimer, type Process } from '../../src/processes/index.ts';
import { freshInstance } from '../../src/processes/instance.ts';
import { inMemory, openNew } from '../open-stores.ts';

function versioned(version: number): Process {
  return defineProcess({ name: 'versioned', version, startAt: 'beginning', on: { Added: () => undefined } });
}

/** By code; what each throws has it. */
export const processProvocations = {
  PROCESS_OUTDATED: async (t: TestContext): Promise<unknown> => {
    const store = await openNew(t, inMemory);
    await advanceProcess(store, versioned(2));
    return await runProcess(store, versioned(1));
  },
  PROCESS_MISMATCH: async (t: TestContext): Promise<unknown> => {
    const process = defineProcess({
      name: 'waiting',
      startAt: 'beginning',
      on: { Added: () => setTimer('due', { afterMs: 0 }) },
      timers: { due: () => undefined },
    });
    // A version that has forgotten the timer for which an instance of an earlier one waits.
    const instance = freshInstance(process, 'a-1');
    const pending = { dueAt: '2026-03-01T00:00:00.000000Z', setBy: 'step-1' };
    const asking = { ask: async () => await Promise.reject(new Error('Nothing is asked.')), signal: t.signal };
    return await advance({ ...process, timers: new Map() }, instance, { kind: 'timer', timer: 'due', pending }, asking);
  },
} as const;
