/** An engine whose appends a test holds, lets pass or fails: the world between a decision and its commit. */

import type { AppendAnswer, AppendBatch, Engine } from '../../src/engine/contract.ts';

/** An append on its way, in the test's hands. */
export interface HeldAppend {
  readonly batch: AppendBatch;
  /** Hands it to the engine. */
  pass(): Promise<AppendAnswer>;
  /** Fails it without writing anything. */
  fail(error: Error): void;
  /** Writes it and loses the answer. */
  passAndFail(error: Error): Promise<void>;
}

/** What a test does with appends. */
export class Steering {
  /** Every append since the beginning. */
  readonly seen: AppendBatch[] = [];
  /** Held, the oldest first. An engine writes appends in the order of the calls, so a test goes through them in this order. */
  readonly held: HeldAppend[] = [];
  /** Whether appends are held; else they pass at once. */
  isHolding = false;
  /** Done in front of an append that passes at once: what somebody else may do in between. */
  before: (batch: AppendBatch) => Promise<void> = async () => {};

  /** Waits until so many appends are held. */
  async untilHeld(count: number): Promise<readonly HeldAppend[]> {
    while (this.held.length < count) await new Promise((resolve) => setImmediate(resolve));
    return this.held.slice(0, count);
  }

  /** Lets everything pass that is held, in its order, and whatever comes. */
  async release(): Promise<void> {
    this.isHolding = false;
    for (let next = this.held.shift(); next !== undefined; next = this.held.shift()) {
      // Who sent it learns how it went.
      await next.pass().catch(() => undefined);
    }
  }
}

/** The engine, with its appends under this steering. */
export function steeredEngine(inner: Engine, steering: Steering): Engine {
  const append: Engine['append'] = async (batch, options) => {
    steering.seen.push(batch);
    if (!steering.isHolding) {
      await steering.before(batch);
      return await inner.append(batch, options);
    }
    return await new Promise<AppendAnswer>((resolve, reject) => {
      const write = async (): Promise<AppendAnswer> => await inner.append(batch, options);
      steering.held.push({
        batch,
        pass: async () => {
          const answer = write();
          answer.then(resolve, reject);
          return await answer;
        },
        fail: reject,
        passAndFail: async (error) => {
          await write();
          reject(error);
        },
      });
    });
  };
  // Methods see the engine itself, whose fields are its own.
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name, target);
      const bound: unknown = typeof value === 'function' ? value.bind(target) : value;
      return bound;
    },
  });
}
