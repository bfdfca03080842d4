/** `hindsight init`: a new store, and a configuration that names it. */

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openStore } from 'hindsightdb';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import { configNames, findConfig } from '../config/load-config.ts';

/** Adds the command. */
export const addInit: AddCommand = (program, cli) => {
  const command = program
    .command('init')
    .summary('make a store, and a hindsight.config.ts that names it')
    .description(
      'Makes a new store and writes hindsight.config.ts, so that the other commands know the store without being told. A store or a configuration that is there already is left as it is.',
    )
    .argument('[store]', 'where the store is made', './events.db')
    .option('--no-config-file', 'write no configuration')
    .action((given: string, options: { readonly configFile: boolean }, self: Command) =>
      runAction(cli, self, async (context) => {
        const address = context.storeOption ?? given;
        const store = await openStore(address);
        const { logId } = store.identity;
        const isNew = (await store.positions()).every((position) => position === 0);
        await store.close();
        const config = options.configFile ? await writeConfig(context.world.folder, address) : undefined;
        if (context.isJson) {
          await context.document({
            store: address,
            logId,
            isEmpty: isNew,
            ...(config && { config: config.path, isConfigNew: config.isNew }),
          });
          return;
        }
        const { palette, output } = context;
        await output.line(`${isNew ? 'Store' : 'Store with events'}  ${palette.name(address)}`);
        if (config !== undefined)
          await output.line(
            `${config.isNew ? 'Wrote' : 'Found'}  ${palette.name(config.path)}${config.isNew ? '' : '; it was left as it is'}`,
          );
        const option = config?.isNew === true ? '' : ` --store ${address}`;
        await output.line('');
        await output.line(`Try:  hindsight append order-75 OrderPlaced '{"customerId":"c1"}'${option}`);
      }),
    );
  addExamples(command, [
    { line: 'init', meaning: 'make ./events.db and hindsight.config.ts' },
    { line: 'init ./data/shop.db --no-config-file', meaning: 'make a store only' },
  ]);
};

async function writeConfig(
  folder: string,
  address: string,
): Promise<{ readonly path: string; readonly isNew: boolean }> {
  const found = findConfig(folder);
  if (found !== undefined) return { path: found, isNew: false };
  const path = join(folder, configNames[0]);
  // The kit can be imported only where it is installed; elsewhere a plain object says the same.
  const text = isKitInstalled(path)
    ? `import { defineConfig } from 'hindsight-kit';\n\nexport default defineConfig({\n  store: ${JSON.stringify(address)},\n});\n`
    : `export default {\n  store: ${JSON.stringify(address)},\n};\n`;
  await writeFile(path, text, { flag: 'wx' });
  return { path, isNew: existsSync(path) };
}

function isKitInstalled(path: string): boolean {
  try {
    createRequire(path).resolve('hindsight-kit/package.json');
    return true;
  } catch {
    return false;
  }
}
