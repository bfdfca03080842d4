/** A handle whose process ends suddenly at a chosen write. */

import { HindsightError } from '../../core/errors.ts';
import { parseRecord } from '../../core/record.ts';
import type { AppendBatch, Engine } from '../../engine/contract.ts';

/** A handle that dies. */
export interface DyingEngine {
  readonly engine: Engine;
  readonly isDead: () => boolean;
}

/** A handle that dies right after the outcome of a command is written, and before anybody hears of it. */
export function dyingAtOutcome(engine: Engine, commandId: string): DyingEngine {
  return dyingAt(engine, ({ streams }) =>
    streams.some(({ events }) =>
      events.some(({ record }) => Reflect.get(Object(parseRecord(record).data), 'command') === commandId),
    ),
  );
}

/** A handle that dies right after such an append is written. Dead, it answers nothing any more. */
export function dyingAt(inner: Engine, isEnd: (batch: AppendBatch) => boolean): DyingEngine {
  let isDead = false;
  const gone = (): HindsightError => new HindsightError('CLOSED', 'This process is dead.');
  const engine = new Proxy(inner, {
    get: (target, name): unknown => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name === 'wake') return value.bind(target);
      return async (...given: readonly unknown[]): Promise<unknown> => {
        if (isDead) throw gone();
        if (name === 'close') return undefined;
        // The first argument of an append is its batch.
        const isLast = name === 'append' && isEnd(given[0] as AppendBatch);
        const answer: unknown = await Reflect.apply(value, target, given);
        if (isLast) isDead = true;
        if (isDead) throw gone();
        return answer;
      };
    },
  });
  return { engine, isDead: () => isDead };
}
