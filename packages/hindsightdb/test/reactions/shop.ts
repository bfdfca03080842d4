/** A shop whose orders lead to mails and parcels, and a world that remembers what was done in it. */

import { defineReaction, effect, type EffectContext } from '../../src/reactions/index.ts';
import type { Reaction, ReactionOptions } from '../../src/reactions/reaction.ts';
import type { Event, Recorded } from '../../src/core/event.ts';

export type OrderPlaced = Event<'OrderPlaced', { readonly to: string }>;
export type OrderPaid = Event<'OrderPaid', { readonly to: string; readonly parcels: number }>;

/** Something that was done in the world. */
export interface Deed {
  readonly key: string;
  readonly what: 'mail' | 'parcel';
  readonly data: unknown;
  readonly attempt: number;
}

/** The world: does what it is told and remembers all of it, repetitions too. */
export class World {
  readonly deeds: Deed[] = [];
  /** Fails a try, when the function says why. */
  failure: (deed: Deed) => string | undefined = () => undefined;
  /** Has a handler fail on the event of this id, when it answers true. */
  isPuzzling: (eventId: string) => boolean = () => false;
  /** Done before anything else: a place to wait. */
  before: (deed: Deed) => Promise<void> = async () => {};

  async act(deed: Deed): Promise<number> {
    await this.before(deed);
    const failure = this.failure(deed);
    if (failure !== undefined) throw new Error(failure);
    return this.deeds.push(deed);
  }

  get keys(): readonly string[] {
    return this.deeds.map(({ key }) => key);
  }
}

/** Tries soon again, and not often. */
export const impatient = { attemptsMax: 2, firstDelayMs: 1 };

/** A mail for each placed order; a mail, the parcels and another mail for each paid one. */
export function orderMails(world: World, options: Partial<ReactionOptions> = {}): Reaction {
  const { version = 1 } = options;
  return defineReaction({
    name: 'mails',
    startAt: 'beginning',
    retry: impatient,
    ...options,
    effects: {
      mail: (data: { readonly to: string; readonly text: string; readonly by: number }, context: EffectContext) =>
        world.act({ ...context, what: 'mail', data }),
      parcel: (data: { readonly number: number }, context: EffectContext) =>
        world.act({ ...context, what: 'parcel', data }),
    },
    on: {
      OrderPlaced: ({ id, data }: Recorded<OrderPlaced>) => {
        if (world.isPuzzling(id)) throw new Error(`What is ${id}?`);
        return effect('mail', { to: data.to, text: 'placed', by: version });
      },
      OrderPaid: ({ data: { to, parcels } }: Recorded<OrderPaid>) => [
        effect('mail', { to, text: 'paid', by: version }),
        ...Array.from({ length: parcels }, (_, index) => effect('parcel', { number: index + 1 })),
        effect('mail', { to, text: 'sent', by: version }),
      ],
      OrderSeen: () => undefined,
    },
  });
}

/** An order that was placed. */
export function placed(to: string, id?: string): OrderPlaced {
  return { type: 'OrderPlaced', data: { to }, ...(id !== undefined && { id }) };
}

/** An order that was paid. */
export function paid(to: string, parcels: number, id?: string): OrderPaid {
  return { type: 'OrderPaid', data: { to, parcels }, ...(id !== undefined && { id }) };
}
