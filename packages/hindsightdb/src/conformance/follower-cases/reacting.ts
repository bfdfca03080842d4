/** Reactions act on the world at least once, under one key, and never for what is replayed. Gateways remember what they were told. */

import { listLetters, removeConsumer, rewindConsumer, resetConsumer } from '../../consumers/index.ts';
import type { Consumer } from '../../consumers/index.ts';
import type { Recorded } from '../../core/event.ts';
import { defineProjection, documents, foldLive } from '../../projections/index.ts';
import {
  ask,
  defineGateway,
  defineReaction,
  effect,
  guardEffect,
  replayingGateway,
  runReaction,
  type EffectContext,
  type Reaction,
  type ReactionOptions,
} from '../../reactions/index.ts';
import type { AnyStore } from '../../store/context-of.ts';
import { equal, holds, refuses } from '../assertions.ts';
import type { Area } from '../area.ts';
import { mortalHandle } from '../engine-with.ts';
import { followerArea, placed, twoTries, type FollowerScene, type Placed } from './follower-scene.ts';

/** What was done, as the world saw it. */
interface Deed {
  readonly key: string;
  readonly cents: number;
}

type Perform = (data: { readonly cents: number }, context: EffectContext) => unknown;

function mails(perform: Perform, options: Partial<ReactionOptions> = {}): Reaction {
  return defineReaction({
    name: 'mails',
    startAt: 'beginning',
    retry: twoTries,
    leaseMs: 100,
    ...options,
    effects: { mail: (data: { cents: number }, context: EffectContext) => perform(data, context) },
    on: {
      Placed: ({ data }: Recorded<Placed>) => [effect('mail', { cents: data.cents }), effect('mail', { cents: 0 })],
    },
  });
}

async function run(scene: FollowerScene, reaction: Reaction, store: AnyStore = scene.store): Promise<void> {
  await using running: Consumer = await runReaction(store, reaction);
  await running.waitFor(await scene.store.head(), { timeoutMs: scene.log.patienceMs });
}

/** Reactions and gateways. */
export const reacting: Area = followerArea('reactions', {
  'each effect is done once under a key of its own, in the order of its entity': async (scene) => {
    const deeds: Deed[] = [];
    await scene.store.append('order-1', [placed(1), placed(2)]);
    await scene.place({ 'order-2': 3 });
    await run(
      scene,
      mails(({ cents }, { key }) => void deeds.push({ key, cents })),
    );
    const ofFirst = deeds.map(({ cents }) => cents).filter((cents) => cents !== 3);
    equal(
      ofFirst.filter((cents) => cents > 0),
      [1, 2],
      'Effects of the first order',
    );
    equal(new Set(deeds.map(({ key }) => key)).size, 6, 'The number of keys');
    holds(deeds.length === 6, `${deeds.length} effects were done, and there are 6.`);
  },

  'what fails is tried again under its key with the same data, then set aside with what follows': async (scene) => {
    const tries: Deed[] = [];
    await scene.store.append('order-1', [placed(1), placed(2)]);
    await scene.place({ 'order-2': 3 });
    const perform: Perform = ({ cents }, { key }) => {
      tries.push({ key, cents });
      if (cents === 1) throw new Error('no such address');
    };
    await run(scene, mails(perform));
    const failed = tries.filter(({ cents }) => cents === 1);
    equal([failed.length, new Set(failed.map(({ key }) => key)).size], [2, 1], 'Tries and keys of what fails');
    equal(
      tries.filter(({ cents }) => cents === 2),
      [],
      'What was done behind it',
    );
    const letters: (readonly [number, string])[] = [];
    for await (const { version, state } of listLetters(scene.store, 'mails')) letters.push([version, state]);
    equal(
      letters,
      [
        [1, 'failed'],
        [2, 'waiting'],
      ],
      'The letters',
    );
  },

  'after a crash between doing and recording, the same is done again under the same key': async (scene) => {
    const deeds: Deed[] = [];
    await scene.place({ 'order-1': 1 });
    const mortal = mortalHandle(scene.log.engine);
    const dying: Perform = ({ cents }, { key }) => {
      deeds.push({ key, cents });
      mortal.die();
    };
    const first = await runReaction(scene.storeOver(mortal.engine), mails(dying));
    await scene.log.eventually('The first effect', async () => deeds.length > 0);
    await first.stop({ timeoutMs: 0 });
    await scene.log.clock.pass(1_000_000);
    await run(
      scene,
      mails(({ cents }, { key }) => void deeds.push({ key, cents })),
    );
    equal(deeds.filter(({ cents }) => cents === 1).length >= 2, true, 'Whether what was not recorded was done again');
    equal(new Set(deeds.map(({ key, cents }) => `${key} ${cents}`)).size, 2, 'Different keys with their data');
  },

  'a new version begins above what the last one planned, and nothing below the fence is done again': async (scene) => {
    const deeds: number[] = [];
    const perform: Perform = ({ cents }) => void (cents > 0 && deeds.push(cents));
    await scene.place({ 'order-1': 1 });
    await run(scene, mails(perform));
    await scene.place({ 'order-1': 2 });
    await run(scene, mails(perform, { version: 2 }));
    equal(deeds, [1, 2], 'What was done by both versions');
    await refuses('Taking a reaction back', () => rewindConsumer(scene.store, 'mails', 'beginning'), 'REPLAY_REFUSED');
    await refuses('Resetting a reaction', () => resetConsumer(scene.store, 'mails'), 'REPLAY_REFUSED');
    await removeConsumer(scene.store, 'mails');
    await run(scene, mails(perform, { version: 2 }));
    equal(deeds, [1, 2], 'What was done after its progress was removed');
  },

  'a fold that reaches for the world is refused, and so is a handler of a projection': async (scene) => {
    let sent = 0;
    const send = guardEffect(() => (sent += 1));
    const view = documents<{ readonly answer: number }>();
    const projection = defineProjection({
      name: 'sending',
      view,
      on: { Placed: ({ id }: Recorded<Placed>) => view.set(id, { answer: send() }) },
    });
    await scene.place({ 'order-1': 1 });
    await refuses('A handler that sends', () => foldLive(scene.store, projection), 'VIEW_HANDLER_FAILED');
    const fold = { initialState: 0, evolve: () => send() };
    await refuses('A fold that sends', () => scene.store.load(fold, 'order-1'), 'EFFECT_IN_REPLAY');
    equal(sent, 0, 'What was sent');
  },

  'a gateway gives the answer that it recorded, and in a replay nothing else': async (scene) => {
    let asked = 0;
    const rates = defineGateway({ name: 'rates', ask: async (pair: string) => ({ pair, rate: (asked += 1) }) });
    const { store } = scene;
    const answers = await Promise.all(
      [1, 2, 3].map(async () => await ask(store, rates, 'EUR/USD', { for: 'command-1' })),
    );
    equal(new Set(answers.map(({ rate }) => rate)).size, 1, 'The number of different answers to one question');
    equal(
      await ask(store, replayingGateway(rates), 'EUR/USD', { for: 'command-1' }),
      answers[0],
      'The answer in a replay',
    );
    await refuses(
      'A question in a replay that was never asked',
      () => ask(store, replayingGateway(rates), 'EUR/CHF', { for: 'command-1' }),
      'GATEWAY_UNANSWERED',
    );
  },
});
