/** Waiting for what becomes of a command, and saying it. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from 'hindsightdb';
import { waitForOutcome, type Outcome, type Submitted } from 'hindsightdb/commands';
import type { CommandContext } from '../context.ts';
import { interruptedWith } from '../failure.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { safeText } from '../terminal/text-width.ts';
import { noteHindrance } from './command-wait.ts';
import { decidedEvents, eventText, outcomeDetail, paintStatus } from './outcome-text.ts';

/** For which outcome is waited. */
export interface AwaitedOutcome {
  readonly id: string;
  /** For so many milliseconds, or until somebody interrupts it. */
  readonly wait: true | number;
  /** Who decides. */
  readonly consumer: string;
}

/** The longest wait that the library takes. */
const waitMsMax = 2 ** 31 - 1;
/** Whoever runs the commands has usually decided by then; after that it is worth saying that nobody does. */
const patienceMs = 500;

/** Notes on who decides nothing at present, each said once. */
export class HindranceNotes {
  readonly #context: CommandContext;
  readonly #store: Store;
  readonly #consumers = new Set<string>();
  readonly #told = new Set<string>();

  constructor(context: CommandContext, store: Store) {
    this.#context = context;
    this.#store = store;
  }

  /** Somebody waits for this one. */
  add(consumer: string): void {
    this.#consumers.add(consumer);
  }

  /** Says why nothing is decided of those that were waited for, where that is so. */
  async tell(): Promise<void> {
    for (const consumer of this.#consumers) {
      if (this.#told.has(consumer)) continue;
      this.#told.add(consumer);
      await noteHindrance(this.#context, this.#store, consumer);
    }
  }
}

/** Resolves with the outcome. Says why nothing may happen for long. An interruption leaves the command as it is. */
export async function outcomeOf(
  { signal }: CommandContext,
  store: Store,
  { id, wait, consumer }: AwaitedOutcome,
  notes: HindranceNotes,
): Promise<Outcome> {
  notes.add(consumer);
  const over = new AbortController();
  const patience = pause(patienceMs, undefined, { signal: over.signal }).then(
    () => notes.tell(),
    () => undefined,
  );
  try {
    return await waitForOutcome(store, id, {
      timeoutMs: wait === true ? waitMsMax : Math.min(wait, waitMsMax),
      signal,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw interruptedWith(signal.reason, [
      'The command stays accepted; it is decided when its turn comes.',
      `See what becomes of it: hindsight commands status ${shellWord(id)}`,
    ]);
  } finally {
    over.abort();
    await patience;
  }
}

/** Says that a command is accepted, and under which id. */
export async function printSubmitted(context: CommandContext, { command, isDuplicate }: Submitted): Promise<void> {
  const { palette, output } = context;
  const { id, type, streamId, dueAt } = command;
  const what = isDuplicate ? 'Accepted before, under the same id:' : 'Accepted:';
  const due = dueAt === undefined ? '' : `, due ${dueAt.slice(0, 19).replace('T', ' ')}Z`;
  await output.line(
    `${what} ${palette.type(safeText(type))} for ${palette.name(safeText(streamId))}${due}, id ${safeText(id)}`,
  );
  await output.flush();
}

/** Says what became of a command, with the events that were decided. */
export async function printOutcome({ output, palette }: CommandContext, store: Store, outcome: Outcome): Promise<void> {
  const { kind } = outcome;
  const detail = outcomeDetail(outcome);
  await output.line(`${paintStatus(palette, kind)}${detail === '' ? '' : `: ${detail}`}`);
  for (const event of await decidedEvents(store, outcome)) await output.line(`  ${eventText(palette, event)}`);
}
