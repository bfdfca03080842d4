/** Starts a server, tells about it in one line, and then does what its argument says: it never stops the server. */

import { startPgbouncer } from './pgbouncer.ts';
import { startServer } from './server.ts';

const [what] = process.argv.slice(2);
const server = await startServer({ durability: 'process' });
const pooler = what === 'wait with a pooler' ? await startPgbouncer(server) : undefined;
const told = { pids: [server.pid, pooler?.pid], folders: [server.dataFolder, pooler?.folder] };
process.stdout.write(`${JSON.stringify(told)}\n`);

if (what === 'throw') throw new Error('The program has an error.');
if (what?.startsWith('wait') === true) process.stdin.resume();
