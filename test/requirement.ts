/**
 * What some tests need beyond npm. Where it is missing they are skipped with the reason in the report; under `CI=true` a
 * missing component is a failure, so that a green run of the whole suite means what it says.
 */

import { existsSync } from 'node:fs';

/** Something that the machine may lack. */
export interface Requirement {
  readonly what: string;
  readonly isPresent: boolean;
  /** How to get it, as the end of the sentence "… is missing: ". */
  readonly remedy: string;
}

/** The value of a test's `skip` option: `false` when all is there, otherwise the reason. Throws under `CI=true`. */
export function unlessPresent(requirement: Requirement): string | false {
  if (requirement.isPresent) return false;
  const reason = `${requirement.what} is missing: ${requirement.remedy}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  return reason;
}

/** The folder of sample data that is not part of the repository; `HINDSIGHT_SAMPLES` names it. */
export const samplesFolder: string | undefined = process.env['HINDSIGHT_SAMPLES'];

/** Skips a test that reads sample data when no folder was named. Throws when the named one is not there. */
export function unlessSamples(): string | false {
  if (samplesFolder === undefined || samplesFolder === '') return 'no sample data: HINDSIGHT_SAMPLES names no folder';
  if (!existsSync(samplesFolder)) throw new Error(`HINDSIGHT_SAMPLES names ${samplesFolder}, which does not exist.`);
  return false;
}
