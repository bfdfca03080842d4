/**
 * Waking followers: a follower that waits when it has seen everything is woken for whatever comes after.
 */

import { defineArea, type Area } from '../area.ts';
import { equal, holds } from '../assertions.ts';
import { oneStream } from '../event-maker.ts';
import { Follower } from '../follower.ts';
import { readWholeLog } from '../readings.ts';

/** Waking followers. */
export const waking: Area = defineArea('waking', {
  'a listener is called for every append that comes after a quiet time': async (log) => {
    let calls = 0;
    const end = log.engine.wake(() => (calls += 1));
    for (let round = 0; round < 5; round += 1) {
      const before = calls;
      await log.append('order-1', log.make.many(1));
      await log.eventually(`The call of a listener after append ${round}`, async () => calls > before);
      await quiet();
    }
    end();
  },

  'after a listener was called, a read shows the events that it was called for': async (log) => {
    const reads: Promise<number>[] = [];
    const partition = log.partitionOf('order-1');
    const end = log.engine.wake(() =>
      reads.push(readWholeLog(log.engine, { partition }).then(({ events }) => events.length)),
    );
    for (let round = 1; round <= 10; round += 1) {
      await log.append('order-1', log.make.many(1));
      await log.eventually(`A read that begins when the listener is called and shows ${round} events`, async () =>
        (await Promise.all(reads)).some((count) => count >= round),
      );
    }
    end();
    // A call without need may have come late; its read is to end before the log is closed.
    await Promise.all(reads);
  },

  'an ended listener is not called again, and ending it twice does no harm': async (log) => {
    let calls = 0;
    let others = 0;
    const end = log.engine.wake(() => (calls += 1));
    const endOther = log.engine.wake(() => (others += 1));
    end();
    end();
    await log.append('order-1', log.make.many(1));
    await log.eventually('The call of the other listener', async () => others > 0);
    await quiet();
    equal(calls, 0, 'How often the ended listener was called');
    endOther();
  },

  'every listener is called, and one that was given twice until it was ended twice': async (log) => {
    const counts = [0, 0, 0];
    let calls = 0;
    const same = (): void => {
      calls += 1;
    };
    const ends = counts.map((_, index) => log.engine.wake(() => (counts[index] = (counts[index] ?? 0) + 1)));
    const [endFirst, endSecond] = [log.engine.wake(same), log.engine.wake(same)];
    await log.append('order-1', log.make.many(1));
    await log.eventually('The call of every listener', async () => counts.every((count) => count > 0) && calls > 0);
    endFirst();
    const before = calls;
    await log.append('order-1', log.make.many(1));
    await log.eventually('The call of the listener that was given twice and ended once', async () => calls > before);
    for (const end of [...ends, endSecond]) end();
  },

  'no wake is lost between a read and the wait that follows it': async (log) => {
    const follower = new Follower(log.engine, { partition: log.partitionOf('order-1') });
    for (let round = 0; round < 60; round += 1) {
      const append = log.append('order-1', log.make.many(1));
      // Every way of interleaving: the append is begun before, and awaited at different moments of the follower's turn.
      for (let turn = 0; turn < round % 7; turn += 1) await Promise.resolve();
      await append;
      await log.eventually(
        `The sight of append ${round} by a waiting follower`,
        async () => follower.events.length === round + 1,
      );
    }
    await follower.end();
    equal(
      follower.events.map(({ version }) => version),
      Array.from({ length: 60 }, (_, index) => index + 1),
      'What the follower saw',
    );
  },

  'settings, removals and keyed answers do not keep a listener from later events': async (log) => {
    let calls = 0;
    const end = log.engine.wake(() => (calls += 1));
    await log.append('order-1', log.make.many(2), { key: { key: 'k', digest: 'd' } });
    await log.set('order-1', { truncateBefore: 2 });
    await log.remove('order-1', 2);
    await log.engine.append(oneStream('order-1', log.make.many(1), { key: { key: 'k', digest: 'd' } }));
    await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 77 }));
    await quiet();
    const before = calls;
    await log.append('order-1', log.make.many(1));
    await log.eventually('The call of the listener', async () => calls > before);
    end();
  },

  'a listener is called for the events of the store itself': async (log) => {
    let calls = 0;
    const end = log.engine.wake(() => (calls += 1));
    await log.set('order-1', { maxCount: 4 });
    await log.eventually('The call of the listener', async () => calls > 0);
    end();
  },

  'a follower that waits is woken when the log is closed, so that it can end': async (log) => {
    let calls = 0;
    log.engine.wake(() => (calls += 1));
    await quiet();
    const before = calls;
    await log.engine.close();
    await log.eventually('The call of the listener', async () => calls > before);
    holds(calls > before, 'The listener was not called.');
  },
});

/** Lets everything happen that is due at once. */
async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
