/** The booking of a piece of cargo: it goes on one ship at a time. */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';
import { commandType, defineCommands, type RecordedCommand } from 'hindsightdb/commands';

/** What is asked of it. */
export type BookingCommand =
  | RecordedCommand<'BookCargo', { readonly plan: string; readonly ship: string }>
  | RecordedCommand<'CancelBooking', { readonly plan: string }>;

/** What happened to it. */
export type BookingEvent =
  | Event<'CargoBooked', { readonly plan: string; readonly ship: string }>
  | Event<'BookingCancelled', { readonly plan: string }>;

/** The plan and the ship that it is booked by and for. */
export type Booking = { readonly plan: string; readonly ship: string } | null;

const initialState: Booking = null;

/** The decider of bookings. */
export const booking: Decider<Booking, BookingCommand, BookingEvent> = defineDecider({
  category: 'booking',
  initialState,
  decide: ({ type, data }: BookingCommand, state: Booking): BookingEvent | readonly BookingEvent[] => {
    if (type === 'CancelBooking') return state?.plan === data.plan ? { type: 'BookingCancelled', data } : [];
    if (state !== null) throw new Error(`It goes on the ${state.ship} already.`);
    return { type: 'CargoBooked', data };
  },
  evolve: (_: Booking, event: Recorded<BookingEvent>): Booking => (event.type === 'CargoBooked' ? event.data : null),
});

/** The commands of bookings, as they are kept. */
export const bookingCommands = defineCommands({
  decider: booking,
  types: {
    BookCargo: commandType<{ readonly plan: string; readonly ship: string }>(),
    CancelBooking: commandType<{ readonly plan: string }>(),
  },
});
