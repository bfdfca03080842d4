/** An engine that does some things otherwise: what cases make of the engine under test to let it die, freeze or be restored. */

import type { Engine } from '../engine/contract.ts';

/** The engine with some of its members replaced. */
export function engineWith(engine: Engine, changes: Partial<Engine>): Engine {
  return new Proxy(engine, {
    get: (target, name): unknown => {
      if (name in changes) return Reflect.get(changes, name);
      const value: unknown = Reflect.get(target, name, target);
      const bound: unknown = typeof value === 'function' ? value.bind(target) : value;
      return bound;
    },
  });
}

/** A handle of a process that can be stopped, and can die. */
export interface MortalHandle {
  readonly engine: Engine;
  /** From now on its writes to the keyed store wait until `thaw`. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** From now on nothing that it writes is written. */
  readonly die: () => void;
}

/** Makes of a handle one that can be stopped and can die. */
export function mortalHandle(engine: Engine): MortalHandle {
  let isDead = false;
  let frozen: PromiseWithResolvers<void> | undefined;
  const keyedWrite: Engine['keyedWrite'] = async (writes) => {
    await frozen?.promise;
    if (isDead) throw new Error('The process is dead.');
    return await engine.keyedWrite(writes);
  };
  return {
    engine: engineWith(engine, { keyedWrite }),
    freeze: () => {
      frozen ??= Promise.withResolvers();
    },
    thaw: () => {
      frozen?.resolve();
      frozen = undefined;
    },
    die: () => {
      isDead = true;
    },
  };
}
