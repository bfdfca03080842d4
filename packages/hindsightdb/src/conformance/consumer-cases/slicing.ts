/** Slices and leases: work is shared, taken over, and never recorded by whoever was deposed. */

import type { RecordedEvent } from '../../core/event.ts';
import { equal, holds, refuses } from '../assertions.ts';
import type { RunningConsumer } from '../consumer-runtime.ts';
import { mortalHandle } from '../engine-with.ts';
import {
  consumerArea,
  coversHandled,
  leaseMs,
  nameOf,
  namesOf,
  type ConsumerArea,
  type ConsumerScene,
} from './consumer-scene.ts';

const streams = ['order-1', 'order-2', 'order-3', 'cart-1', 'cart-2', 'cart-3', 'note-1', 'note-2'];

function slicesOf({ state }: RunningConsumer): readonly number[] {
  return state.kind === 'live' || state.kind === 'catchingUp' ? state.slices : [];
}

/** Two members that each hold half of four slices. */
async function twoMembers(
  scene: ConsumerScene,
  handle: (event: RecordedEvent, member: string) => void,
): Promise<{ readonly first: RunningConsumer; readonly second: RunningConsumer; readonly dieFirst: () => void }> {
  const mortal = mortalHandle(scene.log.engine);
  const options = { slices: 4, leaseMs, batchSizeMax: 4 };
  const start = (member: string, engine = mortal.engine): Promise<RunningConsumer> =>
    scene.start('shared', (event) => handle(event, member), options, scene.storeOver(engine));
  const first = await start('first');
  const second = await start('second', await scene.another());
  await scene.eventually('Two slices for each', () => slicesOf(first).length === 2 && slicesOf(second).length === 2);
  return { first, second, dieFirst: mortal.die };
}

/** Slices and leases. */
export const slicing: ConsumerArea = consumerArea('slices', {
  'entities are spread over the members that run it, each of them at one, every event handled': async (scene) => {
    const seen: string[] = [];
    const membersOf = new Map<string, Set<string>>();
    const { first, second } = await twoMembers(scene, (event, member) => {
      seen.push(nameOf(event));
      membersOf.set(event.streamId, (membersOf.get(event.streamId) ?? new Set()).add(member));
    });
    equal(
      [...slicesOf(first), ...slicesOf(second)].toSorted((left, right) => left - right),
      [0, 1, 2, 3],
      'The slices of both',
    );
    await scene.appendRounds(streams, 3);
    await scene.settle(first);
    await scene.settle(second);
    coversHandled(seen, namesOf(streams, 3), 'What was handled');
    equal(seen.length, streams.length * 3, 'How often in all');
    for (const [streamId, members] of membersOf) equal(members.size, 1, `The members at ${streamId}`);
    const workers = new Set([...membersOf.values()].flatMap((members) => [...members]));
    equal([...workers].toSorted(), ['first', 'second'], 'The members at work');
  },

  'the slices of a member that stops are taken over at once, and those of one that dies after its lease': async (
    scene,
  ) => {
    const seen: string[] = [];
    const { first, second, dieFirst } = await twoMembers(scene, (event) => void seen.push(nameOf(event)));
    await scene.appendRounds(streams, 1);
    await scene.settle(first);
    dieFirst();
    await scene.appendRounds(streams, 1);
    await scene.log.clock.pass(2 * leaseMs * 1000);
    await scene.eventually('The succession', () => slicesOf(second).length === 4);
    await scene.settle(second);
    coversHandled(seen, namesOf(streams, 2), 'What was handled, the first times');
    const third = await scene.start('shared', (event) => void seen.push(nameOf(event)), { slices: 4, leaseMs });
    await second.stop();
    await scene.eventually('The second succession', () => slicesOf(third).length === 4);
    await scene.appendRounds(streams, 1);
    await scene.settle(third);
    coversHandled(seen, namesOf(streams, 3), 'What was handled, the first times');
  },

  'a slice is not taken from a holder whose lease lasts': async (scene) => {
    await scene.appendRounds(['order-1'], 1);
    const seen: string[] = [];
    const gate = scene.gate();
    let isAt = false;
    const first = await scene.start('held', async () => {
      isAt = true;
      await gate.opened;
    });
    await scene.eventually('The first event', () => isAt);
    const store = scene.storeOver(await scene.another());
    const second = await scene.start('held', (event) => void seen.push(nameOf(event)), {}, store);
    await new Promise((resolve) => setTimeout(resolve, 300));
    equal([second.state.kind, seen], ['standby', []], 'The state of another member, and what it handled');
    gate.open();
    await scene.settle(first);
  },

  'nothing of a deposed holder is recorded: neither its place, nor its letters, nor its lease': async (scene) => {
    await scene.appendRounds(streams, 2);
    const mortal = mortalHandle(scene.log.engine);
    const gate = scene.gate();
    let isAt = false;
    const handle = async (): Promise<void> => {
      isAt = true;
      await gate.opened;
      throw new Error('too late');
    };
    const options = { leaseMs, retry: { attemptsMax: 1 } };
    const deposed = await scene.start('fenced', handle, options, scene.storeOver(mortal.engine));
    await scene.eventually('The first event', () => isAt);
    scene.atEnd(mortal.thaw);
    // As a process that is stopped: it writes nothing, while time goes by.
    mortal.freeze();
    await scene.log.clock.pass(3 * leaseMs * 1000);
    const seen: string[] = [];
    const other = scene.storeOver(await scene.another());
    const holder = await scene.start('fenced', (event) => void seen.push(nameOf(event)), options, other);
    await scene.settle(holder, other);
    await scene.eventually('A place that is recorded', async () => (await holder.lag()).positions === 0);
    const before = await entriesOf(scene);
    gate.open();
    mortal.thaw();
    await scene.eventually('The notice of the deposed', () => deposed.state.kind === 'standby');
    await new Promise((resolve) => setTimeout(resolve, 50));
    equal(await entriesOf(scene), before, 'What is recorded, before and after the deposed holder went on');
    coversHandled(seen, namesOf(streams, 2), 'What its successor handled');
  },

  'a consumer that is rewound while it works records nothing of what was at hand': async (scene) => {
    await scene.appendRounds(['order-1'], 4);
    const gate = scene.gate();
    const seen: string[] = [];
    let isAt = false;
    const handle = async (event: RecordedEvent): Promise<void> => {
      seen.push(nameOf(event));
      if (event.version !== 3 || isAt) return;
      isAt = true;
      await gate.opened;
    };
    const consumer = await scene.start('rewound', handle);
    await scene.eventually('The third event', () => isAt);
    await scene.runtime.resetConsumer(scene.store, 'rewound');
    gate.open();
    await scene.settle(consumer);
    const again = seen.lastIndexOf('order-1 1');
    holds(again > 0, 'It did not begin anew.');
    equal(seen.slice(again), namesOf(['order-1'], 4), 'What was handled after the reset');
  },

  'another number of slices, or another kind, is refused': async (scene) => {
    await scene.collect('fixed', { slices: 2 });
    await refuses('Other slices', () => scene.start('fixed', () => {}, { slices: 3 }), 'CONSUMER_MISMATCH');
    await refuses('Another kind', () => scene.react('fixed', () => {}, scene.store), 'CONSUMER_MISMATCH');
  },
});

/** Everything that the consumer has recorded but who holds it until when: leases are renewed all the time. */
async function entriesOf(scene: ConsumerScene): Promise<readonly string[]> {
  const entries = await scene.log.engine.keyedScan({ prefix: '', limit: 1000 });
  return entries
    .filter(({ key }) => key.includes('fenced'))
    .map(({ key, value }) => `${key} ${value.replaceAll(/"(expiresAt|writes)":\d+/g, '')}`);
}
