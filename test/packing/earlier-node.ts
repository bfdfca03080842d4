/** A Node on this machine that is older than the packages ask for, such as the one that started npm. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { outcomeOf } from './command.ts';

/** The first Node on the path with a major version from 20 to 22: older than we support, and new enough to say so. */
export async function findOldNode(): Promise<string | undefined> {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  for (const candidate of new Set(candidates)) {
    if (!existsSync(candidate)) continue;
    const { stdout } = await outcomeOf(candidate, ['--version'], { cwd: '.' });
    const [, major] = /^v(\d+)\./.exec(stdout) ?? [];
    if (Number(major) >= 20 && Number(major) < 24) return candidate;
  }
  return undefined;
}
