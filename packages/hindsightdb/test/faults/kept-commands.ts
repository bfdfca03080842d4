/** The commands of the crash tests: each is known by its client and its number, whoever sends it and how often. */
import { accountCommands } from '../command-log/account-commands.ts';
import { seededRandom } from './seeded-random.ts';

/** The declared commands. Spread over slices, so that several processes decide. */
export function keptCommands(leaseMs: number) {
  return accountCommands({ slices: 4, leaseMs, retry: { attemptsMax: 50, firstDelayMs: 5, delayMsMax: 200 } });
}

/** What a client is about to send. */
export interface ClientPlan {
  readonly client: number;
  readonly count: number;
  readonly entityCount: number;
  /** How many are on their way at once. */
  readonly atOnce: number;
  readonly seed: number;
  /** Times of scheduled commands are told from here on: milliseconds since 1970. */
  readonly startMs: number;
  /** After so long the last of the scheduled commands are due, and those with lower numbers before them. */
  readonly dueWithinMs: number;
}

/** A command of a client, and whether that takes it back again. */
export interface PlannedCommand {
  readonly id: string;
  readonly command: SentCommand;
  readonly isTakenBack: boolean;
}

/** A command as it is sent. */
export type SentCommand =
  | { type: 'Deposit'; streamId: string; id: string; data: { amount: number; times: number }; dueAt?: string }
  | { type: 'Withdraw'; streamId: string; id: string; data: { amount: number }; dueAt?: string }
  | { type: 'Look'; streamId: string; id: string; data: null; dueAt?: string };

/** The command of this number: the same one for every process that asks. */
export function plannedCommand(plan: ClientPlan, number: number): PlannedCommand {
  const random = seededRandom(plan.seed ^ Math.imul(plan.client + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const id = `c${plan.client}-${number}`;
  const streamId = `account-${random.below(plan.entityCount)}`;
  const kind = random.below(10);
  const dueMs = plan.startMs + Math.round((number / plan.count) * plan.dueWithinMs) + random.below(1500);
  const base = { streamId, id, ...(random.chance(0.1) && { dueAt: new Date(dueMs).toISOString() }) };
  const amount = 1 + random.below(100);
  const command: SentCommand =
    kind === 0
      ? { ...base, type: 'Look', data: null }
      : kind < 5
        ? { ...base, type: 'Withdraw', data: { amount } }
        : { ...base, type: 'Deposit', data: { amount, times: 1 + random.below(2) } };
  return { id, command, isTakenBack: random.chance(0.1) };
}
