/**
 * Waiting for outcomes. Whoever decides in this process says so; what other processes decide is read from the log, once for all
 * who wait, and only when somebody has waited for a moment.
 */

import { abortReason, whenAborted } from '../core/abort.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import { LinkedList } from '../core/linked-list.ts';
import { RecentMap } from '../core/recent-map.ts';
import { assertName, reasonOf } from '../core/text.ts';
import { assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { decodeStored } from '../store/decode.ts';
import type { Engine } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { subscribePages } from '../store/subscribe.ts';
import type { Outcome } from './command.ts';
import { commandTypes } from '../core/command-types.ts';
import { acceptanceKey, holdsOutcome, outcomeTypes } from './command-record.ts';
import { keptOutcome, outcomeIn, writtenRecord } from './read-command.ts';

/** How long is waited for an outcome. */
export interface OutcomeWait {
  /** Default 30,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const timeoutMsDefault = 30_000;
/** After so long the log is looked at: who decides in this process has usually said so by then. */
const patienceMs = 30;

/** Checks what is said of a wait. */
export function assertOutcomeWait(options: OutcomeWait): void {
  assertObject('options', options);
  assertWhole('timeoutMs', options.timeoutMs ?? timeoutMsDefault, { min: 0, max: 2 ** 31 - 1 });
  assertOptionalSignal(options.signal);
}

/**
 * Resolves with the outcome of a command, in whatever process it is decided. Throws `COMMAND_UNKNOWN` when none was accepted under
 * the id, and `WAIT_TIMEOUT`; the command stands then as it was, and can be waited for again.
 */
export async function waitForOutcome(store: AnyStore, commandId: string, options: OutcomeWait = {}): Promise<Outcome> {
  const context = contextOf(store);
  assertName('The id of a command', commandId, context.limits.idBytesMax);
  assertOutcomeWait(options);
  return await awaitOutcome(context, commandId, options);
}

/** How closely is looked: a glance costs two look-ups, and does not see the outcome of a command that was refused at once. */
type Look = 'glance' | 'whole';

/** The outcome that is recorded; undefined where there is none yet. Throws `COMMAND_UNKNOWN`. */
async function settledOutcome(context: StoreContext, commandId: string, look: Look): Promise<Outcome | undefined> {
  const outcome = await keptOutcome(context, commandId);
  if (outcome !== undefined) return outcome;
  const accepted = await context.engine.answerOf(acceptanceKey(commandId));
  if (accepted === undefined) throw unknownError(commandId);
  // One that was decided when it was accepted was written together with its entity.
  if (look === 'glance' && accepted.written.streams.length === 1) return undefined;
  const event = await writtenRecord(context, accepted.written);
  return holdsOutcome(event) ? outcomeIn(context, event) : undefined;
}

/** The error for an id under which nothing was accepted. */
export function unknownError(commandId: string): HindsightError {
  return new HindsightError('COMMAND_UNKNOWN', `No command was accepted under the id ${JSON.stringify(commandId)}.`, {
    details: { id: commandId },
  });
}

/** The same, checked. */
export async function awaitOutcome(
  context: StoreContext,
  commandId: string,
  { timeoutMs = timeoutMsDefault, signal }: OutcomeWait,
): Promise<Outcome> {
  return await new Promise((resolve, reject) => {
    let leave = (): void => {};
    const end = (): void => {
      clearTimeout(timer);
      endInterest?.();
      leave();
    };
    const waiter: Waiter = {
      commandId,
      since: performance.now(),
      resolve: (outcome) => {
        end();
        resolve(outcome);
      },
      reject: (error) => {
        end();
        reject(error instanceof Error ? error : new Error(reasonOf(error), { cause: error }));
      },
    };
    const timer = setTimeout(() => waiter.reject(timeoutError(commandId, timeoutMs)), timeoutMs);
    const endInterest = signal && whenAborted(signal, () => waiter.reject(abortReason(signal)));
    if (signal?.aborted === true) waiter.reject(abortReason(signal));
    else leave = watchOf(context).add(waiter);
  });
}

/** Tells those who wait in this process of an outcome that was just written. */
export function tellOutcome(context: StoreContext, outcome: Outcome): void {
  watches.get(context.engine)?.tell(outcome);
}

/** A command was just accepted in this process: who waits for it at once need not look for it. */
export function noteAccepted(context: StoreContext, commandId: string): void {
  watchOf(context).noteAccepted(commandId);
}

function timeoutError(commandId: string, timeoutMs: number): HindsightError {
  return new HindsightError(
    'WAIT_TIMEOUT',
    `The command ${commandId} had no outcome after ${timeoutMs} ms. It is accepted, and is decided when its turn comes: its consumer may be slow, paused, or run nowhere, or a command before it may be set aside.`,
    { details: { id: commandId, timeoutMs } },
  );
}

interface Waiter {
  readonly commandId: string;
  readonly since: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** What is known here of a command. */
interface Known {
  /** When it was accepted, if it was by this process. */
  acceptedMs: number;
  /** As it was told here. */
  outcome: Outcome | undefined;
  /** In the order in which they came. */
  waiters: readonly Waiter[];
}

/** Who waits, for each open store. It holds nothing that the store does not. */
const watches = new WeakMap<Engine, OutcomeWatch>();

function watchOf(context: StoreContext): OutcomeWatch {
  const known = watches.get(context.engine) ?? new OutcomeWatch(context);
  watches.set(context.engine, known);
  return known;
}

const outcomeQuery = [{ types: [...Object.values(outcomeTypes), commandTypes.handled, commandTypes.refused] }];

/** How many commands are remembered at least that nobody waits for. */
const commandsMin = 2000;

class OutcomeWatch {
  readonly #context: StoreContext;
  readonly #known = new RecentMap<string, Known>(commandsMin, ({ waiters }) => waiters.length > 0);
  readonly #waiters = new LinkedList<Waiter>();
  #patience: ReturnType<typeof setTimeout> | undefined;
  #following: AbortController | undefined;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  noteAccepted(commandId: string): void {
    this.#of(commandId).acceptedMs = performance.now();
  }

  #of(commandId: string): Known {
    const known = this.#known.get(commandId);
    if (known !== undefined) return known;
    const unknown: Known = { acceptedMs: Number.NEGATIVE_INFINITY, outcome: undefined, waiters: [] };
    this.#known.set(commandId, unknown);
    return unknown;
  }

  /** Has somebody wait; answers what ends that. */
  add(waiter: Waiter): () => void {
    const { commandId } = waiter;
    const known = this.#of(commandId);
    if (known.outcome !== undefined) {
      waiter.resolve(known.outcome);
      return () => {};
    }
    known.waiters = [...known.waiters, waiter];
    const place = this.#waiters.add(waiter);
    // What was recorded before is told by nobody again, and a log that is followed may have been read past it.
    if (this.#following !== undefined) void this.#look(commandId, 'whole');
    else {
      // Of a command that was accepted here just now nothing can be seen yet but what is told here.
      if (performance.now() - known.acceptedMs > patienceMs) void this.#look(commandId, 'glance');
      this.#patience ??= setTimeout(() => this.#lookAround(), patienceMs);
    }
    return () => {
      known.waiters = known.waiters.filter((other) => other !== waiter);
      this.#waiters.remove(place);
      if (this.#waiters.isEmpty) this.#rest();
    };
  }

  #rest(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#following?.abort();
    this.#following = undefined;
  }

  tell(outcome: Outcome): void {
    const known = this.#known.get(outcome.commandId);
    if (known === undefined) return;
    known.outcome = outcome;
    for (const waiter of known.waiters) waiter.resolve(outcome);
  }

  /** Begins to follow the log when somebody has waited for a moment; else looks again later. */
  #lookAround(): void {
    this.#patience = undefined;
    const { first } = this.#waiters;
    if (first === undefined) return;
    if (performance.now() - first.since >= patienceMs - 1) void this.#follow();
    else this.#patience = setTimeout(() => this.#lookAround(), patienceMs);
  }

  /** Follows the log as long as somebody waits. */
  async #follow(): Promise<void> {
    const following = new AbortController();
    this.#following = following;
    const pages = subscribePages(this.#context, {
      query: outcomeQuery,
      after: 'now',
      includeReserved: true,
      signal: following.signal,
    })();
    try {
      // With its first page the subscription has its place; what was written before that is found by the key.
      let page = await pages.next();
      await Promise.all(this.#waiters.items().map(({ commandId }) => this.#look(commandId, 'whole')));
      for (; page.done !== true; page = await pages.next())
        for (const event of await decodeStored(this.#context, page.value.events))
          this.tell(outcomeIn(this.#context, event));
    } catch (error) {
      this.#failAll(error);
    } finally {
      await pages.return(undefined).catch(() => undefined);
      if (this.#following === following) this.#following = undefined;
    }
  }

  async #look(commandId: string, look: Look): Promise<void> {
    try {
      const outcome = await settledOutcome(this.#context, commandId, look);
      if (outcome !== undefined) this.tell(outcome);
    } catch (error) {
      for (const waiter of this.#known.get(commandId)?.waiters ?? []) waiter.reject(error);
    }
  }

  #failAll(error: unknown): void {
    const reason = isHindsightError(error, 'CLOSED') ? error : new Error('The log cannot be read.', { cause: error });
    for (const waiter of this.#waiters.items()) waiter.reject(reason);
  }
}
