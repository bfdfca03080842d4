/**
 * Deliberately broken engines: each breaks one promise, and names the cases of the kit that must notice.
 */

import type { EngineFixture } from '../../../src/conformance/index.ts';
import type { BoundaryCondition, Engine, StoredEvent } from '../../../src/engine/contract.ts';
import { parseRecord } from '../../../src/core/record.ts';
import { isReserved } from '../../../src/core/stream-id.ts';
import { allEvents, alteredFixture, inTurn, type Alteration } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';

/** An engine with a fault. */
export interface BrokenEngine {
  /** The fault, in words. */
  readonly fault: string;
  readonly fixture: EngineFixture;
  /** Names of the cases that must fail. */
  readonly failing: readonly string[];
  /** What the message of the first of them must say. */
  readonly because: RegExp;
}

/** How long a case on a broken engine waits for what will never happen. */
const patienceMs = 600;

/** Declares a broken engine over the memory engine, or over another fixture. */
export function broken(
  fault: string,
  expected: { readonly failing: readonly string[]; readonly because: RegExp },
  alter: Alteration,
  base: EngineFixture = memoryFixture(),
): BrokenEngine {
  return { fault, ...expected, fixture: { ...alteredFixture(base, `an engine that ${fault}`, alter), patienceMs } };
}

/** Declares a broken engine that a fixture makes by itself. */
export function brokenByFixture(
  fault: string,
  expected: { readonly failing: readonly string[]; readonly because: RegExp },
  fixture: EngineFixture,
): BrokenEngine {
  return { fault, ...expected, fixture: { ...fixture, name: `an engine that ${fault}`, patienceMs } };
}

/** An engine that judges conditions by a rule of its own. */
export function judgingConditions(
  engine: Engine,
  isMatch: (
    condition: BoundaryCondition,
    event: StoredEvent & { readonly type: string; readonly tags: readonly string[] },
  ) => boolean,
): Partial<Engine> {
  const turn = inTurn();
  return {
    append: (batch, options) =>
      turn(async () => {
        const { condition, ...rest } = batch;
        const known = batch.key && (await engine.answerOf(batch.key.key));
        if (condition === undefined || known !== undefined) return await engine.append(rest, options);
        const match = (await allEvents(engine)).find((event) => {
          const { type, tags = [] } = parseRecord(event.record);
          return !isReserved(event.streamId) && isMatch(condition, { ...event, type, tags });
        });
        if (match === undefined) return await engine.append(rest, options);
        const { partition, position, record } = match;
        return {
          kind: 'conflict',
          conflicts: [{ kind: 'condition', partition, position, eventId: parseRecord(record).id }],
        };
      }),
  };
}

/** An engine that changes what it is given before it judges and writes it. */
export function receiving(
  engine: Engine,
  change: (batch: Parameters<Engine['append']>[0]) => Parameters<Engine['append']>[0],
): Partial<Engine> {
  return { append: (batch, options) => engine.append(change(batch), options) };
}
