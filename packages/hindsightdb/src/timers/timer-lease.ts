/**
 * Which process fires the timers of a group. It only saves the others from doing the same work in vain: what keeps a timer from
 * being fired twice is its revision.
 */

import { lasts } from '../consumers/slice-entry.ts';
import type { StoreContext } from '../store/settings.ts';
import { leaseKey } from './timer-keys.ts';

/** The lease of a group, as one process sees it. */
export class TimerLease {
  readonly #context: StoreContext;
  readonly #key: string;
  readonly #holder: string;
  readonly #leaseMicros: number;
  #held: { readonly revision: number; readonly expiresAt: number } | undefined;

  constructor(context: StoreContext, group: string, leaseMs: number) {
    this.#context = context;
    this.#key = leaseKey(group);
    this.#holder = context.newId();
    this.#leaseMicros = leaseMs * 1000;
  }

  /** Takes the lease where nobody has it, or renews it when a third of it has passed. Answers whether it is held. */
  async hold(): Promise<boolean> {
    const { engine, now } = this.#context;
    const at = now();
    if (this.#held !== undefined && this.#held.expiresAt - at > (this.#leaseMicros * 2) / 3) return true;
    const found = await engine.keyedGet(this.#key);
    const { holder, expiresAt } = found === undefined ? noLease : leaseOf(found.value);
    this.#held = undefined;
    if (holder !== null && holder !== this.#holder && lasts(expiresAt, at)) return false;
    return await this.#write(found?.revision ?? 0, at + this.#leaseMicros);
  }

  async #write(expectedRevision: number, expiresAt: number): Promise<boolean> {
    const { engine } = this.#context;
    const value = JSON.stringify({ holder: this.#holder, expiresAt });
    if ((await engine.keyedWrite([{ key: this.#key, value, expectedRevision }])).length > 0) return false;
    const written = await engine.keyedGet(this.#key);
    if (written?.value !== value) return false;
    this.#held = { revision: written.revision, expiresAt };
    return true;
  }

  /** Gives it back, so that others need not wait for its end. */
  async release(): Promise<void> {
    if (this.#held === undefined) return;
    const { revision } = this.#held;
    this.#held = undefined;
    await this.#context.engine.keyedWrite([{ key: this.#key, value: null, expectedRevision: revision }]);
  }
}

const noLease = { holder: null, expiresAt: 0 };

/** An entry that says nothing of use holds nobody off. */
function leaseOf(text: string): { readonly holder: unknown; readonly expiresAt: number } {
  const entry: unknown = JSON.parse(text);
  if (typeof entry !== 'object' || entry === null || !('holder' in entry) || !('expiresAt' in entry)) return noLease;
  return { holder: entry.holder, expiresAt: Number(entry.expiresAt) };
}
