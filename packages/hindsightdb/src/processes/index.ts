/** Process managers: what is to follow from several events, in time. */

export {
  become,
  cancelTimer,
  endProcess,
  issue,
  setTimer,
  type CommandToIssue,
  type ProcessAction,
  type ProcessActions,
  type Timing,
} from './action.ts';
export {
  defineProcess,
  processesOf,
  type Process,
  type ProcessContext,
  type ProcessDefinition,
  type ProcessMaker,
  type ProcessOptions,
  type Rejection,
} from './process.ts';
export { processFold, type ProcessState } from './process-fold.ts';
export { runProcess, type RunProcessOptions } from './run-process.ts';
export { advanceProcess } from './advance-process.ts';
export {
  listProcesses,
  processInfo,
  processStatus,
  type ListProcessesOptions,
  type ProcessInfo,
  type ProcessName,
  type ProcessStatus,
} from './list-processes.ts';
export { simulateProcess, type SimulatedStep, type SimulateOptions } from './simulate.ts';
export type { IssuedCommand, PendingTimer, ProcessAdvanced, StepCause, StepData } from './step.ts';
