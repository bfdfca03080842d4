/** What becomes of events that cannot be handled: tries, dead letters in their sequence, and stops that say why. */

import type { RecordedEvent } from '../../core/event.ts';
import { equal, holds, refuses } from '../assertions.ts';
import {
  consumerArea,
  equalHandled,
  nameOf,
  namesOf,
  twoTries,
  type ConsumerArea,
  type ConsumerScene,
} from './consumer-scene.ts';

const streams = ['order-1', 'order-2', 'cart-1'];
/** `order-1` fails at its second event. */
const badName = 'order-1 2';
const handledAside = ['order-1 1', ...namesOf(['order-2', 'cart-1'], 4)];

interface Refusing {
  readonly seen: string[];
  /** Every call of the handler for an event that fails. */
  readonly tries: string[];
  readonly refused: Set<string>;
  readonly handle: (event: RecordedEvent) => void;
}

function refusing(...refused: readonly string[]): Refusing {
  const made = { seen: new Array<string>(), tries: new Array<string>(), refused: new Set(refused) };
  const handle = (event: RecordedEvent): void => {
    const name = nameOf(event);
    if (made.refused.has(name)) {
      made.tries.push(name);
      throw new Error(`no ${name}`);
    }
    made.seen.push(name);
  };
  return { ...made, handle };
}

/** Letters by version and state. */
async function lettersOf(scene: ConsumerScene, consumer: string): Promise<readonly string[]> {
  return (await scene.letters(consumer)).map((letter) => `${nameOf(letter)} ${letter.state}`);
}

/** Failures and letters. */
export const failing: ConsumerArea = consumerArea('failures', {
  'an event that fails is tried as often as was said and set aside with what follows of its entity, while others go on':
    async (scene) => {
      await scene.appendRounds(streams, 4);
      const { seen, tries, handle } = refusing(badName);
      const consumer = await scene.start('failing', handle, { retry: twoTries, batchSizeMax: 5 });
      await scene.settle(consumer);
      equal(tries, [badName, badName], 'The tries');
      equalHandled(seen, handledAside, 'What was handled');
      const expected = ['order-1 2 failed', 'order-1 3 waiting', 'order-1 4 waiting'];
      equal(await lettersOf(scene, 'failing'), expected, 'The letters');
      const [first] = await scene.letters('failing');
      equal([first?.attempts, first?.error?.message], [2, `no ${badName}`], 'What the first letter says');
    },

  'after a restart an entity still waits behind its letters': async (scene) => {
    await scene.appendRounds(streams, 3);
    const { seen, refused, handle } = refusing(badName);
    const first = await scene.start('restarted', handle, { retry: twoTries });
    await scene.settle(first);
    await first.stop();
    refused.clear();
    await scene.appendRounds(streams, 1);
    const second = await scene.start('restarted', handle, { retry: twoTries });
    await scene.settle(second);
    equalHandled(seen, handledAside, 'What was handled');
    const expected = ['order-1 2 failed', 'order-1 3 waiting', 'order-1 4 waiting'];
    equal(await lettersOf(scene, 'restarted'), expected, 'The letters');
  },

  'letters are tried again in their order until one fails, and let their entity go with the last': async (scene) => {
    await scene.appendRounds(streams, 4);
    const { seen, refused, handle } = refusing(badName, 'order-1 4');
    const consumer = await scene.start('retried', handle, { retry: twoTries });
    await scene.settle(consumer);
    refused.delete(badName);
    await scene.runtime.retryLetters(scene.store, 'retried', 'order-1');
    await scene.eventually('The failure of the fourth', async () =>
      (await lettersOf(scene, 'retried')).includes('order-1 4 failed'),
    );
    equal(await lettersOf(scene, 'retried'), ['order-1 4 failed'], 'The letters');
    refused.clear();
    await scene.appendRounds(['order-1'], 1);
    await scene.runtime.retryLetters(scene.store, 'retried', 'order-1');
    await scene.eventually('The end of the letters', async () => (await lettersOf(scene, 'retried')).length === 0);
    await scene.appendRounds(['order-1'], 1);
    await scene.settle(consumer);
    equalHandled(seen, [...namesOf(['order-1'], 6), ...namesOf(['order-2', 'cart-1'], 4)], 'What was handled');
  },

  'a letter that is skipped is dropped, and those behind it are handled in order': async (scene) => {
    await scene.appendRounds(streams, 4);
    const { seen, handle } = refusing(badName);
    const consumer = await scene.start('skipped', handle, { retry: twoTries });
    await scene.settle(consumer);
    await scene.runtime.skipLetter(scene.store, 'skipped', 'order-1');
    await scene.eventually('The end of the letters', async () => (await lettersOf(scene, 'skipped')).length === 0);
    const rest = namesOf(streams, 4).filter((name) => name !== badName);
    equalHandled(seen, rest, 'What was handled');
    const skip = (): Promise<void> => scene.runtime.skipLetter(scene.store, 'skipped', 'order-1');
    await refuses('Skipping where there is no letter', skip, 'LETTER_UNKNOWN');
  },

  'letters stay what they are when the consumer is taken back': async (scene) => {
    await scene.appendRounds(['order-1'], 3);
    const { seen, refused, handle } = refusing(badName);
    const consumer = await scene.start('reset', handle, { retry: twoTries });
    await scene.settle(consumer);
    const before = await scene.letters('reset');
    await scene.log.clock.pass(1_000_000);
    await scene.runtime.resetConsumer(scene.store, 'reset');
    await scene.eventually('The first event once more', () => seen.length === 2);
    await scene.settle(consumer);
    equal(await scene.letters('reset'), before, 'The letters');
    refused.clear();
    await scene.runtime.retryLetters(scene.store, 'reset', 'order-1');
    await scene.eventually('The end of the letters', async () => (await lettersOf(scene, 'reset')).length === 0);
    equal(seen, ['order-1 1', ...namesOf(['order-1'], 3)], 'What was handled');
  },

  'where a failure is to stop it, it says at which event, and goes on when it is resumed': async (scene) => {
    await scene.appendRounds(streams, 4);
    const { seen, refused, handle } = refusing(badName);
    const consumer = await scene.start('strict', handle, { retry: twoTries, onFailure: 'stop' });
    await scene.eventually('The stop', () => consumer.state.kind === 'failed');
    const { status, failure, letterCount } = await scene.runtime.consumerInfo(scene.store, 'strict');
    const told = [status, failure?.message, failure?.event && nameOf(failure.event), letterCount];
    equal(told, ['failed', `no ${badName}`, badName, 0], 'What it says');
    holds(!seen.includes('order-1 3'), 'It went on with the entity that it stopped at.');
    await refuses('Waiting for what it will not handle', () => scene.settle(consumer), 'CONSUMER_FAILED');
    refused.clear();
    await scene.runtime.resumeConsumer(scene.store, 'strict');
    await scene.settle(consumer);
    equalHandled([...new Set(seen)], namesOf(streams, 4), 'What was handled');
  },

  'a stopped one goes on without the event when it is told to set it aside': async (scene) => {
    await scene.appendRounds(streams, 4);
    const { seen, handle } = refusing(badName);
    const consumer = await scene.start('told', handle, { retry: twoTries, onFailure: 'stop' });
    await scene.eventually('The stop', () => consumer.state.kind === 'failed');
    await scene.runtime.setAsideFailed(scene.store, 'told');
    await scene.settle(consumer);
    equalHandled([...new Set(seen)], handledAside, 'What was handled');
    const expected = ['order-1 2 failed', 'order-1 3 waiting', 'order-1 4 waiting'];
    equal(await lettersOf(scene, 'told'), expected, 'The letters');
  },

  'more letters than it may have stop it': async (scene) => {
    await scene.appendRounds(streams, 4);
    const consumer = await scene.start(
      'many',
      () => {
        throw new Error('no');
      },
      { retry: { attemptsMax: 1 }, lettersMax: 3, batchSizeMax: 4 },
    );
    await scene.eventually('The stop', () => consumer.state.kind === 'failed');
    const { failure, letterCount } = await scene.runtime.consumerInfo(scene.store, 'many');
    equal(failure?.code, 'CONSUMER_FAILED', 'The code of the failure');
    // What was at hand may be set aside beyond the bound: a batch of each partition.
    const most = 3 + 4 * scene.log.partitionCount;
    holds(letterCount > 3 && letterCount <= most, `It has ${letterCount} letters.`);
  },

  'a batch that fails is handed out again, and after the last try stops it': async (scene) => {
    await scene.appendRounds(['order-1'], 3);
    const batches: string[][] = [];
    const attempts: number[] = [];
    let isMended = false;
    const consumer = await scene.start('batches', undefined, {
      handleBatch: (events, { attempt }) => {
        batches.push(events.map(nameOf));
        attempts.push(attempt);
        if (!isMended) throw new Error('no');
      },
      retry: twoTries,
    });
    await scene.eventually('The stop', () => consumer.state.kind === 'failed');
    const whole = namesOf(['order-1'], 3);
    equal(
      [batches, attempts],
      [
        [whole, whole],
        [0, 1],
      ],
      'The batches and their attempts',
    );
    isMended = true;
    await scene.runtime.resumeConsumer(scene.store, 'batches');
    await scene.settle(consumer);
    equal(batches.at(-1), whole, 'The batch after it was mended');
  },
});
