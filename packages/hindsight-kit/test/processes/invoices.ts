/** A project with invoices that are reminded of and given up, at a time that the environment says. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { documentsOf, hindsight, start, type Document, type Ended, type Running } from '../hindsight-process.ts';
import { folderWithStore } from '../store-fixture.ts';

const config = `
import { defineDecider } from 'hindsightdb';
import { commandType, defineCommands } from 'hindsightdb/commands';
import { become, defineProcess, endProcess, issue, setTimer } from 'hindsightdb/processes';
import { defineTimers } from 'hindsightdb/timers';
const day = 86_400_000;
const invoice = defineDecider({
  category: 'invoice',
  initialState: null,
  decide: ({ type }) => {
    if (type === 'GiveUp') throw new Error('It is too much\\u001b[2J to be given up.');
    return { type: 'InvoiceReminded', data: null };
  },
  evolve: (state) => state,
});
const invoices = defineCommands({ decider: invoice, types: { Remind: commandType(), GiveUp: commandType() } });
const unpaid = defineProcess({
  name: 'unpaid',
  startAt: 'beginning',
  initialState: { reminders: 0 },
  commands: [invoices],
  retry: { attemptsMax: 1 },
  on: {
    InvoiceSent: ({ data }) => {
      if (data.cents === 0) throw new Error('There is nothing to be paid.');
      return [setTimer('late', { afterMs: 7 * day }), setTimer('lost', { afterMs: 14 * day })];
    },
    InvoicePaid: () => endProcess(),
  },
  timers: {
    late: ({ key, state }) => [
      become({ reminders: state.reminders + 1 }),
      issue(invoices, { type: 'Remind', streamId: key, data: null }),
    ],
    lost: ({ key }) => issue(invoices, { type: 'GiveUp', streamId: key, data: null }),
  },
  rejected: { GiveUp: () => endProcess() },
});
const reminders = defineTimers({
  name: 'reminders',
  retry: { attemptsMax: 1 },
  fire: ({ id, data }) => {
    if (id === 'bad') throw new Error('no such customer');
    return { streamId: 'note-' + id, events: [{ type: 'Reminded', data }] };
  },
});
const days = Number(process.env['DAYS'] ?? 0);
export default {
  store: './s.db',
  commands: [invoices],
  processes: [unpaid],
  timers: [reminders],
  options: { now: () => Date.parse('2026-03-01T09:00:00Z') * 1000 + days * day * 1000 },
};
`;

/** Where the project is, and its commands at a day of it. */
export interface Invoices {
  readonly folder: string;
  readonly at: (day: number, ...args: readonly string[]) => Promise<Ended>;
  readonly documentsAt: (day: number, ...args: readonly string[]) => Promise<Document[]>;
  readonly startAt: (day: number, ...args: readonly string[]) => Running;
}

/** Makes it, with invoices as they were sent on the first day. */
export async function invoices(
  context: TestContext,
  sent: Readonly<Record<string, number>>,
  more?: (store: Store) => Promise<void>,
): Promise<Invoices> {
  const folder = await folderWithStore(context);
  {
    const now = (): number => Date.parse('2026-03-01T08:00:00Z') * 1000;
    await using store = await openStore(join(folder, 's.db'), { now });
    for (const [streamId, cents] of Object.entries(sent))
      await store.append(streamId, [{ type: 'InvoiceSent', data: { cents }, metadata: { actor: 'ada' } }]);
    await more?.(store);
  }
  const imported = config.replaceAll(/'(hindsightdb[^']*)'/g, (_, name: string) =>
    JSON.stringify(import.meta.resolve(name)),
  );
  await writeFile(join(folder, 'hindsight.config.mjs'), imported);
  const options = (day: number) => ({ folder, environment: { DAYS: String(day) } });
  return {
    folder,
    at: (day, ...args) => hindsight(args, options(day)),
    documentsAt: async (day, ...args) => documentsOf((await hindsight([...args, '--json'], options(day))).stdout),
    startAt: (day, ...args) => start(args, options(day)),
  };
}
