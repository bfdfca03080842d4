/** What the compiler sees of reactions and gateways: an effect that is not declared, or other data than it takes, does not compile. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, Recorded } from '../../src/core/event.ts';
import {
  ask,
  defineGateway,
  defineReaction,
  effect,
  reactionsOf,
  type EffectContext,
  type ReactionContext,
} from '../../src/reactions/index.ts';
import type { AnyStore } from '../../src/store/context-of.ts';
import type { Equal, Expect } from '../types/expect.ts';

type OrderPlaced = Event<'OrderPlaced', { readonly email: string; readonly cents: number }>;
type OrderPaid = Event<'OrderPaid', { readonly cents: number }>;

const effects = {
  mail: async (data: { to: string; items?: string[] }, { key }: EffectContext) => `${key}${data.to}`,
  mark: (data: { kind: 'big' | 'small' }) => data.kind,
  ping: () => {},
};
const options = { name: 'typed', startAt: 'now', effects } as const;
const rates = defineGateway({
  name: 'rates',
  ask: async (question: { readonly from: string }) => question.from.length,
});

test('handlers may return what is declared: one effect, several, or none, at once or later', () => {
  const reaction = defineReaction({
    ...options,
    on: {
      OrderPlaced: ({ data }: Recorded<OrderPlaced>) => effect('mail', { to: data.email, items: ['a'] }),
      OrderPaid: async ({ data }: Recorded<OrderPaid>, { ask: asking }: ReactionContext) => {
        const rate = await asking(rates, { from: 'EUR' });
        type _ = Expect<Equal<typeof rate, number>>;
        return [effect('ping'), effect('mark', { kind: data.cents * rate > 10 ? 'big' : 'small' })];
      },
      OrderLost: () => undefined,
      OrderFound: () => [],
      OrderSold: ({ data }: Recorded<Event<'OrderSold', number>>) => (data > 1 ? effect('ping') : undefined),
      OrderKept: () => effect('mark', { kind: 'big' }),
    },
  });
  assert.equal(reaction.handlers.size, 6);
});

test('what is not declared does not compile', () => {
  const refused = defineReaction({
    ...options,
    on: {
      // @ts-expect-error There is no such effect.
      Misspelt: () => effect('mial', { to: 'ada' }),
      // @ts-expect-error A mail goes to a text.
      Number: () => effect('mail', { to: 1 }),
      // @ts-expect-error A mail needs data.
      Nothing: () => effect('mail'),
      // @ts-expect-error One of them is not declared.
      Several: () => [effect('ping'), effect('pong')],
      // @ts-expect-error The same of a handler that asks first.
      Later: async () => effect('pong'),
      // @ts-expect-error The kinds are two others.
      Kind: () => effect('mark', { kind: 'huge' }),
      // @ts-expect-error The event is of another type.
      Other: ({ data }: Recorded<OrderPlaced>) => effect('mail', { to: data.email }),
    },
  });
  assert.equal(refused.handlers.size, 7);
  const noStart = { name: 'typed', effects: {}, on: { OrderLost: () => undefined } };
  // @ts-expect-error Where it starts must be said.
  assert.throws(() => defineReaction(noStart));
});

test('reactionsOf knows the events of a union', () => {
  const reaction = reactionsOf<OrderPlaced | OrderPaid>()({
    ...options,
    on: {
      OrderPlaced: ({ data }) => {
        type _ = Expect<Equal<typeof data, { readonly email: string; readonly cents: number }>>;
        return effect('mail', { to: data.email });
      },
      // @ts-expect-error There is no such effect.
      OrderPaid: () => effect('pong'),
    },
  });
  assert.equal(reaction.handlers.size, 2);
  reactionsOf<OrderPlaced>()({
    ...options,
    on: {
      OrderPlaced: () => undefined,
      // @ts-expect-error There is no such event.
      OrderEaten: () => undefined,
    },
  });
});

test('a gateway is asked its question and gives its answer', async () => {
  const asked = async (store: AnyStore): Promise<void> => {
    const answer = await ask(store, rates, { from: 'EUR' }, { for: 'e1' });
    type _ = Expect<Equal<typeof answer, number>>;
    // @ts-expect-error It is another question.
    await ask(store, rates, { to: 'EUR' }, { for: 'e1' });
    // @ts-expect-error For what is asked must be said.
    await ask(store, rates, { from: 'EUR' }, {});
  };
  assert.equal(typeof asked, 'function');
});
