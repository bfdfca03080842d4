/**
 * Any commands, from several clients who send again what they have no answer for, over processes that die at any write, with
 * writes that fail and answers that are lost: each command has one outcome, every client is told that one, and the commands of
 * an entity are decided as if one at a time.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelCommand, execute, runCommands, submit, waitForOutcome, type Outcome } from '../../src/commands/index.ts';
import { HindsightError, isHindsightError } from '../../src/core/errors.ts';
import type { AppendAnswer, Engine } from '../../src/engine/contract.ts';
import { storeOver } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { inFile, inMemory, openNew, type StoreKind } from '../open-stores.ts';
import type { Ending } from '../temporary-folder.ts';
import { accountCommands, deposit, withdraw } from './account-commands.ts';
import { verifyAccounts } from './verify.ts';

type Fate = 'pass' | 'OVERLOADED' | 'lost';

const anyRun = fc.record({
  given: fc.array(
    fc.record({
      entity: fc.nat(2),
      amount: fc.integer({ min: -9, max: 9 }).filter((amount) => amount !== 0),
      by: fc.constantFrom('execute', 'submit', 'submit and cancel'),
      process: fc.nat(1),
      pause: fc.nat(4),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  slices: fc.integer({ min: 1, max: 3 }),
  deaths: fc.array(fc.record({ atWrite: fc.integer({ min: 2, max: 60 }), isWritten: fc.boolean() }), {
    minLength: 2,
    maxLength: 2,
  }),
  fates: fc.array(fc.constantFrom<Fate>('pass', 'pass', 'pass', 'pass', 'OVERLOADED', 'lost'), {
    minLength: 1,
    maxLength: 30,
  }),
});
type Run = typeof anyRun extends fc.Arbitrary<infer Value> ? Value : never;

/** An engine whose appends meet these fates, one after the other. */
function fatefulEngine(inner: Engine, fates: readonly Fate[]): Engine {
  let count = 0;
  const append = async (...given: Parameters<Engine['append']>): Promise<AppendAnswer> => {
    const fate = fates[(count += 1) % fates.length] ?? 'pass';
    if (fate === 'OVERLOADED') throw new HindsightError('OVERLOADED', 'Too much at once.');
    const answer = await inner.append(...given);
    if (fate === 'lost') throw new HindsightError('OUTCOME_UNKNOWN', 'The answer was lost.');
    return answer;
  };
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const bound: unknown = value.bind(target);
      return bound;
    },
  });
}

/** Sends a command until there is an answer, as a client does; turns to the store that lives on when a process is gone. */
async function ask(
  command: Run['given'][number],
  id: string,
  { processes, survivor }: { readonly processes: readonly Store[]; readonly survivor: Store },
): Promise<Outcome> {
  const { entity, amount, by, process } = command;
  const streamId = `account-${entity}`;
  const commands = accountCommands();
  const given = amount > 0 ? deposit(streamId, amount, id) : withdraw(streamId, -amount, id);
  let store = processes[process] ?? survivor;
  for (;;) {
    try {
      if (by === 'execute') return await execute(store, commands, given);
      await submit(store, commands, given);
      return by === 'submit' ? await waitForOutcome(store, id) : (await cancelCommand(store, id)).outcome;
    } catch (error) {
      if (isHindsightError(error, 'CLOSED')) store = survivor;
      else if (!isHindsightError(error, 'OVERLOADED') && !isHindsightError(error, 'OUTCOME_UNKNOWN')) throw error;
    }
  }
}

async function check(ending: Ending, kind: StoreKind, { given, slices, deaths, fates }: Run): Promise<void> {
  const survivor = await openNew(ending, kind);
  const fateful = fatefulEngine(survivor.context.engine, fates);
  const processes = deaths.map((death) => storeOver(mortalEngine(fateful, death).engine));
  const commands = accountCommands({ slices, leaseMs: 100, retry: { attemptsMax: 5, firstDelayMs: 1, delayMsMax: 2 } });
  const running = await Promise.all(
    [...processes, survivor].map(async (store) => {
      try {
        return await runCommands(store, commands);
      } catch (error) {
        if (isHindsightError(error, 'CLOSED')) return undefined;
        throw error;
      }
    }),
  );
  try {
    const answers = await Promise.all(
      given.map(async (command, index) => {
        for (let pause = 0; pause < command.pause; pause += 1) await new Promise(setImmediate);
        return await ask(command, `c${index}`, { processes, survivor });
      }),
    );
    const { outcomes } = await verifyAccounts(survivor, { open: 'none' });
    assert.equal(outcomes.size, given.length);
    for (const { commandId, kind: told } of answers) assert.equal(told, outcomes.get(commandId));
    for (const answer of answers) assert.deepEqual(await waitForOutcome(survivor, answer.commandId), answer);
  } finally {
    await Promise.all(running.map(async (each) => await each?.stop({ timeoutMs: 0 })));
  }
}

for (const [kind, numRuns] of [
  [inMemory, 80],
  [inFile, 12],
] as const)
  test(`any commands on ${kind.name} have one outcome each, whatever fails and dies`, async (t) => {
    await fc.assert(
      fc.asyncProperty(anyRun, async (run) => await check(t, kind, run)),
      { numRuns },
    );
  });
