/**
 * Random programs against timers and against a plain model of them: set, move, cancel, move the clock, fire from one handle or
 * from two at once, and a process that dies when some of its appends are written. What was fired, how often and in which order,
 * and what is left, must be what the model says.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { openStore, type Store } from '../../src/index.ts';
import { settableClock, type SettableClock } from '../../src/testing/index.ts';
import { cancelTimer, fireDue, listTimers, runTimers, setTimer } from '../../src/timers/index.ts';
import { alteredStore, eventually } from '../consumers/scenes.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { firedIn, noting } from './timer-scenes.ts';

const group = 'noting';
const ids = ['a', 'b', 'c', 'd/ä', 'e', 'f', 'g', 'h'] as const;
const startMs = Date.UTC(2026, 2, 1);

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      id: fc.constantFrom(...ids),
      inMs: fc.integer({ min: -20, max: 60 }),
      data: fc.constantFrom(1, 2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), id: fc.constantFrom(...ids) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fire' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fire twice' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('die' as const), after: fc.integer({ min: 0, max: 5 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What timers are, in a few lines. */
class Model {
  readonly pending = new Map<string, { dueMs: number; data: number }>();
  readonly fired: string[] = [];

  due(nowMs: number): readonly string[] {
    const order = (id: string): string =>
      `${String(this.pending.get(id)?.dueMs).padStart(16, '0')} ${encodeURIComponent(id)}`;
    return [...this.pending.keys()]
      .filter((id) => (this.pending.get(id)?.dueMs ?? Infinity) <= nowMs)
      .toSorted((left, right) => (order(left) < order(right) ? -1 : 1));
  }

  fire(due: readonly string[]): number {
    for (const id of due) {
      this.fired.push(`${id} ${this.pending.get(id)?.dueMs}`);
      this.pending.delete(id);
    }
    return due.length;
  }
}

/** Two handles on one store. */
interface Scene {
  readonly clock: SettableClock;
  readonly store: Store;
  readonly other: Store;
}

async function play({ clock, store, other }: Scene, steps: readonly Step[]): Promise<void> {
  const model = new Model();
  const nowMs = (): number => clock.now() / 1000;
  for (const each of steps) {
    switch (each.kind) {
      case 'set': {
        const dueMs = nowMs() + each.inMs;
        const before = model.pending.get(each.id);
        const { outcome } = await setTimer(store, { group, id: each.id, dueAt: new Date(dueMs), data: each.data });
        const isSame = before?.dueMs === dueMs && before.data === each.data;
        assert.equal(outcome, before === undefined ? 'set' : isSame ? 'unchanged' : 'moved');
        model.pending.set(each.id, { dueMs, data: each.data });
        break;
      }
      case 'cancel':
        assert.equal(await cancelTimer(other, { group, id: each.id }), model.pending.delete(each.id));
        break;
      case 'advance':
        clock.advanceMs(each.ms);
        break;
      case 'fire':
        assert.equal(await fireDue(other, noting), model.fire(model.due(nowMs())));
        break;
      case 'fire twice': {
        const [left, right] = await Promise.all([fireDue(store, noting), fireDue(other, noting)]);
        assert.equal(left + right, model.fire(model.due(nowMs())));
        break;
      }
      case 'run': {
        const count = model.fired.length + model.fire(model.due(nowMs()));
        const running = [runTimers(store, noting), runTimers(other, noting)];
        await eventually('fired', async () => (await firedIn(store)).length >= count);
        await Promise.all(running.map(async (runner) => await runner.stop()));
        break;
      }
      case 'die': {
        await dieAfter(store, each.after);
        model.fire(model.due(nowMs()).slice(0, each.after));
        break;
      }
      default:
        each satisfies never;
    }
    // Two that fire at once may do so in any order between them; one alone keeps it.
    const fired = (await firedIn(store)).map(({ id, dueAt }) => `${id} ${Date.parse(dueAt)}`);
    if (each.kind === 'fire twice' || each.kind === 'run') {
      const known = model.fired.slice(0, fired.length);
      assert.deepEqual(fired.toSorted(), known.toSorted());
      model.fired.splice(0, fired.length, ...fired);
    }
    assert.deepEqual(fired, model.fired);
  }
  await assertPending(other, model);
}

/** Fires as a process that is killed when so many of its appends are written: the others never reach the engine. */
async function dieAfter(store: Store, after: number): Promise<void> {
  let left = after;
  const written: Promise<unknown>[] = [];
  const { promise: never } = Promise.withResolvers<never>();
  const dying = alteredStore(store, (engine) => ({
    append: async (batch, options) => {
      left -= 1;
      if (left < 0) return await never;
      const answer = engine.append(batch, options);
      written.push(answer);
      return await answer;
    },
  }));
  const ended = new AbortController();
  let isOver = false;
  void fireDue(dying, noting, { signal: ended.signal }).then(() => (isOver = true));
  await eventually('its end', () => isOver || left < 0);
  ended.abort();
  await Promise.all(written);
}

async function assertPending(store: Store, model: Model): Promise<void> {
  const listed: (readonly [string, number, unknown])[] = [];
  for await (const { id, dueAt, data } of listTimers(store, { group })) listed.push([id, Date.parse(dueAt), data]);
  assert.deepEqual(
    listed,
    model.due(Infinity).map((id) => [id, model.pending.get(id)?.dueMs, model.pending.get(id)?.data]),
  );
  const entries = await store.context.engine.keyedScan({ prefix: '', limit: 1000 });
  assert.equal(entries.length, 2 * model.pending.size, 'nothing is left of other timers');
}

test('random programs do what a plain model says (memory)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = settableClock(new Date(startMs));
      await using store = await openStore('memory:', { now: clock.now });
      await play({ clock, store, other: alteredStore(store, () => ({})) }, steps);
    }),
    { numRuns: 150 },
  );
});

test('random programs do what a plain model says (two handles on one file)', async (context) => {
  const folder = await temporaryFolder(context);
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      count += 1;
      const clock = settableClock(new Date(startMs));
      const path = join(folder, `store-${count}.db`);
      await using store = await openStore(path, { now: clock.now });
      await using other = await openStore(path, { now: clock.now });
      await play({ clock, store, other }, steps);
    }),
    { numRuns: 12 },
  );
});
