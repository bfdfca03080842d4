/**
 * Waiting for outcomes. Whoever decides in this process says so; what other processes decide is read from the log, once for all
 * who wait, and only when somebody has waited for a moment.
 */

import { abortReason } from '../core/abort.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
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
    const watch = watchOf(context);
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      watch.remove(commandId, waiter);
    };
    const waiter: Waiter = {
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
    const onAbort = (): void => signal && waiter.reject(abortReason(signal));
    const timer = setTimeout(() => waiter.reject(timeoutError(commandId, timeoutMs)), timeoutMs);
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort);
    watch.add(commandId, waiter);
  });
}

/** Tells those who wait in this process of an outcome that was just written. */
export function tellOutcome(context: StoreContext, outcome: Outcome): void {
  watches.get(context.engine)?.tell(outcome);
}

function timeoutError(commandId: string, timeoutMs: number): HindsightError {
  return new HindsightError(
    'WAIT_TIMEOUT',
    `The command ${commandId} had no outcome after ${timeoutMs} ms. It is accepted, and is decided when its turn comes: its consumer may be slow, paused, or run nowhere, or a command before it may be set aside.`,
    { details: { id: commandId, timeoutMs } },
  );
}

interface Waiter {
  readonly since: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Who waits, for each open store. It holds nothing that the store does not. */
const watches = new WeakMap<Engine, OutcomeWatch>();

function watchOf(context: StoreContext): OutcomeWatch {
  const known = watches.get(context.engine) ?? new OutcomeWatch(context);
  watches.set(context.engine, known);
  return known;
}

const outcomeQuery = [{ types: [...Object.values(outcomeTypes), commandTypes.handled, commandTypes.refused] }];

class OutcomeWatch {
  readonly #context: StoreContext;
  readonly #waiters = new Map<string, Set<Waiter>>();
  #patience: ReturnType<typeof setTimeout> | undefined;
  #following: AbortController | undefined;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  add(commandId: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(commandId) ?? new Set();
    this.#waiters.set(commandId, waiters.add(waiter));
    // What was recorded before is told by nobody again, and a log that is followed may have been read past it.
    void this.#look(commandId, this.#following === undefined ? 'glance' : 'whole');
    if (this.#following === undefined) this.#patience ??= setTimeout(() => this.#lookAround(), patienceMs);
  }

  remove(commandId: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(commandId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(commandId);
    if (this.#waiters.size > 0) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#following?.abort();
    this.#following = undefined;
  }

  tell(outcome: Outcome): void {
    for (const waiter of this.#waiters.get(outcome.commandId) ?? []) waiter.resolve(outcome);
  }

  /** Begins to follow the log when somebody has waited for a moment; else looks again later. */
  #lookAround(): void {
    this.#patience = undefined;
    const now = performance.now();
    const isLong = [...this.#waiters.values()].some((waiters) =>
      [...waiters].some(({ since }) => now - since >= patienceMs - 1),
    );
    if (isLong) void this.#follow();
    else if (this.#waiters.size > 0) this.#patience = setTimeout(() => this.#lookAround(), patienceMs);
  }

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
      await Promise.all([...this.#waiters.keys()].map((commandId) => this.#look(commandId, 'whole')));
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
      for (const waiter of this.#waiters.get(commandId) ?? []) waiter.reject(error);
    }
  }

  #failAll(error: unknown): void {
    const reason = isHindsightError(error, 'CLOSED') ? error : new Error('The log cannot be read.', { cause: error });
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.reject(reason);
  }
}
