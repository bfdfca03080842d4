/** Commands that are decided on more than their entity: what the query means, and nothing that came in between. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  commandType,
  defineCommands,
  execute,
  redecide,
  runCommands,
  submit,
  waitForOutcome,
  type RecordedCommand,
} from '../../src/commands/index.ts';
import { defineDecider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { storeOver } from '../../src/store/open.ts';
import { allStoreKinds, openNew } from '../open-stores.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';

type Claimed = Event<'NameClaimed', { readonly name: string }>;
type Claim = RecordedCommand<'Claim', { readonly name: string }>;

/** A name is one user's, whoever asks for it: no single stream knows. */
const claims = defineCommands({
  decider: defineDecider({
    category: 'user',
    initialState: { owner: undefined as string | undefined },
    decide: ({ data: { name } }: Claim, { owner }): Claimed => {
      if (owner !== undefined) throw new Error(`${name} is taken.`);
      return { type: 'NameClaimed', data: { name }, tags: [`name:${name}`] };
    },
    evolve: (_state, event: Recorded<Claimed>) => ({ owner: event.streamId as string | undefined }),
  }),
  types: { Claim: commandType<{ readonly name: string }>() },
  boundary: ({ data: { name } }) => [{ types: ['NameClaimed'], tags: [`name:${name}`] }],
  retry: { attemptsMax: 2, firstDelayMs: 1 },
});
const claim = (user: number, name: string, id: string) =>
  ({ type: 'Claim', streamId: `user-${user}`, data: { name }, id }) as const;

for (const kind of allStoreKinds)
  describe(`a boundary on ${kind.name}`, () => {
    test('lets one of many have a name, whether executed or submitted, from two processes', async (t) => {
      const store = await openNew(t, kind);
      const other = storeOver(mortalEngine(store.context.engine, undefined).engine);
      await using _first = await runCommands(store, claims);
      await using _second = await runCommands(other, claims);
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, async (_, count) => {
          const command = claim(count, `name${count % 5}`, `c${count}`);
          const at = count % 2 === 0 ? store : other;
          if (count % 3 === 0) return await execute(at, claims, command);
          await submit(at, claims, command);
          return await waitForOutcome(at, command.id);
        }),
      );
      const decided = outcomes.filter((outcome) => outcome.kind === 'decided');
      assert.equal(decided.length, 5);
      assert.equal(outcomes.filter((outcome) => outcome.kind === 'rejected').length, 55);
      for (const { after } of decided) {
        assert.ok(after !== undefined);
        await store.validateCheckpoint(after);
      }
      const events = await store.readLog().toArray();
      assert.equal(new Set(events.map(({ data }): unknown => Reflect.get(Object(data), 'name'))).size, 5);
    });

    test('is what a recorded command is decided on again', async (t) => {
      const store = await openNew(t, kind);
      for (let count = 0; count < 12; count += 1)
        await execute(store, claims, claim(count, `name${count % 5}`, `c${count}`));
      const same = await redecide(store, claims);
      assert.deepEqual([same.sameCount, same.differentCount, same.undecidableCount], [12, 0, 0]);
      const careless = { ...claims, boundary: () => [{ types: ['Nothing'] }] };
      const { differences } = await redecide(store, careless);
      const rejected = Array.from({ length: 7 }, (_, index) => `c${index + 5}`);
      assert.deepEqual(new Set(differences.map(({ commandId }) => commandId)), new Set(rejected));
    });
  });
