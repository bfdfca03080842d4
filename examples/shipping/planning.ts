/**
 * Planning across a ship and its cargo: room in the hold is reserved, then the cargo is booked, then the plan is confirmed. Each
 * is a command to somebody else, who may refuse it or be out of reach. What was done until then is undone by further commands.
 */

import {
  become,
  endProcess,
  issue,
  processesOf,
  setTimer,
  type Process,
  type ProcessAction,
} from 'hindsightdb/processes';
import { bookingCommands, type BookingEvent } from './booking.ts';
import { holdCommands, type HoldEvent } from './hold.ts';
import { planCommands, type PlanEvent, type Wanted } from './plan.ts';

/** How long ship and cargo have to answer. */
export const answerWithinMs: number = 24 * 3_600_000;

type Planning = Wanted | null;
type Action = ProcessAction<Planning, 'answer'>;

/** The process manager; its instances are the plans. */
export const planning: Process<Planning> = processesOf<PlanEvent | HoldEvent | BookingEvent>()({
  name: 'planning',
  startAt: 'beginning',
  key: ({ streamId, data }) => (streamId.startsWith('plan-') ? streamId : planNamedBy(data)),
  initialState: null as Planning,
  commands: [holdCommands, bookingCommands, planCommands],
  on: {
    PlanRequested: ({ streamId: of, data }) => [
      become(data),
      setTimer('answer', { afterMs: answerWithinMs }),
      reserveRoom(of, data),
    ],
    RoomReserved: (_, { key, state }) => (state === null ? undefined : bookCargo(key, state)),
    CargoBooked: (_, { key }) => [
      issue(planCommands, { type: 'ConfirmPlan', streamId: key, data: null }),
      endProcess(),
    ],
  },
  timers: {
    answer: ({ key, state }) => (state === null ? undefined : undo(key, state, 'no answer came within a day')),
  },
  rejected: {
    ReserveRoom: ({ error }, { key, state }) =>
      state === null ? undefined : undo(key, state, error?.message ?? 'the ship does not answer'),
    BookCargo: ({ error }, { key, state }) =>
      state === null ? undefined : undo(key, state, error?.message ?? 'the cargo does not answer'),
  },
});

function planNamedBy(data: unknown): string | undefined {
  return typeof data === 'object' && data !== null && 'plan' in data && typeof data.plan === 'string'
    ? data.plan
    : undefined;
}

function reserveRoom(of: string, { ship, tons }: Wanted): Action {
  return issue(holdCommands, { type: 'ReserveRoom', streamId: `hold-${ship}`, data: { plan: of, tons } });
}

function bookCargo(of: string, { cargo, ship }: Wanted): Action {
  return issue(bookingCommands, { type: 'BookCargo', streamId: `booking-${cargo}`, data: { plan: of, ship } });
}

/**
 * Undoes everything, done or not: what was never done, these commands leave as it is. Commands of an entity are decided in their
 * order, so where the ship is out of reach and answers later, it reserves the room and releases it at once.
 */
function undo(of: string, { ship, cargo }: Wanted, reason: string): readonly Action[] {
  return [
    issue(holdCommands, { type: 'ReleaseRoom', streamId: `hold-${ship}`, data: { plan: of } }),
    issue(bookingCommands, { type: 'CancelBooking', streamId: `booking-${cargo}`, data: { plan: of } }),
    issue(planCommands, { type: 'RefusePlan', streamId: of, data: { reason } }),
    endProcess(),
  ];
}
