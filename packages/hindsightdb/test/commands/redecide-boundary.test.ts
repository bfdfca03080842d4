/** Commands that rest on more than their entity are decided again on the same events of the log, wherever these stand. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { commandType, defineCommands, execute, redecide, type RecordedCommand } from '../../src/commands/index.ts';
import { defineDecider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { upcasterFingerprint } from '../../src/core/upcast.ts';
import { Store } from '../../src/store/store.ts';
import { allStoreKinds, inMemory, openNew, type StoreKind } from '../open-stores.ts';

type Taken = Event<'SeatTaken', { readonly seat: number }>;
type Take = RecordedCommand<'Take', { readonly show: string; readonly most: number }>;

/** Guests take seats of a show in turn: the next number, while there are seats. No guest's stream knows which that is. */
const guest = defineDecider({
  category: 'guest',
  initialState: { taken: 0 },
  decide: ({ data: { show, most } }: Take, { taken }): Taken => {
    if (taken >= most) throw new Error(`${show} is full.`);
    return { type: 'SeatTaken', data: { seat: taken + 1 }, tags: [`show:${show}`] };
  },
  evolve: ({ taken }, _event: Recorded<Taken>) => ({ taken: taken + 1 }),
});
const boundary = ({ data: { show } }: Take) => [{ types: ['SeatTaken'], tags: [`show:${show}`] }];
const types = { Take: commandType<{ readonly show: string; readonly most: number }>() };
const guests = defineCommands({ decider: guest, types, boundary });

/** A store with an evening: so many commands, of guests who come again, for two shows. */
async function evening(t: TestContext, kind: StoreKind, count: number) {
  const store = await openNew(t, kind);
  for (let index = 0; index < count; index += 1)
    await execute(store, guests, {
      id: `c${index}`,
      type: 'Take',
      streamId: `guest-${(index * 7) % 23}`,
      data: { show: index % 3 === 0 ? 'early' : 'late', most: count / 2 },
    });
  return store;
}

suite('On a boundary', () => {
  for (const kind of allStoreKinds)
    test(`every command is decided as it was, in whatever order entities are looked at (${kind.name})`, async (t) => {
      const count = kind.name === 'memory' ? 700 : 120;
      const store = await evening(t, kind, count);
      const report = await redecide(store, guests);
      assert.deepEqual([report.sameCount, report.differences], [count, []]);
      // One seat less: those who had the last one are named, and nobody else.
      const stingy = {
        ...guest,
        decide: (take: Take, state: { taken: number }) => guest.decide(take, { taken: state.taken + 1 }),
      };
      const strict = defineCommands({
        decider: { ...stingy, decide: (take: Take, state) => (stingy.decide(take, state), guest.decide(take, state)) },
        types,
        boundary,
      });
      const { differences } = await redecide(store, strict, { differencesMax: 1000 });
      const seats = await store.readQuery([{ types: ['SeatTaken'] }]).toArray();
      const last = seats
        .filter(({ data }) => Reflect.get(Object(data), 'seat') === count / 2)
        .map(({ metadata }) => metadata.causationId);
      assert.deepEqual(
        differences.map(({ kind: what, commandId }) => [what, commandId]),
        last.map((id) => ['rejected', id]),
      );
    });

  test('a fold that throws, or rules that draw none that can be read, fail; they do not refuse', async (t) => {
    const store = await evening(t, inMemory, 12);
    const broken = [
      {
        decider: {
          ...guest,
          evolve: (): never => {
            throw new Error('no fold');
          },
        },
        boundary,
      },
      { decider: guest, boundary: () => [] },
    ];
    for (const each of broken) {
      const { differences } = await redecide(store, defineCommands({ ...each, types }));
      assert.deepEqual(new Set(differences.map(({ kind }) => kind)), new Set(['failed']));
    }
    const upcasters = [
      {
        type: 'SeatTaken',
        when: ({ version }: { version: number }) => version > 1000,
        upcast: () => ({}),
      },
    ];
    const later = new Store({ ...store.context, upcasters, upcasterFingerprint: upcasterFingerprint(upcasters) });
    assert.equal((await redecide(later, guests)).sameCount, 12);
  });

  test('a bare decider cannot tell, and removed events cannot be told of', async (t) => {
    const store = await evening(t, inMemory, 30);
    const bare = await redecide(store, guest);
    assert.deepEqual([bare.undecidableCount, bare.decidedCount], [30, 0]);
    assert.match(bare.differences[0]?.kind === 'undecidable' ? bare.differences[0].reason : '', /boundary/);
    await store.tombstone('guest-7');
    assert.equal((await redecide(store, guests)).undecidableCount, 2, 'Only what was written there is hidden');
    await store.removeTruncated('guest-7');
    const { undecidableCount, sameCount, differentCount } = await redecide(store, guests);
    assert.ok(undecidableCount > 10 && sameCount > 0, `${undecidableCount} of 30`);
    assert.equal(differentCount, 0);
  });
});
