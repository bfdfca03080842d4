/** Inboxes: what arrives from elsewhere is taken once, and in the order of its source where that is asked for. */

import { openInbox, type Received } from '../../consumers/index.ts';
import type { AppendRequest } from '../../store/append.ts';
import { equal, holds } from '../assertions.ts';
import type { Area } from '../area.ts';
import { followerArea, placed, type Placed } from './follower-scene.ts';

/** What a message leads to: an event of one order, which tells by its amount which message it was. */
function orderOf(cents: number): AppendRequest {
  return { streams: [{ streamId: 'order-1', events: [placed(cents)] }] };
}

/** Inboxes. */
export const receiving: Area = followerArea('inboxes', {
  'a message is taken once, however often and however many at a time it arrives': async ({ store }) => {
    await using inbox = openInbox(store, { name: 'shop' });
    const received: Received[] = await Promise.all(
      Array.from({ length: 6 }, async () => await inbox.receive({ source: 'partner', id: 'm1' }, orderOf(1))),
    );
    equal(received.filter(({ kind }) => kind === 'appended').length, 1, 'How often it was appended');
    equal(received.filter(({ kind }) => kind === 'duplicate').length, 5, 'How often it was known');
    const again = await inbox.receive({ source: 'partner', id: 'm1' }, orderOf(1));
    holds(again.kind === 'duplicate' && again.result?.version === 1, 'The first answer was not given again.');
    equal(
      (await inbox.receive({ source: 'other', id: 'm1' }, orderOf(2))).kind,
      'appended',
      'The same id of another source',
    );
    equal((await store.readLog().toArray()).length, 2, 'The number of events');
  },

  'messages that come early wait, and are taken in the order of their numbers': async ({ store }) => {
    const take = async (sequence: number): Promise<string> => {
      await using inbox = openInbox(store, { name: 'shop', order: 'sequence' });
      const { kind } = await inbox.receive({ source: 'partner', id: `m${sequence}`, sequence }, orderOf(sequence));
      return kind;
    };
    equal([await take(3), await take(2), await take(1)], ['waiting', 'waiting', 'appended'], 'What became of them');
    const taken = await store.readStream<Placed>('order-1').toArray();
    equal(
      taken.map(({ data }) => data.cents),
      [1, 2, 3],
      'The order in which they were taken',
    );
    equal(await take(2), 'duplicate', 'What becomes of one that came again');
  },
});
