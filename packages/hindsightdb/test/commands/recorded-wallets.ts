/** Histories of decided commands, and an account of them that is kept beside the store, to compare with. */

import { ask, type Gateway } from '../../src/reactions/gateway.ts';
import { commandTypes } from '../../src/core/command-types.ts';
import { outcomeTypes, metadataBehind } from '../../src/commands/command-record.ts';
import { decisionOf } from '../../src/core/decider.ts';
import type { Event } from '../../src/core/event.ts';
import { initialStateOf } from '../../src/core/fold.ts';
import { commandStreamOf } from '../../src/core/stream-id.ts';
import type { OutcomeDetails } from '../../src/commands/index.ts';
import type { Store } from '../../src/store/store.ts';
import { recordedAs } from '../../src/store/decode.ts';
import { preparing, wallet, type Wallet, type WalletCommand, type WalletEvent } from './wallets.ts';

/** A command of a test. */
export interface Step {
  readonly entity: number;
  readonly type: WalletCommand['type'];
  readonly amount: number;
  /** Command and outcome in one event, or in two; or without a decision. */
  readonly how: 'together' | 'apart' | 'cancelled' | 'abandoned' | 'undecided' | 'foreign';
}

/** What is known of a decision without asking the store. */
export interface Noted {
  readonly command: WalletCommand;
  readonly on: number;
  readonly rate: number;
  /** Undefined: rejected. */
  readonly events: readonly WalletEvent[] | undefined;
  /** All events of the entity up to that version. */
  readonly before: readonly WalletEvent[];
}

/** Records steps as the library would, under the rules of `wallet`. */
export async function recordSteps(
  store: Store,
  steps: readonly Step[],
  { rates, firstNumber = 1 }: { readonly rates: Gateway<string, number>; readonly firstNumber?: number },
): Promise<readonly Noted[]> {
  const noted: Noted[] = [];
  const entities = new Map<string, WalletEvent[]>();
  for (const [index, step] of steps.entries()) {
    const streamId = `wallet-${step.entity}`;
    const all = entities.get(streamId) ?? [];
    entities.set(streamId, all);
    if (step.how === 'foreign') {
      const event: WalletEvent = { type: 'Filled', data: { cents: step.amount } };
      await store.append(streamId, [event]);
      all.push(event);
      continue;
    }
    const command = commandOf(step, streamId, `command-${firstNumber + index}`);
    const record = { type: command.type, data: command.data, acceptedAt: command.acceptedAt };
    const stream = commandStreamOf(streamId);
    if (step.how !== 'together')
      await append(store, stream, [{ id: command.id, type: commandTypes.accepted, data: record }]);
    if (step.how === 'undecided') continue;
    if (step.how === 'cancelled' || step.how === 'abandoned') {
      const outcome = { type: outcomeTypes[step.how], data: { command: command.id, kind: step.how } };
      await append(store, stream, [outcome]);
      continue;
    }
    const decided = await preparing(rates)(command, {
      ask: async (gateway, question) => await ask(store, gateway, question, { for: command.id, streamId }),
    });
    const on = all.length;
    let events: readonly WalletEvent[] | undefined;
    let details: OutcomeDetails;
    try {
      events = decisionOf(wallet.decide(decided, foldWallet(all)));
      details = { kind: 'decided', on, events: events.length };
    } catch (error) {
      details = {
        kind: 'rejected',
        on,
        error: { name: 'Error', message: error instanceof Error ? error.message : '' },
      };
    }
    noted.push({ command, on, rate: decided.rate, events, before: [...all] });
    const outcome: Event =
      step.how === 'together'
        ? { id: command.id, type: commandTypes.handled, data: { ...record, outcome: details } }
        : { type: outcomeTypes[details.kind], data: { command: command.id, ...details } };
    await append(store, stream, [outcome], {
      streamId,
      expectedVersion: on,
      events: (events ?? []).map((event) => ({ ...event, metadata: metadataBehind(command) })),
    });
    all.push(...(events ?? []));
  }
  return noted;
}

/** The state of a wallet, folded without a store. */
export function foldWallet(events: readonly WalletEvent[]): Wallet {
  return recordedAs<WalletEvent>(events).reduce<Wallet>(
    (state, event) => wallet.evolve(state, event),
    initialStateOf<Wallet, WalletEvent>(wallet),
  );
}

function commandOf({ type, amount }: Step, streamId: string, id: string): WalletCommand {
  const acceptedAt = '2026-03-01T00:00:00.000000Z';
  const common = { id, streamId, metadata: {}, acceptedAt, at: acceptedAt };
  switch (type) {
    case 'Look':
      return { ...common, type, data: null };
    case 'Exchange':
      return { ...common, type, data: { currency: 'x'.repeat(1 + (amount % 3)), amount } };
    case 'Fill':
      return { ...common, type, data: { cents: amount, parts: amount % 4 } };
    case 'Pay':
      return { ...common, type, data: { cents: amount } };
  }
}

async function append(
  store: Store,
  commandStream: string,
  records: readonly Event[],
  entity?: { readonly streamId: string; readonly expectedVersion: number; readonly events: readonly Event[] },
): Promise<void> {
  const answer = await store.appendInternal({
    isReservedAllowed: true,
    streams: [...(entity === undefined ? [] : [entity]), { streamId: commandStream, events: records }],
  });
  if (answer.kind !== 'appended') throw new Error(`Not recorded: ${answer.kind}`);
}
