/** Consumers that a command runs in the foreground: what is said of them beside what they do. */

import type { Store } from 'hindsightdb';
import { consumerInfo, type Consumer, type ConsumerState } from 'hindsightdb/consumers';
import type { CommandContext } from '../context.ts';
import { countOf } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { safeText } from '../terminal/text-width.ts';
import { firstLine } from './consumer-text.ts';

/** Says when a consumer does nothing, and what helps. */
export function noteState(context: CommandContext, name: string, state: ConsumerState): void {
  const resume = `hindsight consumers resume ${shellWord(name)}`;
  switch (state.kind) {
    case 'catchingUp':
    case 'live':
    case 'standby':
    case 'stopped':
      return;
    case 'paused':
      context.note(`${name} is paused and does nothing: ${resume}`);
      return;
    case 'failed':
      context.note(`${name} has failed: ${firstLine(state.failure.message)}. To go on: ${resume}`);
      return;
    case 'retrying':
      context.note(`${name} tries again: ${firstLine(String(state.error))}`);
      return;
  }
}

const lookEveryMs = 1000;

/** Says when something is set aside, which no event tells of. */
export class LetterWatch {
  readonly #context: CommandContext;
  readonly #store: Store;
  readonly #what: readonly [singular: string, plural: string];
  readonly #told = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #names: readonly string[] = [];

  constructor(context: CommandContext, store: Store, what: readonly [singular: string, plural: string]) {
    this.#context = context;
    this.#store = store;
    this.#what = what;
  }

  /** Begins to look after these. */
  watch(names: readonly string[]): void {
    this.#names = names;
    this.#timer = setInterval(() => {
      // What goes wrong here goes wrong for the consumer, which says so itself.
      void this.tell().catch(() => undefined);
    }, lookEveryMs);
  }

  /** Stops looking by itself. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** Says of which there are more letters than were told of. Resolves with how many there are. */
  async tell(): Promise<number> {
    let total = 0;
    for (const name of this.#names) {
      const { letterCount } = await consumerInfo(this.#store, name);
      total += letterCount;
      const isNew = letterCount > (this.#told.get(name) ?? 0);
      this.#told.set(name, letterCount);
      const [singular, plural] = this.#what;
      if (isNew)
        this.#context.note(
          `${countOf(letterCount, `${singular} is`, `${plural} are`)} set aside: hindsight letters list ${safeText(shellWord(name))}`,
        );
    }
    return total;
  }
}

/** Stops what runs: what is at hand is finished, nothing new is begun. */
export async function stopAll(running: readonly Consumer[]): Promise<void> {
  await Promise.all(running.map((each) => each.stop()));
}
