/** A pure refactoring decides every recorded command as before; a mistake in one rule is found where it shows, and nowhere else. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  execute,
  redecide,
  runCommands,
  submit,
  waitForOutcome,
  type AnyCommands,
  type Redecision,
} from '../../src/commands/index.ts';
import { decisionOf, defineDecider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { canonicalJson } from '../../src/core/json.ts';
import type { StandardSchema } from '../../src/core/standard-schema.ts';
import type { Upcaster } from '../../src/core/upcast.ts';
import type { Store } from '../../src/store/store.ts';
import { allStoreKinds, everythingIn, inFile, inMemory, openNew } from '../open-stores.ts';
import { hexadecimal, laterRelease } from './recorded-stores.ts';
import { foldWallet, recordSteps, type Noted, type Step } from './recorded-wallets.ts';
import {
  centsOf,
  ratesGateway,
  wallet,
  walletCommands,
  type Decided,
  type Wallet,
  type WalletEvent,
} from './wallets.ts';

const step: fc.Arbitrary<Step> = fc.record({
  entity: fc.integer({ min: 1, max: 4 }),
  type: fc.constantFrom('Pay', 'Pay', 'Fill', 'Exchange', 'Look'),
  amount: fc.integer({ min: 1, max: 40 }),
  how: fc.constantFrom('together', 'together', 'apart', 'apart', 'cancelled', 'abandoned', 'undecided', 'foreign'),
});
const history = fc.array(step, { maxLength: 40 });

/** The same rules by somebody else: another state, another order of questions, one event where one will do. */
type Rewritten = { readonly filled: number; readonly paid: readonly number[] };
type Renamed = Event<'Credited', { readonly amount: number }> | Event<'Paid', { readonly cents: number }>;
const rewritten = defineDecider({
  category: 'wallet',
  initialState: (): Rewritten => ({ filled: 0, paid: [] }),
  snapshots: { every: 2 },
  decide: ({ command, rate }: Decided, { filled, paid }: Rewritten): Renamed | Renamed[] => {
    const { type, data } = command;
    if (type === 'Pay') {
      const left = filled - paid.reduce((sum, cents) => sum + cents, 0);
      if (left < data.cents) throw new Error('There is not enough in it.');
      return { type: 'Paid', data: { cents: data.cents }, tags: ['paid', `nr:${paid.length + 1}`, 'paid'] };
    }
    if (type === 'Fill')
      return Array.from({ length: data.parts ?? 1 }, () => ({ type: 'Credited', data: { amount: data.cents } }));
    return type === 'Look' ? [] : [{ type: 'Credited', data: { amount: rate * data.amount } }];
  },
  evolve: (state, { type, data }: Recorded<Renamed>): Rewritten =>
    type === 'Paid'
      ? { ...state, paid: [...state.paid, data.cents] }
      : { ...state, filled: state.filled + data.amount },
});

const renaming: Upcaster = {
  type: 'Filled',
  upcast: ({ data }) => ({
    type: 'Credited',
    data: { amount: typeof data === 'object' && data !== null && 'cents' in data ? data.cents : 0 },
  }),
};

/** Coins have no half cents, and the data say how many there are; a schema that answers later. */
const coins: StandardSchema<{ cents: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) =>
      typeof value === 'object' && value !== null && 'cents' in value && Number.isInteger(value.cents)
        ? { value: { cents: Number(value.cents) } }
        : { issues: [{ message: 'must be whole cents' }] },
  },
};

/** Everything that is in a store, keyed entries included. */
async function contents(store: Store) {
  return [await everythingIn(store), await store.context.engine.keyedScan({ prefix: '', limit: 10_000 })];
}

suite('A pure refactoring', () => {
  for (const kind of allStoreKinds)
    for (const codec of [undefined, hexadecimal])
      test(`decides every recorded command as it was decided (${kind.name}${codec ? ', with a codec' : ''})`, async (t) => {
        await fc.assert(
          fc.asyncProperty(history, async (steps) => {
            const store = await openNew(t, kind, { ...(codec && { codec }), events: { Paid: coins } });
            const { rates, asked } = ratesGateway();
            const noted = await recordSteps(store, steps, { rates });
            const before = await contents(store);
            asked.length = 0;
            for (const [opened, decider] of [
              [store, wallet],
              [laterRelease(store, [renaming]), rewritten],
            ] as const) {
              const commands: AnyCommands = walletCommands<never, never>(decider as never, rates);
              const report = await redecide(opened, commands);
              assert.deepEqual(report.differences, []);
              assert.deepEqual([report.sameCount, report.undecidableCount], [noted.length, 0]);
              const count = (how: Step['how']): number => steps.filter((each) => each.how === how).length;
              const skipped = {
                cancelled: count('cancelled'),
                abandoned: count('abandoned'),
                undecided: count('undecided'),
              };
              assert.deepEqual(report.skipped, skipped);
            }
            assert.deepEqual(asked, [], 'The world is not asked again');
            assert.deepEqual(await contents(store), before, 'Nothing is written');
            await store.close();
          }),
          { numRuns: kind === inFile ? 5 : 40 },
        );
      });
});

test('What the library itself records is decided again as it was, whoever wrote in between', async (t) => {
  const store = await openNew(t, inFile, { codec: hexadecimal });
  const { rates, asked } = ratesGateway();
  const commands = walletCommands({ ...wallet, snapshots: { every: 3 } }, rates);
  await using running = await runCommands(store, commands);
  const ids = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const common = { id: `c${index}`, streamId: `wallet-${index % 3}` };
      if (index % 10 === 9) await store.append(common.streamId, [{ type: 'Filled', data: { cents: index } }]);
      const command =
        index % 4 === 0
          ? ({ ...common, type: 'Exchange', data: { currency: 'abc', amount: index } } as const)
          : ({ ...common, type: 'Pay', data: { cents: index % 50 } } as const);
      if (index % 2 === 0) await execute(store, commands, command);
      else await submit(store, commands, command);
      return common.id;
    }),
  );
  const outcomes = await Promise.all(ids.map(async (id) => await waitForOutcome(store, id)));
  await running.stop();
  const kinds = new Set(outcomes.map(({ kind }) => kind));
  assert.deepEqual(kinds, new Set(['decided', 'rejected']));
  asked.length = 0;
  const { differences, sameCount } = await redecide(store, commands);
  assert.deepEqual([differences, sameCount, asked], [[], 120, []]);
  const generous = {
    ...wallet,
    decide: (decided: Decided, state: Wallet) => wallet.decide(decided, { ...state, cents: 1e6 }),
  };
  const found = await redecide(store, walletCommands(generous, rates), { differencesMax: 1000 });
  assert.deepEqual(
    new Map(found.differences.map(({ commandId, kind }) => [commandId, kind])),
    new Map(outcomes.filter(({ kind }) => kind === 'rejected').map(({ commandId }) => [commandId, 'decided'] as const)),
  );
});

/** Rules with one mistake each, and whether a plain computation says that it shows. */
const mistakes: readonly {
  readonly name: string;
  readonly decide: (decided: Decided, state: Wallet) => WalletEvent[];
}[] = [
  {
    name: 'a limit that is one too low',
    decide: (decided, state) => {
      if (decided.command.type === 'Pay' && decided.command.data.cents >= state.cents) throw new Error('too much');
      return [...decisionOf(wallet.decide(decided, state))];
    },
  },
  {
    name: 'a tag that counts from zero',
    decide: (decided, state) =>
      decisionOf(wallet.decide(decided, state)).map((event) =>
        event.type === 'Paid' ? { ...event, tags: [`nr:${state.payments}`, 'paid'] } : event,
      ),
  },
  {
    name: 'an amount that is rounded',
    decide: (decided, state) =>
      decisionOf(wallet.decide(decided, state)).map((event) => ({
        ...event,
        data: { cents: centsOf(event) > 30 ? Math.round(centsOf(event) / 10) * 10 : centsOf(event) },
      })),
  },
];

suite('A mistake in one rule', () => {
  for (const { name, decide } of mistakes)
    test(`is found, and exactly the commands that it would decide otherwise are named: ${name}`, async (t) => {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const store = await openNew(t, inMemory);
          const { rates } = ratesGateway();
          const noted = await recordSteps(store, steps, { rates });
          const found: Redecision[] = [];
          const report = await redecide(store, walletCommands({ ...wallet, decide }, rates), {
            onDifference: (difference) => void found.push(difference),
            differencesMax: 3,
          });
          const expected = noted.filter((each) => plainly(decide, each) !== plainly(wallet.decide, each));
          const ids = (all: Iterable<{ commandId: string }>): string[] =>
            [...all].map(({ commandId }) => commandId).toSorted();
          assert.deepEqual(ids(found), ids(expected.map(({ command }) => ({ commandId: command.id }))));
          assert.equal(report.differentCount, expected.length);
          assert.equal(report.sameCount, noted.length - expected.length);
          assert.deepEqual(report.differences, found.slice(0, 3));
          await store.close();
        }),
        { numRuns: 60 },
      );
    });
});

/** A decision as a text, made without the library's help. */
function plainly(
  decide: (decided: Decided, state: Wallet) => WalletEvent | readonly WalletEvent[],
  { command, rate, before }: Noted,
): string {
  try {
    const events = decisionOf(decide({ command, rate }, foldWallet(before)));
    return canonicalJson(events.map(({ type, data, tags = [] }) => [type, data, [...new Set(tags)].toSorted()]));
  } catch {
    return 'rejected';
  }
}
