/**
 * Any number of handlers in any interleaving, with failures on the way: the outcome is that of handling the commands one at a
 * time in some order, each once, and answers come in the order in which the commands were given.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { handle, type HandleResult } from '../../src/commands/handle.ts';
import { HindsightError, isConflict } from '../../src/core/errors.ts';
import { foldEvents } from '../../src/core/fold.ts';
import type { Recorded } from '../../src/core/event.ts';
import type { AppendAnswer, Engine } from '../../src/engine/contract.ts';
import { storeOver } from '../../src/store/open.ts';
import { inFile, inMemory, openNew, type StoreKind } from '../open-stores.ts';
import type { Ending } from '../temporary-folder.ts';
import { schemaOf } from '../store/schemas.ts';
import { account, decideAccount, Overdrawn, type Account, type AccountCommand, type AccountEvent } from './accounts.ts';

/** What happens to an append: it passes, fails before it is written, or is written and its answer lost. */
type Fate = 'pass' | 'OVERLOADED' | 'DISK_FULL' | 'unwritten' | 'lost';

const anyCommand: fc.Arbitrary<AccountCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('deposit' as const),
      amount: fc.integer({ min: 1, max: 9 }),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('withdraw' as const), amount: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'look' as const }) },
);
const anyGiven = fc.record({
  command: anyCommand,
  handler: fc.nat(2),
  entity: fc.nat(1),
  /** Commands with the same key are the same command: the first one's content counts. */
  key: fc.option(fc.nat(5), { nil: undefined }),
  pause: fc.nat(3),
});
const anyRun = fc.record({
  given: fc.array(anyGiven, { minLength: 1, maxLength: 30 }),
  delays: fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }),
  fates: fc.array(
    fc.constantFrom<Fate>('pass', 'pass', 'pass', 'pass', 'OVERLOADED', 'DISK_FULL', 'unwritten', 'lost'),
    { minLength: 1, maxLength: 40 },
  ),
  isSlowSchema: fc.boolean(),
});
type Run = typeof anyRun extends fc.Arbitrary<infer Value> ? Value : never;

/** Goes round a list, beginning again at its end. */
function cycle<Item>(items: readonly Item[], fallback: Item): () => Item {
  let index = -1;
  return () => items[(index += 1) % items.length] ?? fallback;
}

async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** An engine whose appends take their time and sometimes fail, in the order of the calls; its reads take their time too. */
function troubled(inner: Engine, { delays, fates }: Run): Engine {
  const [delay, fate] = [cycle(delays, 0), cycle(fates, 'pass')];
  let last: Promise<unknown> = Promise.resolve();
  const written = async (batch: Parameters<Engine['append']>[0], own: Fate): Promise<AppendAnswer> => {
    await ticks(delay());
    if (own === 'OVERLOADED' || own === 'DISK_FULL') throw new HindsightError(own, 'Nothing was written.');
    if (own === 'unwritten') throw new HindsightError('OUTCOME_UNKNOWN', 'Nothing was written, but who knows.');
    const answer = await inner.append(batch);
    if (own === 'lost') throw new HindsightError('OUTCOME_UNKNOWN', 'It was written, but who knows.');
    await ticks(delay());
    return answer;
  };
  const append: Engine['append'] = async (batch) => {
    const [before, own] = [last, fate()];
    const answer = before.then(async () => await written(batch, own));
    last = answer.catch(() => undefined);
    return await answer;
  };
  const slow = new Set(['readStream', 'answerOf', 'keyedGet']);
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = async (...values: unknown[]): Promise<unknown> => {
        await ticks(delay());
        return await Reflect.apply(value, target, values);
      };
      const bound: unknown = slow.has(String(name)) ? method : value.bind(target);
      return bound;
    },
  });
}

type Outcome =
  | { readonly kind: 'handled'; readonly result: HandleResult<Account, AccountEvent> }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A command that was given, and what became of it. */
interface Handled {
  readonly id: string;
  readonly command: AccountCommand;
  readonly handler: number;
  readonly streamId: string;
  readonly key: string | undefined;
  /** Its place among the commands that the handler was given for the entity. */
  readonly order: number;
  readonly outcome: Outcome;
  /** The version of the stream when it was given, and when it was answered. */
  readonly versions: readonly [number, number];
}

async function carryOut(t: Ending, kind: StoreKind, run: Run) {
  const log = await openNew(t, kind);
  const { engine } = log.context;
  const events = run.isSlowSchema ? { Deposited: schemaOf<unknown>(async (value) => ({ value })) } : {};
  const handlers = [0, 1, 2].map(() => storeOver(troubled(engine, run), { events }));
  const firstOfKey = new Map<string, { readonly command: AccountCommand; readonly id: string }>();
  const answeredOf = new Map<string, number[]>();
  const versionOf = async (streamId: string): Promise<number> => (await engine.streamInfo(streamId)).version;

  const giving = run.given.map(async ({ command, handler, entity, key: number, pause }, index) => {
    await ticks(pause * index);
    const streamId = `account-${entity}`;
    const key = number === undefined ? undefined : `${streamId}/${number}`;
    const own = { command: noted(command, `${index}`), id: `${index}` };
    const known = key === undefined ? undefined : firstOfKey.get(key);
    if (key !== undefined && known === undefined) firstOfKey.set(key, own);
    const chosen = known ?? own;
    const before = await versionOf(streamId);
    const queue = `${handler}/${streamId}`;
    const place = answeredOf.get(queue) ?? [];
    answeredOf.set(queue, place);
    const store = handlers[handler];
    assert.ok(store);
    const sent = handle(store, account, streamId, chosen.command, { retries: 1000, ...(key !== undefined && { key }) });
    const order = (sentOf.get(queue) ?? 0) + 1;
    sentOf.set(queue, order);
    const outcome: Outcome = await sent.then(
      (result) => ({ kind: 'handled', result }),
      (error: unknown) => ({ kind: 'failed', error }),
    );
    // That its append failed is told at once; every other answer in its turn.
    const isOfEngine = outcome.kind === 'failed' && outcome.error instanceof HindsightError;
    if (!isOfEngine) place.push(order);
    const after = await versionOf(streamId);
    return { ...chosen, handler, streamId, key, order, outcome, versions: [before, after] } satisfies Handled;
  });
  const sentOf = new Map<string, number>();
  const handled = await Promise.all(giving);
  for (const [queue, answered] of answeredOf)
    assert.deepEqual(
      answered,
      answered.toSorted((left, right) => left - right),
      `answers of ${queue} came in order`,
    );
  return { handled, log };
}

function noted(command: AccountCommand, note: string): AccountCommand {
  return command.do === 'look' ? command : { ...command, note };
}

/** The states of a stream, by version. */
function statesOf(stored: readonly Recorded<AccountEvent>[]): readonly Account[] {
  const initial: Account = { balance: 0, notes: [] };
  return [initial, ...stored.map((_, index) => foldEvents(account, initial, stored.slice(0, index + 1)))];
}

/** Each stream is what its commands give, one at a time in the order in which their events stand there, each once. */
function assertOneAtATime(
  stored: readonly Recorded<AccountEvent>[],
  handled: readonly Handled[],
  states: readonly Account[],
): void {
  const seen = new Set<string>();
  for (let version = 0; version < stored.length;) {
    const id = stored[version]?.data.note ?? '';
    assert.ok(!seen.has(id), `command ${id} was carried out once`);
    seen.add(id);
    const command = handled.find((each) => each.id === id)?.command;
    const state = states[version];
    assert.ok(command && state);
    const decided = decideAccount(command, state);
    const run = stored.slice(version, version + decided.length).map(({ type, data }) => ({ type, data }));
    assert.deepEqual(run, decided, `the events of command ${id} stand together`);
    version += decided.length;
  }
}

function assertAnswer(each: Handled, stored: readonly Recorded<AccountEvent>[], states: readonly Account[]): void {
  const { id, command, outcome, versions } = each;
  const own = stored.filter(({ data }) => data.note === id);
  const [first, last] = [own[0]?.version ?? 0, own.at(-1)?.version ?? 0];
  if (outcome.kind === 'handled' && command.do !== 'look') {
    const { events, version, state } = outcome.result;
    assert.deepEqual([events, version, state], [own, last, states[last]], `the answer to ${id}`);
    return;
  }
  // Whoever wrote nothing was right at some moment between the question and the answer.
  const wasSo = (holds: (state: Account) => boolean): boolean =>
    states.slice(versions[0], versions[1] + 1).some((state) => holds(state));
  if (outcome.kind === 'handled') {
    const { events, version, state } = outcome.result;
    assert.deepEqual([events, state], [[], states[version]]);
    assert.ok(version >= versions[0] && version <= versions[1], `${id} looked at something that was there`);
    return;
  }
  const { error } = outcome;
  if (error instanceof Overdrawn) {
    assert.ok(
      command.do === 'withdraw' && wasSo(({ balance }) => balance < command.amount),
      `${id} was refused with reason`,
    );
    // Under a key it may have been sent by another as well, and have been carried out then.
    if (each.key === undefined) assert.equal(first, 0);
  } else {
    assert.ok(error instanceof HindsightError && !isConflict(error), `${id}: ${String(error)}`);
    if (error.code !== 'OUTCOME_UNKNOWN' && each.key === undefined) assert.equal(first, 0, `${id} was not written`);
  }
}

/** Commands that one handler was given for one entity are carried out in the order in which they were given. */
function assertInOrder(stored: readonly Recorded<AccountEvent>[], handled: readonly Handled[]): void {
  for (const handler of [0, 1, 2]) {
    const versions = handled
      .filter(
        (each) =>
          each.handler === handler &&
          each.key === undefined &&
          each.outcome.kind === 'handled' &&
          each.command.do !== 'look',
      )
      .toSorted((left, right) => left.order - right.order)
      .map(({ outcome }) => (outcome.kind === 'handled' ? outcome.result.version : 0));
    assert.deepEqual(
      versions,
      versions.toSorted((left, right) => left - right),
    );
  }
  assert.ok(stored.every(({ version }, index) => version === index + 1));
}

/** A look at a state that was assumed, behind which another handler had written before the look was asked for. */
const outrun: Run = {
  given: [
    { command: { do: 'deposit', amount: 3, times: 3 }, handler: 1, entity: 0, key: 2, pause: 1 },
    { command: { do: 'deposit', amount: 1, times: 2 }, handler: 2, entity: 0, key: 4, pause: 1 },
    { command: { do: 'look' }, handler: 1, entity: 0, key: undefined, pause: 3 },
    { command: { do: 'withdraw', amount: 9 }, handler: 0, entity: 0, key: 0, pause: 0 },
    { command: { do: 'withdraw', amount: 4 }, handler: 1, entity: 1, key: 0, pause: 3 },
    { command: { do: 'look' }, handler: 2, entity: 1, key: 3, pause: 3 },
    { command: { do: 'withdraw', amount: 5 }, handler: 1, entity: 0, key: 4, pause: 1 },
    { command: { do: 'withdraw', amount: 17 }, handler: 0, entity: 0, key: 1, pause: 0 },
    { command: { do: 'deposit', amount: 8, times: 3 }, handler: 1, entity: 1, key: 1, pause: 3 },
  ],
  delays: [1, 3, 0, 2, 4],
  fates: [
    'pass',
    'unwritten',
    'DISK_FULL',
    'DISK_FULL',
    'pass',
    'unwritten',
    'OVERLOADED',
    'lost',
    'pass',
    'pass',
    'lost',
  ],
  isSlowSchema: true,
};

for (const [kind, numRuns] of [
  [inMemory, 200],
  [inFile, 8],
] as const) {
  test(`three handlers on two entities in ${kind.name} amount to one command at a time`, async (t) => {
    await fc.assert(
      fc.asyncProperty(anyRun, async (run) => {
        const { handled, log } = await carryOut(t, kind, run);
        for (const streamId of ['account-0', 'account-1']) {
          const stored = await log.readStream<AccountEvent>(streamId).toArray();
          const states = statesOf(stored);
          const own = handled.filter((each) => each.streamId === streamId);
          assertOneAtATime(stored, own, states);
          for (const each of own) assertAnswer(each, stored, states);
          assertInOrder(stored, own);
        }
      }),
      { numRuns, endOnFailure: true, examples: [[outrun]] },
    );
  });
}
