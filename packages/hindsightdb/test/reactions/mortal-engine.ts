/** An engine whose process dies: at a write that the test chooses, and for good. */

import { HindsightError } from '../../src/core/errors.ts';
import type { Engine } from '../../src/engine/contract.ts';

/** A life that ends at a write. */
export interface Mortal {
  readonly engine: Engine;
  readonly isDead: () => boolean;
}

/**
 * A handle of an engine that dies at the write of this number, counted from 1, before or after it is written. The engine
 * beneath lives on, as the disk does. Dead, it answers nothing any more.
 */
export function mortalEngine(
  inner: Engine,
  death: { readonly atWrite: number; readonly isWritten: boolean } | undefined,
): Mortal {
  let writes = 0;
  let isDead = false;
  const gone = (): HindsightError => new HindsightError('CLOSED', 'The process of this test is dead.');
  const engine = new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const bound: unknown = value.bind(target);
      if (name === 'wake') return bound;
      return async (...given: readonly unknown[]): Promise<unknown> => {
        if (isDead) throw gone();
        if (name === 'close') return undefined;
        const isWrite = name === 'append' || name === 'keyedWrite';
        if (isWrite) writes += 1;
        const isLast = isWrite && writes === death?.atWrite;
        if (isLast) isDead = true;
        if (isLast && !death.isWritten) throw gone();
        const answer: unknown = await Reflect.apply(value, target, given);
        if (isDead) throw gone();
        return answer;
      };
    },
  });
  return { engine, isDead: () => isDead };
}
