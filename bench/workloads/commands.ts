import { handle, type Store } from 'hindsightdb';
import {
  commandType,
  defineCommands,
  execute,
  runCommands,
  submit,
  waitForOutcome,
  type RecordedCommand,
} from 'hindsightdb/commands';
import { durability } from '../contestants/append-log.ts';
import { openHindsight, orderDecider } from '../contestants/hindsight.ts';
import { runClosedLoop } from '../drive/closed-loop.ts';
import { decideOrder } from '../drive/order.ts';
import type { Variant, Workload } from '../run/workload.ts';

const clientCount = 64;
/** Entities that the clients go round: most commands meet one that has a history. */
const entityCount = 10_000;

const decider = {
  ...orderDecider,
  decide: ({ data }: RecordedCommand<'AddItem', { readonly turn: number }>) => decideOrder(data),
};
const orderCommands = defineCommands({ decider, types: { AddItem: commandType<{ readonly turn: number }>() } });

/** The command of a client's turn. No two clients meet on an entity at the same time. */
function commandOf(client: number, turn: number) {
  const entity = ((turn * clientCount + client) * 7919) % entityCount;
  return { type: 'AddItem', streamId: `order-${entity}`, data: { turn } } as const;
}

function variant(
  name: string,
  write: (store: Store, client: number, turn: number) => Promise<number>,
  begin: (store: Store) => Promise<AsyncDisposable> = async () => ({ [Symbol.asyncDispose]: async () => {} }),
): Variant {
  return {
    name,
    durability: durability.sqliteFull,
    measure: async ({ directory, scale }) => {
      await using store = await openHindsight(directory);
      await using _running = await begin(store);
      return {
        ...(await runClosedLoop({
          writerCount: clientCount,
          warmUpMs: scale.warmUpMs,
          measureMs: scale.measureMs,
          write: (client, turn) => write(store, client, turn),
        })),
      };
    },
  };
}

export const commands: Workload = {
  name: 'commands',
  title: 'Commands that are kept, 64 clients',
  explanation:
    'Sixty-four clients in one process each send one command after another, to 10,000 entities in turn, and wait for what becomes of it. Plain `handle` keeps the events alone. `execute` keeps the command, its outcome and the events, in one append. `submit` keeps the command; a consumer in the same process decides it and keeps outcome and events, and the client waits for the outcome. Rates are of commands, each of which leads to one event.',
  variants: () => [
    variant('plain handle', async (store, client, turn) => {
      const { streamId, data } = commandOf(client, turn);
      return (await handle(store, orderDecider, streamId, data)).events.length;
    }),
    variant('execute', async (store, client, turn) => {
      const outcome = await execute(store, orderCommands, commandOf(client, turn));
      return outcome.kind === 'decided' ? outcome.events : 0;
    }),
    variant(
      'submit, and wait',
      async (store, client, turn) => {
        const { command } = await submit(store, orderCommands, commandOf(client, turn));
        const outcome = await waitForOutcome(store, command.id);
        return outcome.kind === 'decided' ? outcome.events : 0;
      },
      (store) => runCommands(store, orderCommands),
    ),
  ],
  targets: () =>
    [
      { title: 'executed, against plain handle', variant: 'execute', must: 0.35, aim: 0.6 },
      {
        title: 'accepted, decided and answered, against plain handle',
        variant: 'submit, and wait',
        must: 0.35,
        aim: 0.5,
      },
    ].map(({ title, variant: name, must, aim }) => ({
      title,
      of: { variants: [name], figure: 'eventsPerSecond' },
      against: { variants: ['plain handle'], figure: 'eventsPerSecond' },
      better: 'higher',
      must,
      aim,
      unit: '×',
    })),
};
