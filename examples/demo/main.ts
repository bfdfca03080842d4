/**
 * The demo: an order with a wrong total explained, a real event log imported, orders decided in a hurry, mails sent and
 * a read model rebuilt without one of them being sent again, a command sent three times and a payment waited for, everything checked;
 * all of it in a folder that the next run throws away. `npm run demo` runs it; another folder can be given as its argument.
 */

import { mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { openStore } from 'hindsightdb';
import { settableClock } from 'hindsightdb/testing';
import { days } from '../orders/three-weeks.ts';
import { explainComplaint } from './complaint.ts';
import { hurry } from './rates.ts';
import { followAndRebuild } from './read-model.ts';
import { chapter, facts, pause, run, say, suggest } from './stage.ts';
import { waitForPayment } from './unpaid.ts';

const startedAt = performance.now();
const folderDefault = '.demo';
const folder = process.argv[2] ?? folderDefault;
const store = join(folder, 'desk.db');
const inStore = ['--store', store];
const permits = join(
  dirname(createRequire(import.meta.url).resolve('pm4js/package.json')),
  'examples/input_data/receipt.csv',
);

const here = relative(process.cwd(), import.meta.dirname);
const importPermits = ['import', relative(process.cwd(), permits), '--mapping', join(here, 'permits.mapping.json')];
// The configuration names the decider of each category; the store that it names is the one in the usual folder.
const withDeciders = ['--config', here, ...(folder === folderDefault ? [] : inStore)];

const dayMs = 24 * 60 * 60 * 1000;
const isWrong = 'state.totalCents !== state.items.reduce((sum, item) => sum + item.quantity * item.unitCents, 0)';

await makeRoom(folder);

say(
  'Hindsight keeps every change as an event. This demo fills a store, looks into it, and leaves it for you to explore. Nothing below is prepared: it shows what ran, just now, on this machine.',
);
pause();
facts([
  ['store', store],
  ['machine', `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}`],
  ['Node.js and its SQLite', `${process.versions.node}, ${process.versions['sqlite'] ?? 'unknown'}`],
]);

{
  // The shop traded in the three weeks before today; what follows is recorded when it happens.
  const openedAt = new Date(Math.floor(Date.now() / dayMs - days) * dayMs);
  const clock = settableClock(openedAt);
  await using opened = await openStore(store, { now: clock.now });
  await explainComplaint(opened, clock, openedAt);
}

chapter(2, 'A real event log');
say(
  'The permit desk of a Dutch municipality: 1,434 applications and every task that was done on them, from the package pm4js (BSD-3-Clause). Each application becomes a stream; which column means what stands in examples/demo/permits.mapping.json.',
);
pause();
await run([...importPermits, ...inStore]);
pause();
await run(['read', 'case-10011', ...inStore]);
pause();
say('Importing it again changes nothing. Killed in the middle, it would go on where it was.');
pause();
await run([...importPermits, ...inStore]);

{
  await using opened = await openStore(store);
  await hurry(opened);
  await followAndRebuild(opened, {
    mails: join(folder, 'mails.jsonl'),
    rebuild: ['projections', 'rebuild', 'open-orders', ...withDeciders],
  });
}

await waitForPayment();

chapter(6, 'What is in the store now');
await run(['tail', '-n', '5', ...inStore]);
pause();
await run(['check', ...inStore]);

chapter(7, 'Go on from here');
say(
  `All of that took ${((performance.now() - startedAt) / 1000).toFixed(0)} seconds. The store is yours. Explain the complaint yourself, with the command and nothing else:`,
);
pause();
suggest(['timeline', 'order-17', ...withDeciders], 'what happened to the order, event by event');
suggest(
  ['diff', 'order-17', 'before release 2.4.0', 'release 2.4.0', ...withDeciders],
  'what changed while a release wrote',
);
suggest(['blame', 'order-17', '/items', ...withDeciders], 'who set which price, by which release');
suggest(
  ['bisect', '--category', 'order', '--where', isWrong, ...withDeciders],
  'every order whose total was ever wrong',
);
suggest(['why', 'complaint-1@1', ...inStore], 'what led to the complaint');
pause();
say('And the rest:');
pause();
suggest(['state', 'order-wholesale', '--as-of', '500', ...withDeciders], 'the long order as it was at version 500');
suggest(['projections', 'check', 'open-orders', ...withDeciders], 'compare the table with a fresh fold of all events');
suggest(
  ['effects', 'order-mails', '--stream', 'order-17', ...withDeciders],
  'what customers were written, under which keys',
);
suggest(['consumers', ...inStore], 'whatever follows the log, and how far it is');
suggest(['state', 'case-10011', ...withDeciders], 'what became of an application');
suggest(['read', '--tag', 'person:Resource21', '-n', '5', ...inStore], 'what one person of the desk did');
suggest(['tail', '-f', ...inStore], 'follow what is appended, and in a second terminal:');
suggest(['append', 'order-17', 'OrderReturned', '{"why":"too dear"}', ...inStore], 'append something yourself');
suggest(['export', join(folder, 'orders.csv'), '--category', 'order', ...inStore], 'take the orders to a spreadsheet');
suggest(['--help'], 'everything else');

/** Makes an empty folder of what an earlier run left. A folder with anything else in it is not ours to empty. */
async function makeRoom(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  if (names.some((name) => !/^(?:desk\.db|mails\.jsonl|orders\.csv)/.test(name))) {
    console.error(`${folder} holds other files than those of a demo; name a new folder.`);
    process.exit(1);
  }
  for (const name of names) await rm(join(folder, name));
}
