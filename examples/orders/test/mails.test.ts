/** Each mail is sent once, whatever happens between. */

import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { handle, openStore, type Store } from 'hindsightdb';
import { listLetters, resetConsumer, retryAllLetters, type Letter } from 'hindsightdb/consumers';
import { rebuildProjection } from 'hindsightdb/projections';
import { runReaction } from 'hindsightdb/reactions';
import { customerHistory } from '../customer-history.ts';
import { Mailer } from '../mailer.ts';
import { openOrders } from '../open-orders.ts';
import { orderMails, type MailRoom } from '../order-mails.ts';
import { order } from '../order.ts';

const address = { street: 'Mill Lane 3', city: 'Bremen' };

async function mailFile(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hindsight-mails-'));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, 'mails.jsonl');
}

async function mailsIn(path: string): Promise<readonly { readonly to: string; readonly subject: string }[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as { to: string; subject: string });
}

async function sellTwo(store: Store): Promise<void> {
  for (const [orderId, customer] of [
    ['order-1', 'ada'],
    ['order-2', 'ben'],
  ] as const) {
    await handle(store, order, orderId, { do: 'place', customer, address });
    await handle(store, order, orderId, { do: 'add', sku: 'tea', quantity: 1, unitCents: 850 });
    await handle(store, order, orderId, { do: 'ship', carrier: 'bike' });
  }
}

async function lettersOf(store: Store): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  for await (const letter of listLetters(store, 'order-mails')) letters.push(letter);
  return letters;
}

/** Runs the reaction until it has handled everything that is there. */
async function sendAll(room: MailRoom): Promise<void> {
  await using mails = await runReaction(room.store, orderMails(room));
  await mails.waitFor(await room.store.head());
}

suite('a mail', () => {
  test('is sent once, also across restarts, rebuilds and new versions of what sends it', async (context) => {
    const path = await mailFile(context);
    await using store = await openStore('memory:');
    await sellTwo(store);
    {
      await using mailer = await Mailer.open(path);
      await sendAll({ store, mailer, startAt: 'beginning' });
      assert.equal(mailer.sentCount, 4);
    }
    assert.deepEqual((await mailsIn(path)).map(({ to, subject }) => `${to}: ${subject}`).toSorted(), [
      'ada@example.org: We have order-1',
      'ada@example.org: order-1 is on its way',
      'ben@example.org: We have order-2',
      'ben@example.org: order-2 is on its way',
    ]);
    await using mailer = await Mailer.open(path);
    await sendAll({ store, mailer, startAt: 'beginning' });
    for (const projection of [openOrders, customerHistory]) await rebuildProjection(store, projection);
    await sendAll({ store, mailer, startAt: 'beginning', version: 2 });
    await assert.rejects(resetConsumer(store, 'order-mails'), { code: 'REPLAY_REFUSED' });
    assert.deepEqual([mailer.sentCount, mailer.repetitionCount], [4, 0]);
  });

  test('of an order that was placed before the shop sent any is not sent', async (context) => {
    await using store = await openStore('memory:');
    await sellTwo(store);
    await using mailer = await Mailer.open(await mailFile(context));
    await sendAll({ store, mailer, startAt: 'now' });
    assert.equal(mailer.sentCount, 0);
  });

  test('that could not be sent is set aside, and sent when it is tried again', async (context) => {
    const path = await mailFile(context);
    await using store = await openStore('memory:');
    await sellTwo(store);
    const closed = await Mailer.open(path);
    await closed.close();
    await sendAll({ store, mailer: closed, startAt: 'beginning' });
    const letters = await lettersOf(store);
    assert.deepEqual(
      letters.map(({ streamId, type, state }) => `${streamId} ${type} ${state}`),
      [
        'order-1 OrderPlaced failed',
        'order-1 OrderShipped waiting',
        'order-2 OrderPlaced failed',
        'order-2 OrderShipped waiting',
      ],
    );
    await using mailer = await Mailer.open(path);
    await retryAllLetters(store, 'order-mails');
    {
      await using mails = await runReaction(store, orderMails({ store, mailer, startAt: 'beginning' }));
      while ((await lettersOf(store)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await mails.stop();
    }
    assert.deepEqual([mailer.sentCount, mailer.repetitionCount], [4, 0]);
  });
});

suite('the mailer', () => {
  const mail = { to: 'ada@example.org', subject: 'Tea', text: 'It is ready.' };

  test('sends once under a key, counts repetitions, and remembers its keys', async (context) => {
    const path = await mailFile(context);
    const first = await Mailer.open(path);
    await Promise.all([first.send(mail, 'a'), first.send(mail, 'a'), first.send(mail, 'b')]);
    assert.deepEqual([first.sentCount, first.repetitionCount], [2, 1]);
    await first.close();
    await first.close();
    await using second = await Mailer.open(path);
    await second.send(mail, 'b');
    assert.deepEqual([second.sentCount, second.repetitionCount], [2, 1]);
    assert.equal((await mailsIn(path)).length, 2);
  });

  test('sends again what was half written when its process died', async (context) => {
    const path = await mailFile(context);
    const first = await Mailer.open(path);
    await first.send(mail, 'a');
    await first.close();
    await appendFile(path, '{"key":"b","to":"be');
    await using second = await Mailer.open(path);
    assert.equal(second.sentCount, 1);
    await second.send(mail, 'b');
    assert.deepEqual(
      (await mailsIn(path)).map(({ to }) => to),
      [mail.to, mail.to],
    );
  });
});
