/** The projections that the configuration declares, by the names that people give. */

import type { Projection } from 'hindsightdb/projections';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';

/** What the text before and behind the `@` of `open-orders@2` says. */
export interface NamedVersion {
  readonly name: string;
  readonly version: number | undefined;
}

/** Takes `open-orders` or `open-orders@2` apart. Throws a `UsageError` where it is neither. */
export function namedVersion(text: string): NamedVersion {
  const [, name, version] = /^([^@]+)(?:@(\d{1,7}))?$/.exec(text) ?? [];
  if (name === undefined)
    throw new UsageError(`${JSON.stringify(text)} is no projection: write its name, or name@version.`);
  return { name, version: version === undefined ? undefined : Number(version) };
}

/** The projection of that name; of several versions the one given, or the newest. Throws a `UsageError` where there is none. */
export async function findProjection(context: CommandContext, text: string): Promise<Projection> {
  const { name, version } = namedVersion(text);
  const loaded = await context.config();
  const all = loaded?.config.projections ?? [];
  if (loaded === undefined || all.length === 0)
    throw new UsageError(
      loaded === undefined
        ? 'There is no hindsight.config.ts here or above, and only code says what a projection computes.'
        : `${loaded.path} has no projections, and only code says what a projection computes.`,
      ['Name them there: export default defineConfig({ projections: [openOrders] });'],
    );
  const found = all
    .filter((each) => each.name === name && (version === undefined || each.version === version))
    .toSorted((left, right) => left.version - right.version)
    .at(-1);
  if (found !== undefined) return found;
  throw new UsageError(`${loaded.path} has no projection ${text}.`, [
    `It has: ${all.map((each) => `${each.name}@${each.version}`).join(', ')}`,
  ]);
}
