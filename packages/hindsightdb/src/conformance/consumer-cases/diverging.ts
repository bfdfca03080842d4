/** Consumers whose place does not fit the log: it was restored, shortened, swapped, or copied and written to on both sides. */

import type { Divergence } from '../../consumers/index.ts';
import { isHindsightError } from '../../core/errors.ts';
import type { LogIdentity, NewEvent } from '../../engine/contract.ts';
import type { Store } from '../../store/store.ts';
import { equal, fail, holds, outcomeOf } from '../assertions.ts';
import { engineWith } from '../engine-with.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import {
  consumerArea,
  nameOf,
  namesOf,
  equalHandled,
  type ConsumerArea,
  type ConsumerScene,
} from './consumer-scene.ts';

const streams = ['order-1', 'order-2', 'cart-1'];

/** Two logs with the same beginning, and a third that holds progress. */
interface Copies {
  readonly original: Store;
  /** The copy, under an identity. */
  readonly copy: (identity: LogIdentity) => Store;
  readonly home: Store;
  /** The end of what both have. */
  readonly heads: readonly number[];
  readonly copied: LogUnderTest;
}

async function copiesOf(scene: ConsumerScene): Promise<Copies> {
  const copied = await scene.twin();
  const home = await scene.twin();
  for (let round = 0; round < 2; round += 1)
    for (const streamId of streams) {
      const event: NewEvent = scene.log.make.one();
      await scene.log.append(streamId, [event]);
      await copied.append(streamId, [event]);
    }
  const heads = await copied.engine.heads();
  equal(heads, await scene.log.engine.heads(), 'The heads of two logs that were written alike');
  return {
    original: scene.store,
    copy: (identity) => scene.storeOver(engineWith(copied.engine, { identity })),
    home: scene.storeOver(home.engine),
    heads,
    copied,
  };
}

/** The identity of the original after a restore to where the copy ends. */
function restored({ identity }: LogUnderTest['engine'], heads: readonly number[], beganAt: number): LogIdentity {
  const firstPositions = heads.map((head) => head + 1);
  return { ...identity, lineage: [...identity.lineage, { epoch: 'after-the-restore', firstPositions, beganAt }] };
}

/** What a start that must be refused says of the two histories. */
async function divergenceOf(scene: ConsumerScene, name: string, store: Store, home: Store): Promise<Divergence> {
  const outcome = await outcomeOf(() => scene.start(name, () => {}, { progressIn: home }, store));
  if (outcome.kind === 'fulfilled') fail('A consumer was started whose place does not fit the log.');
  holds(isHindsightError(outcome.reason, 'CONSUMER_DIVERGED'), `It was refused with ${String(outcome.reason)}.`);
  // What the runtime puts into the details of an error with that code.
  return Reflect.get(outcome.reason, 'details') as Divergence;
}

/** Other histories. */
export const diverging: ConsumerArea = consumerArea('another history', {
  'after a restore the exact place where the histories part is told, and nothing is done': async (scene) => {
    const { original, copy, home, heads } = await copiesOf(scene);
    await scene.appendRounds(streams, 1);
    await scene.appendRounds(['order-1'], 2);
    await scene.collect('restored', { progressIn: home }, original);
    const ahead = sum(await scene.log.engine.heads()) - sum(heads);
    const store = copy(restored(scene.log.engine, heads, scene.log.clock.now()));
    const before = await home.context.engine.keyedScan({ prefix: '', limit: 100 });
    const { aheadBy, parted, kind } = await divergenceOf(scene, 'restored', store, home);
    equal([kind, aheadBy], ['diverged', ahead], 'By how much the consumer is ahead');
    equal(
      parted?.map(({ sameUpTo }) => sameUpTo),
      heads,
      'Up to where the histories are the same',
    );
    equal(await home.context.engine.keyedScan({ prefix: '', limit: 100 }), before, 'What is recorded of it');
  },

  'after a restore it is rewound to the common place, or begins anew, as it is told': async (scene) => {
    const { original, copy, home, heads, copied } = await copiesOf(scene);
    await scene.appendRounds(streams, 1);
    for (const name of ['rewind', 'reset']) await scene.collect(name, { progressIn: home }, original);
    const store = copy(restored(scene.log.engine, heads, scene.log.clock.now()));
    await copied.append('order-2', [scene.log.make.one()]);
    const rewound = await scene.collect('rewind', { progressIn: home, onDiverged: 'rewind' }, store);
    equalHandled(rewound, ['order-2 3'], 'What it handled that was rewound');
    const reset = await scene.collect('reset', { progressIn: home, onDiverged: 'reset' }, store);
    equalHandled(reset, [...namesOf(streams, 2), 'order-2 3'], 'What it handled that was reset');
    await copied.append('order-2', [scene.log.make.one()]);
    for (const name of ['rewind', 'reset'])
      equalHandled(await scene.collect(name, { progressIn: home }, store), ['order-2 4'], `Afterwards, ${name}`);
  },

  'a log that was shortened, or copied and written to on both sides, is noticed by the events themselves': async (
    scene,
  ) => {
    const { original, copy, home, heads, copied } = await copiesOf(scene);
    await scene.collect('shortened', { progressIn: home }, original);
    await scene.appendRounds(['order-1'], 4);
    await scene.collect('shortened', { progressIn: home }, original);
    // Its epoch is that of the original: it was copied by hand.
    const store = copy(scene.log.engine.identity);
    const shortened = await divergenceOf(scene, 'shortened', store, home);
    equal(shortened.kind, 'ahead', 'The kind of the divergence');
    const cut = scene.log.partitionOf('order-1');
    for (const [partition, { sameUpTo, differentFrom }] of (shortened.parted ?? []).entries()) {
      const head = heads[partition] ?? 0;
      holds(
        sameUpTo <= head && (partition === cut ? differentFrom === head + 1 : differentFrom === undefined),
        `Partition ${partition} was cut behind ${head}, and is said to be the same up to ${sameUpTo} and to differ from ${differentFrom}.`,
      );
    }
    for (let index = 0; index < 5; index += 1) await copied.append('order-1', [scene.log.make.one()]);
    const parted = await divergenceOf(scene, 'shortened', store, home);
    equal(parted.kind, 'diverged', 'The kind of the divergence when both were written to');
    await scene.collect('shortened', { progressIn: home, onDiverged: 'reset' }, store);
  },

  'another log is foreign: the consumer stops, and begins anew when it is told': async (scene) => {
    const { original, home } = await copiesOf(scene);
    await scene.collect('foreign', { progressIn: home }, original);
    const foreign = await scene.twin();
    const store = scene.storeOver(foreign.engine);
    await foreign.append('note-1', [scene.log.make.one()]);
    const { kind, aheadBy } = await divergenceOf(scene, 'foreign', store, home);
    equal([kind, aheadBy], ['foreign', undefined], 'What is told');
    const rewind = await outcomeOf(() =>
      scene.start('foreign', () => {}, { progressIn: home, onDiverged: 'rewind' }, store),
    );
    holds(rewind.kind === 'rejected', 'A consumer was rewound to a place that two logs do not have in common.');
    const options = { progressIn: home, onDiverged: 'reset' } as const;
    equal(await scene.collect('foreign', options, store), ['note-1 1'], 'What it handled anew');
  },

  'a reaction stands paused after a restore, until it is resumed, and does nothing again': async (scene) => {
    const { copied, copy, heads } = await copiesOf(scene);
    const did: string[] = [];
    const act = (event: Parameters<typeof nameOf>[0]): void => void did.push(nameOf(event));
    const before = await scene.react('mails', act, copy(scene.log.engine.identity));
    await scene.settle(before, copy(scene.log.engine.identity));
    await before.stop();
    const store = copy(restored(scene.log.engine, heads, scene.log.clock.now()));
    await copied.append('order-1', [scene.log.make.one()]);
    const after = await scene.react('mails', act, store);
    await scene.eventually('The pause', () => after.state.kind === 'paused');
    const { status, reason = '' } = await scene.runtime.consumerInfo(store, 'mails');
    equal(status, 'paused', 'The status');
    holds(reason.includes('restored'), `The reason is: ${reason}`);
    equalHandled(did, namesOf(streams, 2), 'What was done before it was resumed');
    await scene.runtime.resumeConsumer(store, 'mails');
    await scene.settle(after, store);
    equalHandled(did, [...namesOf(streams, 2), 'order-1 3'], 'What was done');
  },

  'progress that is kept in another store is kept there alone': async (scene) => {
    const { original, home } = await copiesOf(scene);
    await scene.collect('elsewhere', { progressIn: home }, original);
    equal(await scene.log.engine.keyedScan({ prefix: '', limit: 10 }), [], 'What the log itself holds of it');
    await scene.appendRounds(['order-1'], 1);
    const seen = await scene.collect('elsewhere', { progressIn: home }, original);
    equal(seen, ['order-1 3'], 'What it handled next');
    await scene.runtime.resetConsumer(home, 'elsewhere');
    const again = await scene.collect('elsewhere', { progressIn: home }, original);
    equalHandled(again, [...namesOf(streams, 2), 'order-1 3'], 'What it handled after a reset');
  },
});

function sum(positions: readonly number[]): number {
  return positions.reduce((total, position) => total + position, 0);
}
