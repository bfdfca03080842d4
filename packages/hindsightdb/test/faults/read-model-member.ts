/**
 * A program that keeps two views of orders, a table and documents, and mails about some of them, beside others that do the
 * same. A mail is a line with its key in a file that all of them append to.
 *
 * Arguments: folder, lease in milliseconds. It prints `ready`, and `done` when it was told to stop and has.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openStore } from '../../src/index.ts';
import { runProjection } from '../../src/projections/index.ts';
import { runReaction } from '../../src/reactions/index.ts';
import { inDocuments, inTable, mailsVia } from './read-models.ts';

const [folder = '', lease = '300'] = process.argv.slice(2);
const leaseMs = Number(lease);
// Written at once and behind whatever any process has written: a mail that was sent before a kill has left the process.
const mails = openSync(join(folder, 'mails'), 'a');
const store = await openStore(join(folder, 'store.db'));
const running = [
  await runProjection(store, inTable, { leaseMs }),
  await runProjection(store, inDocuments, { leaseMs }),
  await runReaction(
    store,
    mailsVia(async (key, to) => void writeSync(mails, `${key} ${to}\n`), leaseMs),
  ),
];
console.log('ready');
const input = createInterface({ input: process.stdin });
for await (const _line of input) break;
for (const each of running) await each.stop();
await store.close();
console.log('done');
process.exit();
