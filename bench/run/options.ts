/** The command line of the bench. */

import { parseArgs } from 'node:util';
import { fullScale, quickScale, type Scale } from './workload.ts';

export interface BenchOptions {
  readonly scale: Scale;
  /** Names of the workloads to run; empty: all. */
  readonly only: readonly string[];
  readonly repetitions: number;
  /** Where the raw results go, as JSON. */
  readonly jsonPath: string | undefined;
  /** Rewrite the results page, its pictures and the baseline. */
  readonly isPublishing: boolean;
  /** Raw results of an earlier run, to print or publish instead of measuring. */
  readonly fromPath: string | undefined;
  /** Where stores are kept while measuring. */
  readonly directory: string | undefined;
  /** Where CPU profiles of the measurements go. */
  readonly profileDirectory: string | undefined;
}

export const usage = `npm run bench -- [options]

  --only <name>         run this workload only; may be given several times
  --quick               small logs and short times: shows that it works, gives no figures to quote
  --repetitions <n>     how often each contestant is measured, in turn with the others (default 5; quick: 2)
  --json <file>         write the raw results
  --publish             rewrite docs/benchmarks.md, its pictures and bench/baseline.json from this run
  --from <file>         measure nothing; print or publish the raw results of an earlier run
  --directory <folder>  keep the stores here while measuring, on the disk to be measured (default: the temporary folder)
  --profile <folder>    write a CPU profile of every measurement
`;

/** Throws a TypeError for what it does not understand. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      json: { type: 'string' },
      publish: { type: 'boolean', default: false },
      from: { type: 'string' },
      directory: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const repetitions = Number(values.repetitions ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(repetitions) || repetitions < 1 || repetitions > 100) {
    throw new TypeError(`--repetitions takes a whole number from 1 to 100, not ${values.repetitions}.`);
  }
  return {
    scale: values.quick ? quickScale : fullScale,
    only: values.only,
    repetitions,
    jsonPath: values.json,
    isPublishing: values.publish,
    fromPath: values.from,
    directory: values.directory,
    profileDirectory: values.profile,
  };
}
