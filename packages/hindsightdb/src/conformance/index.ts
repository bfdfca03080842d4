/**
 * The conformance kit: what every engine must pass, for the engines of the library and for engines that others write, with
 * the types of the storage contract. It runs under any test runner: a case is a name and a function that throws.
 */

export { conformanceCases } from './conformance-cases.ts';
export { storeConformanceCases } from './store-conformance-cases.ts';
export { consumerConformanceCases } from './consumer-conformance-cases.ts';
export { libraryConsumers, type ConsumerRuntime, type RunningConsumer } from './consumer-runtime.ts';
export { commandConformanceCases } from './command-conformance-cases.ts';
export { libraryCommands, type CommandRuntime } from './command-runtime.ts';
export { timerConformanceCases } from './timer-conformance-cases.ts';
export { libraryTimers, type TimerRuntime } from './timer-runtime.ts';
export { processConformanceCases } from './process-conformance-cases.ts';
export { libraryProcesses, type ProcessRuntime } from './process-runtime.ts';
export { differentialRun, type DifferentialOptions } from './differential/differential.ts';
export { ConformanceFailure } from './assertions.ts';
export type { ConformanceCase, EngineFixture, LogOptions, OpenedLog } from './fixture.ts';
export type * from '../engine/contract.ts';
export type * from '../engine/views.ts';
