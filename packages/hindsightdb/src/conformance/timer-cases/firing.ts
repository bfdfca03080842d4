/** Timers: set, moved and cancelled by id, and fired once in effect, in the order of their times. */

import { equal, holds } from '../assertions.ts';
import { dyingAt } from '../command-cases/dying-engine.ts';
import { bells, ring, timerArea, type TimerArea } from './timer-scene.ts';

/** Timers. */
export const firing: TimerArea = timerArea('timers', {
  'a timer is fired when its time has come, not before, and tells when it was due': async (scene) => {
    const { store, log } = scene;
    const dueAt = await scene.set('a', 400);
    equal(await scene.fire(), 0, 'How many fired before the time');
    equal((await scene.runtime.timerOf(store, { group: 'bells', id: 'a' }))?.dueAt, dueAt, 'When it is due');
    await scene.pass(400);
    if (log.clock.isExact) equal(await scene.fire(), 1, 'How many fired at the time');
    else await scene.fire();
    const [event] = await store.readStream('tower-1').toArray();
    equal([event?.occurredAt, event?.metadata.causationId], [dueAt, 'a'], 'What its event says');
    equal(await scene.runtime.timerOf(store, { group: 'bells', id: 'a' }), undefined, 'The timer afterwards');
    equal(await scene.fire(), 0, 'How many fired afterwards');
    equal(await scene.cancel('a'), false, 'Whether there was one to cancel');
  },

  'of two that fire the same timers at the same time, each timer is fired by one': async (scene) => {
    const other = await scene.another();
    for (let number = 0; number < 8; number += 1) await scene.set(`t${number}`, 10);
    await scene.pass(20);
    const gate = scene.gate();
    let atGate = 0;
    const waiting = bells(async (timer) => {
      atGate += 1;
      if (atGate === 2) gate.open();
      await gate.opened;
      return ring(timer);
    });
    const counts = await Promise.all([scene.fire(waiting), scene.fire(waiting, other)]);
    equal(counts[0] + counts[1], 8, 'How many both of them fired');
    await scene.log.eventually('The sight of them', async () => (await scene.rung()).length >= 8);
    equal((await scene.rung()).toSorted(), ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7'], 'What rang');
  },

  'timers are fired in the order of their times, also those that came due while nobody looked': async (scene) => {
    const order = [7, 2, 9, 4, 1, 8, 3, 6, 5];
    for (const place of order) await scene.set(`t${10 - place}`, place * 3, String(place));
    await scene.set('later', 3_600_000);
    await scene.pass(40);
    equal(await scene.fire(), order.length, 'How many fired');
    equal(await scene.rung(), ['1', '2', '3', '4', '5', '6', '7', '8', '9'], 'The order');
  },

  'a timer that is moved is fired at its new time, and not at the old one': async (scene) => {
    await scene.set('put off', 10, 'old');
    await scene.set('brought forward', 3_600_000, 'old');
    await scene.set('put off', 600, 'put off');
    const other = await scene.another();
    await scene.set('brought forward', 20, 'brought forward', other);
    await scene.pass(30);
    equal(await scene.fire(), 1, 'How many fired at first');
    equal(await scene.rung(), ['brought forward'], 'What rang at first');
    await scene.pass(600);
    await scene.fire();
    equal(await scene.rung(), ['brought forward', 'put off'], 'What rang in the end');
    const left: string[] = [];
    for await (const { id } of scene.runtime.listTimers(scene.store, { group: 'bells' })) left.push(id);
    equal(left, [], 'What is left');
  },

  'a timer that is moved or cancelled while it is fired is not fired as it was': async (scene) => {
    const other = await scene.another();
    await scene.set('moved', 10, 'old');
    await scene.set('cancelled', 10, 'old');
    await scene.pass(20);
    const gate = scene.gate();
    let isAt = false;
    const waiting = bells(async (timer) => {
      isAt = true;
      await gate.opened;
      return ring(timer);
    });
    const fired = scene.fire(waiting);
    await scene.log.eventually('The firing', async () => isAt);
    await scene.set('moved', 500, 'new', other);
    equal(await scene.cancel('cancelled', other), true, 'Whether there was one to cancel');
    gate.open();
    equal(await fired, 0, 'How many were fired');
    await scene.pass(500);
    await scene.fire();
    equal(await scene.rung(), ['new'], 'What rang');
  },

  'of firing and cancelling at the same time one happens, and whoever cancels is told which': async (scene) => {
    const other = await scene.another();
    const ids = Array.from({ length: 16 }, (_, number) => `t${number}`);
    for (const id of ids) await scene.set(id, 10);
    await scene.pass(20);
    const cancelling = Promise.all(ids.map(async (id) => ((await scene.cancel(id, other)) ? [id] : [])));
    await scene.fire();
    const cancelled = (await cancelling).flat();
    await scene.fire();
    await scene.log.eventually(
      'The sight of what rang',
      async () => (await scene.rung()).length + cancelled.length >= ids.length,
    );
    equal([...(await scene.rung()), ...cancelled].toSorted(), ids.toSorted(), 'What rang, and what was cancelled');
  },

  'what was set survives a sudden end, and so does what was fired right before it': async (scene) => {
    const { log } = scene;
    for (let number = 0; number < 5; number += 1) await scene.set(`t${number}`, 10 + number);
    await scene.pass(50);
    if (log.isDurable) await log.reopenAfterLoss();
    const dying = dyingAt(log.engine, ({ streams }) =>
      streams.some(({ events }) => events.some(({ record }) => record.includes('"t2"'))),
    );
    await scene.fire(bells(), scene.storeOver(dying.engine)).catch(() => undefined);
    holds(dying.isDead(), 'It did not come to its end.');
    await scene.fire(bells(), scene.storeOver(log.engine));
    const events = await scene.storeOver(log.engine).readStream('tower-1').toArray();
    equal(
      events.map(({ metadata }) => metadata.causationId),
      ['t0', 't1', 't2', 't3', 't4'],
      'What rang',
    );
  },

  'a timer that cannot be fired is tried again and set aside, while others fire; retried it fires': async (scene) => {
    const { store, runtime } = scene;
    await scene.set('bad', 10);
    await scene.set('good', 20);
    await scene.pass(30);
    let isMended = false;
    const failing = bells((timer) => {
      if (timer.id === 'bad' && !isMended) throw new Error('The bell is cracked.');
      return ring(timer);
    });
    const stateOfBad = async (): Promise<string | undefined> =>
      (await runtime.timerOf(store, { group: 'bells', id: 'bad' }))?.state;
    for (let turns = 0; turns < 10 && (await stateOfBad()) === 'pending'; turns += 1) {
      await scene.fire(failing);
      await scene.pass(20);
    }
    equal([await stateOfBad(), await scene.rung()], ['failed', ['good']], 'How it stands, and what rang');
    isMended = true;
    equal(await scene.fire(failing), 0, 'How many fired before it was retried');
    equal(await runtime.retryTimer(store, { group: 'bells', id: 'bad' }), true, 'Whether there was one to retry');
    await scene.fire(failing);
    equal(await scene.rung(), ['good', 'bad'], 'What rang');
  },

  'two that run timers all the time fire each once, in order, also those that are set meanwhile': async (scene) => {
    const { runtime, store } = scene;
    const other = await scene.another();
    for (const each of [store, other]) {
      const runner = runtime.runTimers(each, bells());
      scene.atEnd(async () => await runner.stop({ timeoutMs: 0 }));
    }
    const texts: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (let number = 0; number < 4; number += 1) {
        texts.push(`${round}.${number}`);
        await scene.set(`t${round}.${number}`, 5 + number, `${round}.${number}`, number % 2 === 0 ? store : other);
      }
      await scene.pass(40);
      await scene.log.eventually('The firing', async () => (await scene.rung()).length >= texts.length);
    }
    equal(await scene.rung(), texts, 'What rang');
  },
});
