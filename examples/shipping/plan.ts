/** A plan: a piece of cargo is to go by a ship. It is asked for, and later made or refused. */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';
import { commandType, defineCommands, type RecordedCommand } from 'hindsightdb/commands';

/** What is to go by which ship: `4`, 3 tons, `aurora`. */
export interface Wanted {
  readonly cargo: string;
  readonly tons: number;
  readonly ship: string;
}

/** What is asked of a plan. */
export type PlanCommand =
  | RecordedCommand<'RequestPlan', Wanted>
  | RecordedCommand<'ConfirmPlan', null>
  | RecordedCommand<'RefusePlan', { readonly reason: string }>;

/** What happened to it. */
export type PlanEvent =
  | Event<'PlanRequested', Wanted>
  | Event<'PlanConfirmed', null>
  | Event<'PlanRefused', { readonly reason: string }>;

/** Where a plan stands. */
export type Plan =
  | { readonly is: 'none' | 'requested' | 'confirmed' }
  | { readonly is: 'refused'; readonly reason: string };

/** The decider of plans. */
export const plan: Decider<Plan, PlanCommand, PlanEvent> = defineDecider({
  category: 'plan',
  initialState: { is: 'none' },
  decide: (command: PlanCommand, { is }: Plan): PlanEvent => {
    if (command.type === 'RequestPlan') {
      if (is !== 'none') throw new Error('It was requested already.');
      return { type: 'PlanRequested', data: command.data };
    }
    if (is !== 'requested') throw new Error(`The plan is ${is}.`);
    return command.type === 'ConfirmPlan'
      ? { type: 'PlanConfirmed', data: null }
      : { type: 'PlanRefused', data: command.data };
  },
  evolve: (state: Plan, event: Recorded<PlanEvent>): Plan => {
    switch (event.type) {
      case 'PlanRequested':
        return { is: 'requested' };
      case 'PlanConfirmed':
        return { is: 'confirmed' };
      case 'PlanRefused':
        return { is: 'refused', reason: event.data.reason };
      default:
        event satisfies never;
        return state;
    }
  },
});

/** The commands of plans, as they are kept. */
export const planCommands = defineCommands({
  decider: plan,
  types: {
    RequestPlan: commandType<Wanted>(),
    ConfirmPlan: commandType<null>(),
    RefusePlan: commandType<{ readonly reason: string }>(),
  },
});
