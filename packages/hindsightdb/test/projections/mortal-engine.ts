/** An engine as a process sees it that may be killed: from then on nothing of it reaches the store any more. */

import { HindsightError } from '../../src/index.ts';
import type { Engine } from '../../src/store/engine-types.ts';

/** Another handle on an engine, and the end of it. */
export function mortal(engine: Engine): { readonly engine: Engine; readonly kill: () => void } {
  let isDead = false;
  const guarded = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member === 'object' && member !== null && name === 'sql') return guarded(member);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          if (isDead && name !== 'wake') return Promise.reject(new HindsightError('CLOSED', 'The process was killed.'));
          return Reflect.apply(member, target, given);
        };
      },
    });
  return { engine: guarded(engine), kill: () => (isDead = true) };
}
