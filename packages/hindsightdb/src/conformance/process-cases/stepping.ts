/** Process managers: each input one step, timers in their order among what is recorded, each command of a step submitted once. */

import type { AppendBatch } from '../../engine/contract.ts';
import { equal, holds } from '../assertions.ts';
import { dyingAt } from '../command-cases/dying-engine.ts';
import { obedient, processArea, type ProcessArea } from './process-scene.ts';

/** Process managers. */
export const stepping: ProcessArea = processArea('process managers', {
  'each input is one step, in the order of its instance, and is handled once': async (scene) => {
    for (const text of ['a', 'b', 'c'])
      for (const streamId of ['case-1', 'case-2']) await scene.tell(streamId, { text });
    await scene.advance();
    await scene.advance();
    for (const streamId of ['case-1', 'case-2']) {
      equal(await scene.seen(streamId), ['a', 'b', 'c'], `What was handled for ${streamId}`);
      equal(await scene.stepCount(streamId), 3, 'The number of steps');
    }
  },

  'after a sudden end right behind a step it is not taken again': async (scene) => {
    for (const text of ['a', 'b', 'c', 'd']) await scene.tell('case-1', { text });
    const dying = dyingAt(scene.log.engine, nthStep(2));
    await scene.advanceDying(dying.engine);
    holds(dying.isDead(), 'It did not come to its end.');
    await scene.advance();
    equal(await scene.seen('case-1'), ['a', 'b', 'c', 'd'], 'What was handled');
    equal(await scene.stepCount('case-1'), 4, 'The number of steps');
  },

  'timers of an instance fire in the order of their times, once, and not before': async (scene) => {
    await scene.tell('case-1', { set: { first: 300, second: 200, third: 100 } });
    await scene.advance();
    if (scene.log.clock.isExact) equal(await scene.seen('case-1'), [], 'What fired at once');
    await scene.pass(400);
    await scene.advance();
    await scene.advance();
    equal(await scene.seen('case-1'), ['third', 'second', 'first'], 'What was handled');
    equal(await scene.stepCount('case-1'), 4, 'The number of steps');
  },

  'a timer fires behind what was recorded before it was due, and before what came later, however late it is': async (
    scene,
  ) => {
    await scene.tell('case-1', { set: { first: 200 } });
    await scene.tell('case-2', { set: { first: 200 } });
    await scene.advance();
    await scene.pass(50);
    await scene.tell('case-1', { text: 'in time', cancel: 'first' });
    await scene.tell('case-2', { text: 'in time' });
    await scene.pass(300);
    for (const streamId of ['case-1', 'case-2']) await scene.tell(streamId, { text: 'too late' });
    await scene.advance();
    equal(
      await scene.seen('case-1'),
      ['in time', 'too late'],
      'What was handled where the timer was cancelled in time',
    );
    equal(await scene.seen('case-2'), ['in time', 'first', 'too late'], 'What was handled where it was not');
  },

  'a timer that is set again fires at its new time alone, and none fires once the instance has ended': async (
    scene,
  ) => {
    await scene.tell('case-1', { set: { first: 100 } });
    await scene.tell('case-2', { set: { first: 100 } });
    await scene.advance();
    await scene.tell('case-1', { set: { first: 400 } });
    await scene.tell('case-2', { text: 'ended', end: true });
    await scene.advance();
    await scene.pass(150);
    await scene.tell('case-2', { text: 'after the end' });
    await scene.advance();
    if (scene.log.clock.isExact) equal(await scene.seen('case-1'), [], 'What fired at the old time');
    await scene.pass(400);
    await scene.advance();
    equal(await scene.seen('case-1'), ['first'], 'What was handled where it was set again');
    equal(await scene.seen('case-2'), ['ended'], 'What was handled where the instance has ended');
  },

  'the commands of a step are submitted once, also where it ended suddenly before they were': async (scene) => {
    await scene.tell('case-1', { text: 'issuing', add: 3 });
    const beforeSubmitting = dyingAt(scene.log.engine, nthStep(1));
    await scene.advanceDying(beforeSubmitting.engine);
    holds(beforeSubmitting.isDead(), 'It did not come to its end.');
    equal(await scene.log.versionOf('$command.counter-1'), 0, 'The number of commands after the first end');
    const rightBehind = dyingAt(scene.log.engine, ({ key }) => key?.key.startsWith('$command/') === true);
    await scene.advanceDying(rightBehind.engine);
    holds(rightBehind.isDead(), 'It did not come to its second end.');
    await scene.advance();
    await scene.advance();
    equal([...(await scene.decide()).values()], ['decided'], 'What became of the commands');
    equal(await scene.stepCount('case-1'), 1, 'The number of steps');
  },

  'a timer that fired right before a sudden end has fired, and its command is submitted once': async (scene) => {
    await scene.tell('case-1', { set: { first: 50 } });
    await scene.advance();
    await scene.pass(60);
    const dying = dyingAt(scene.log.engine, nthStep(1));
    await scene.advanceDying(dying.engine);
    holds(dying.isDead(), 'It did not come to its end.');
    await scene.advance();
    equal(await scene.seen('case-1'), ['first'], 'What was handled');
    equal([...(await scene.decide()).values()], ['decided'], 'What became of the commands');
  },

  'a command that is rejected is told of, once': async (scene) => {
    await scene.tell('case-1', { text: 'issuing', add: -5 });
    await scene.advance();
    equal([...(await scene.decide()).values()], ['rejected'], 'What became of the command');
    await scene.advance();
    await scene.advance();
    equal(await scene.seen('case-1'), ['issuing', 'rejected'], 'What was handled');
  },

  'two that run it share the instances, and each input is one step': async (scene) => {
    const { runtime } = scene;
    const instances = ['case-1', 'case-2', 'case-3', 'case-4', 'case-5', 'case-6'];
    const texts = ['a', 'b', 'c', 'd'];
    for (const store of [scene.store, await scene.another()]) {
      const consumer = await runtime.runProcess(store, obedient(4));
      scene.atEnd(async () => await consumer.stop({ timeoutMs: 0 }));
    }
    for (const text of texts) for (const streamId of instances) await scene.tell(streamId, { text, add: 1 });
    for (const streamId of instances)
      await scene.log.eventually('The last step', async () => (await scene.seen(streamId)).length >= texts.length);
    for (const streamId of instances) equal(await scene.seen(streamId), texts, `What was handled for ${streamId}`);
    await scene.log.eventually(
      'The last command',
      async () => (await scene.log.versionOf('$command.counter-1')) >= texts.length * instances.length,
    );
    equal((await scene.decide()).size, texts.length * instances.length, 'The number of commands');
  },
});

/** Whether an append holds the step of this number since the process began. */
function nthStep(number: number): (batch: AppendBatch) => boolean {
  let count = 0;
  return ({ key }) => key?.key.startsWith('$step/') === true && (count += 1) === number;
}
