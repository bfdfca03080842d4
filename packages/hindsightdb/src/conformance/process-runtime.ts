/** The process managers that the kit tests: those of the library, or others in their place. */

import { advanceProcess, processInfo, runProcess } from '../processes/index.ts';

/** Runs process managers, and tells of them. */
export interface ProcessRuntime {
  readonly advanceProcess: typeof advanceProcess;
  readonly runProcess: typeof runProcess;
  readonly processInfo: typeof processInfo;
}

/** The library's own. */
export const libraryProcesses: ProcessRuntime = { advanceProcess, runProcess, processInfo };
