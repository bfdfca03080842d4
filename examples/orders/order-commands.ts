/**
 * The commands of orders as the shop keeps them: recorded before they are decided, and decided once, however often they come. The
 * rules are those of `order.ts`; what is kept is turned into what they decide.
 */

import type { AnyCommands, CommandContext, CommandRegistry } from 'hindsightdb/commands';
import { commandType, defineCommands } from 'hindsightdb/commands';
import type { Gateway } from 'hindsightdb/reactions';
import { order, type Address, type OrderCommand } from './order.ts';
import { count, object, shape, text } from './shape.ts';

/** The price of a piece in cents; null for what the shop does not sell. */
export type Prices = Gateway<string, number | null>;

const types = {
  PlaceOrder: shape<{ readonly customer: string; readonly address: Address }>({
    customer: text,
    address: object({ street: text, city: text }),
  }),
  AddItem: shape<{ readonly sku: string; readonly quantity: number }>({ sku: text, quantity: count }),
  RemoveItem: shape<{ readonly sku: string; readonly quantity: number }>({ sku: text, quantity: count }),
  ShipOrder: shape<{ readonly carrier: string }>({ carrier: text }),
  // Sent by the shop's own code alone.
  CancelOrder: commandType<{ readonly reason: string }>(),
} satisfies CommandRegistry;

/** The commands of orders, for a shop that sells at these prices. */
export function orderCommands(prices: Prices): AnyCommands & { readonly types: typeof types } {
  // Asked twice for one command, a gateway answers once: what was checked is what is charged.
  const priceOf = async ({ ask }: CommandContext, sku: string): Promise<number | null> => await ask(prices, sku);
  return defineCommands({
    decider: order,
    types,
    check: async ({ type, data }, context) =>
      type === 'AddItem' && (await priceOf(context, data.sku)) === null ? `The shop sells no ${data.sku}.` : undefined,
    prepare: async ({ type, data }, context): Promise<OrderCommand> => {
      switch (type) {
        case 'PlaceOrder':
          return { do: 'place', ...data };
        case 'AddItem': {
          const unitCents = await priceOf(context, data.sku);
          if (unitCents === null) throw new Error(`There is no price of ${data.sku} any more.`);
          return { do: 'add', ...data, unitCents };
        }
        case 'RemoveItem':
          return { do: 'remove', ...data };
        case 'ShipOrder':
          return { do: 'ship', ...data };
        case 'CancelOrder':
          return { do: 'cancel', ...data };
        default:
          return type satisfies never;
      }
    },
  });
}
