/** The commands that the configuration declares, as they are found by what people name. */

import { categoryOf } from 'hindsightdb';
import type { AnyCommands } from 'hindsightdb/commands';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { safeText } from '../terminal/text-width.ts';

/** All that the configuration declares: at least one. Throws a `UsageError` where it declares none. */
export async function declaredCommands(context: CommandContext): Promise<readonly AnyCommands[]> {
  const loaded = await context.config();
  const all = loaded?.config.commands ?? [];
  if (loaded !== undefined && all.length > 0) return all;
  throw new UsageError(
    loaded === undefined
      ? 'There is no hindsight.config.ts here or above, and only code says which commands there are.'
      : `${loaded.path} declares no commands, and only code says which there are.`,
    ['Declare them there: export default defineConfig({ commands: [orderCommands] });'],
  );
}

/** Those of the given names, or all where none is given. Throws a `UsageError` for a name that nothing has. */
export async function namedCommands(
  context: CommandContext,
  names: readonly string[],
): Promise<readonly AnyCommands[]> {
  const all = await declaredCommands(context);
  if (names.length === 0) return all;
  return [...new Set(names)].map((name) => {
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw new UsageError(`The configuration declares no commands of the name ${safeText(name)}.`, [
      `It declares: ${all.map((each) => each.name).join(', ')}`,
    ]);
  });
}

/** What is known of a command before its declaration is. */
export interface Wanted {
  readonly type: string;
  readonly streamId: string;
  /** The name of the declaration, where that was said. */
  readonly name: string | undefined;
}

/** Who takes commands of that type for that entity. Throws a `UsageError` where nobody or several do. */
export function commandsFor(all: readonly AnyCommands[], { type, streamId, name }: Wanted): AnyCommands {
  const category = categoryOf(streamId);
  const ofCategory = all.filter((each) => each.category === category && (name === undefined || each.name === name));
  const [only] = ofCategory;
  if (only === undefined)
    throw new UsageError(
      `The configuration declares no commands of the category ${safeText(category)}${name === undefined ? '' : ` under the name ${safeText(name)}`}.`,
      [`It declares: ${all.map((each) => `${each.name} (${each.category})`).join(', ')}`],
    );
  const taking = ofCategory.filter((each) => each.schemas.has(type));
  if (taking.length > 1)
    throw new UsageError(`${safeText(type)} is declared by ${taking.map((each) => each.name).join(' and ')}.`, [
      `Say which is meant: --name ${taking[0]?.name ?? ''}`,
    ]);
  // Where none takes it, the refusal says which types there are.
  return taking[0] ?? only;
}

/** The consumer that processes commands of that type for that entity, as far as the configuration knows, else by the rule. */
export async function consumerFor(
  context: CommandContext,
  { type, streamId }: Pick<Wanted, 'type' | 'streamId'>,
): Promise<string> {
  const category = categoryOf(streamId);
  const declared = (await context.config())?.config.commands?.find(
    (each) => each.category === category && each.schemas.has(type),
  );
  return declared?.name ?? `${category}-commands`;
}
