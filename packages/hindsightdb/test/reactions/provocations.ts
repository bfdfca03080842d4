/** How the errors of reactions, gateways and inboxes come about. */

import type { TestContext } from 'node:test';
import { openInbox } from '../../src/consumers/index.ts';
import { guardEffect } from '../../src/core/replay.ts';
import { ask, defineGateway, replayingGateway, runReaction } from '../../src/reactions/index.ts';
import { plannedEffects } from '../../src/reactions/plan-event.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { react } from './reacting.ts';
import { orderMails, placed, World } from './shop.ts';

/** By code; what each throws has it. */
export const reactionProvocations = {
  EFFECT_IN_REPLAY: async (t: TestContext): Promise<unknown> => {
    const store = await openNew(t, inMemory);
    await store.append('a-1', [{ type: 'Added', data: 1 }]);
    const evolve = guardEffect((count: number) => count + 1);
    return await store.load({ initialState: 0, evolve }, 'a-1');
  },
  EFFECT_UNKNOWN: async (t: TestContext): Promise<unknown> => {
    const store = await openNew(t, inMemory);
    await store.append('order-1', [placed('ada')]);
    const [event] = await store.readLog().toArray();
    const reaction = { ...orderMails(new World()), performers: new Map() };
    return await plannedEffects(reaction, event === undefined ? [] : [event], { home: store, signal: t.signal });
  },
  REACTION_OUTDATED: async (t: TestContext): Promise<unknown> => {
    const store = await openNew(t, inMemory);
    await store.append('order-1', [placed('ada')]);
    await react(store, orderMails(new World(), { version: 2 }));
    return await runReaction(store, orderMails(new World()));
  },
  GATEWAY_UNANSWERED: async (t: TestContext): Promise<unknown> => {
    const gateway = defineGateway({ name: 'rates', ask: () => 1 });
    return await ask(await openNew(t, inMemory), replayingGateway(gateway), 'EUR', { for: 'e1' });
  },
  INBOX_FULL: async (t: TestContext): Promise<unknown> => {
    await using inbox = openInbox(await openNew(t, inMemory), { name: 'in', order: 'sequence', waitingMax: 1 });
    await inbox.receive({ source: 'bank', id: 'm2', sequence: 2 }, () => undefined);
    return await inbox.receive({ source: 'bank', id: 'm3', sequence: 3 }, () => undefined);
  },
} as const;
