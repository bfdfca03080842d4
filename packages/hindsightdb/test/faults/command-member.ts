/**
 * A program that decides the commands of accounts, beside others that do the same, until it is told to stop.
 *
 * Arguments: folder, lease in milliseconds. It prints `ready`, and `done` when it was told to stop and has.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runCommands } from '../../src/commands/index.ts';
import { openStore } from '../../src/index.ts';
import { keptCommands } from './kept-commands.ts';

const [folder = '', leaseMs = '300'] = process.argv.slice(2);
const store = await openStore(join(folder, 'store.db'));
const running = await runCommands(store, keptCommands(Number(leaseMs)));
console.log('ready');
const input = createInterface({ input: process.stdin });
input.once('close', () => process.exit(1));
for await (const _line of input) break;
await running.stop();
await store.close();
console.log('done');
process.exit();
