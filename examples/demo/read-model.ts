/**
 * The part of the demo that follows the log: mails are sent, a read model is built anew from all events meanwhile, and no mail
 * is sent again.
 */

import type { Store } from 'hindsightdb';
import { runProjection } from 'hindsightdb/projections';
import { runReaction } from 'hindsightdb/reactions';
import { Mailer } from '../orders/mailer.ts';
import { longestOpen, openOrders } from '../orders/open-orders.ts';
import { orderMails } from '../orders/order-mails.ts';
import { euros } from '../orders/price.ts';
import { chapter, facts, pause, run, say, timed } from './stage.ts';

const count = new Intl.NumberFormat('en-US');

/** Where the demo keeps its mails, and the command that rebuilds the view. */
export interface Following {
  readonly mails: string;
  readonly rebuild: readonly string[];
}

/** Sends the mails that are due, and rebuilds the open orders while the reaction goes on. */
export async function followAndRebuild(store: Store, { mails, rebuild }: Following): Promise<void> {
  chapter(4, 'Mails, and a read model that is built anew');
  await using mailer = await Mailer.open(mails);
  say(
    'What is done in the world follows from events as well: a mail for each order that is placed, shipped or cancelled. Each is planned in a journal before it is sent, under a key by which the mailer knows it again; this one writes into a file.',
  );
  pause();
  await using reaction = await runReaction(store, orderMails({ store, mailer, startAt: 'beginning' }));
  const place = await store.head();
  const { ms } = await timed(() => reaction.waitFor(place, { timeoutMs: 120_000 }));
  const before = mailer.sentCount;
  facts([
    ['mails sent', `${count.format(before)} in ${Math.round(ms)} ms`],
    ['in the file', mails],
  ]);
  pause();
  say('The open orders are a table that is computed from the same events:');
  pause();
  await using orders = await runProjection(store, openOrders);
  await orders.waitFor(place, { timeoutMs: 120_000 });
  const [longest] = await longestOpen(orders.view, 1);
  if (longest === undefined) throw new Error('The order of the wholesaler is open.');
  facts([['open the longest', `${longest.orderId}, ${count.format(longest.pieces)} pieces, ${euros(longest.cents)}`]]);
  pause();
  say(
    'It is built anew from all events, as after every change of what it computes. Readers see the old table until the new one is complete. Do the customers get their mails again? Both go on meanwhile:',
  );
  pause();
  await run(rebuild);
  pause();
  await orders.waitFor(await store.head());
  await reaction.waitFor(await store.head());
  facts([
    ['mails before and after', `${count.format(before)} and ${count.format(mailer.sentCount)}`],
    ['sent a second time', String(mailer.repetitionCount)],
  ]);
  if (mailer.sentCount !== before || mailer.repetitionCount > 0) throw new Error('A rebuild must not send mails.');
}
