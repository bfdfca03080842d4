/** Which rules recorded commands are decided by: of a file that is named, or those that the configuration declares. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { AnyCommands, AnyDecider } from 'hindsightdb/commands';
import { isCommands, isDecider } from '../config/checked-config.ts';
import { importFile } from '../config/load-config.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';

/** Rules, and what they are called. */
export interface NamedRules {
  readonly name: string;
  readonly category: string;
  readonly rules: AnyCommands | AnyDecider;
}

/** The option that names a file with rules. */
export function againstOption(): Option {
  return new Option(
    '--against <file>',
    'the rules: what the file exports by default, or by a name as in ./rules.ts#order; else the commands of the configuration',
  );
}

/** The rules that are meant: at least one. Throws a `UsageError` where there are none. */
export async function chosenRules(
  context: CommandContext,
  { against, category }: { readonly against?: string; readonly category?: string },
): Promise<readonly NamedRules[]> {
  if (against !== undefined) return [await rulesOfFile(context, against, category)];
  const loaded = await context.config();
  const all = loaded?.config.commands ?? [];
  if (loaded === undefined || all.length === 0)
    throw new UsageError(
      loaded === undefined
        ? 'No rules are named, and there is no hindsight.config.ts here or above.'
        : `No rules are named, and ${loaded.path} declares no commands.`,
      [
        'Name a file that exports commands or a decider: --against ./new-rules.ts',
        'Or declare them there: export default defineConfig({ commands: [orderCommands] });',
      ],
    );
  const chosen = all.filter((each) => category === undefined || each.category === category);
  if (chosen.length === 0)
    throw new UsageError(`${loaded.path} declares no commands of the category ${JSON.stringify(category)}.`, [
      `It has those of: ${all.map((each) => each.category).join(', ')}`,
    ]);
  return chosen.map((rules) => ({ name: rules.name, category: rules.category, rules }));
}

async function rulesOfFile(
  context: CommandContext,
  against: string,
  category: string | undefined,
): Promise<NamedRules> {
  const [, file = '', member] = /^(.*?)(?:#([^#/\\]+))?$/s.exec(against) ?? [];
  const path = resolve(context.world.folder, file);
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`);
  const rules = exported(path, await importFile(path), member);
  const own = rules.category;
  if (own === undefined && category === undefined)
    throw new UsageError(`The decider in ${path} names no category.`, [
      'Say whose commands it decides: --category order',
    ]);
  if (own !== undefined && category !== undefined && own !== category)
    throw new UsageError(
      `${path} decides commands of the category ${JSON.stringify(own)}, not ${JSON.stringify(category)}.`,
    );
  const decided = own ?? category ?? '';
  const named = isCommands(rules) || own !== undefined ? rules : { ...rules, category: decided };
  return { name: against, category: decided, rules: named };
}

function exported(path: string, module: object, member: string | undefined): AnyCommands | AnyDecider {
  const name = member ?? 'default';
  const value: unknown = Object.hasOwn(module, name) ? Reflect.get(module, name) : undefined;
  if (isCommands(value) || isDecider(value)) return value;
  const others = Object.entries(module).filter(([, each]) => isCommands(each) || isDecider(each));
  const advice = others.map(([each]) =>
    each === 'default' ? `Its default export is one: --against ${path}` : `It has ${each}: --against ${path}#${each}`,
  );
  if (value === undefined)
    throw new UsageError(
      member === undefined ? `${path} exports nothing by default.` : `${path} exports no ${member}.`,
      advice.length > 0 ? advice : ['Write: export default defineCommands({ … }); or export a decider.'],
    );
  throw new UsageError(
    `${member === undefined ? 'The default export' : member} of ${path} is no decider, and not what defineCommands() makes.`,
    advice,
  );
}
