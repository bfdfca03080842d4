/**
 * A program that runs a process manager and the commands that it issues, beside others.
 *
 * Arguments: folder, number of slices, lease in milliseconds. It prints `done` when it was told anything and has stopped.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runCommands } from '../../src/commands/index.ts';
import { openStore } from '../../src/index.ts';
import { runProcess } from '../../src/processes/index.ts';
import { invoiceCommands } from '../processes/billing.ts';
import { obedient } from '../processes/tellings.ts';

const [folder = '', slices = '1', leaseMs = '300'] = process.argv.slice(2);
const input = createInterface({ input: process.stdin });
const store = await openStore(join(folder, 'store.db'));
const manager = await runProcess(store, obedient({ slices: Number(slices), leaseMs: Number(leaseMs) }));
const commands = await runCommands(store, invoiceCommands);
console.log('running');
input.once('close', () => process.exit(1));
for await (const _line of input) break;
await manager.stop();
await commands.stop();
await store.close();
console.log('done');
process.exit();
