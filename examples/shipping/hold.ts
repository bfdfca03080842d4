/** The hold of a ship: what has room on it, as far as it was reserved. */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';
import { commandType, defineCommands, type RecordedCommand } from 'hindsightdb/commands';

/** What is asked of a hold. `plan` is for whom. */
export type HoldCommand =
  | RecordedCommand<'OpenHold', { readonly tons: number }>
  | RecordedCommand<'ReserveRoom', { readonly plan: string; readonly tons: number }>
  | RecordedCommand<'ReleaseRoom', { readonly plan: string }>;

/** What happened to it. */
export type HoldEvent =
  | Event<'HoldOpened', { readonly tons: number }>
  | Event<'RoomReserved', { readonly plan: string; readonly tons: number }>
  | Event<'RoomReleased', { readonly plan: string }>;

/** How much it takes, and how much is reserved by each plan. */
export interface Hold {
  readonly tons: number;
  readonly reserved: Readonly<Record<string, number>>;
}

const initialState: Hold = { tons: 0, reserved: {} };

/** The decider of holds. */
export const hold: Decider<Hold, HoldCommand, HoldEvent> = defineDecider({
  category: 'hold',
  initialState,
  decide,
  evolve: (state: Hold, event: Recorded<HoldEvent>): Hold => {
    switch (event.type) {
      case 'HoldOpened':
        return { ...state, tons: event.data.tons };
      case 'RoomReserved':
        return { ...state, reserved: { ...state.reserved, [event.data.plan]: event.data.tons } };
      case 'RoomReleased': {
        const { [event.data.plan]: _, ...reserved } = state.reserved;
        return { ...state, reserved };
      }
      default:
        event satisfies never;
        return state;
    }
  },
});

function decide(command: HoldCommand, { tons, reserved }: Hold): HoldEvent | readonly HoldEvent[] {
  switch (command.type) {
    case 'OpenHold':
      return { type: 'HoldOpened', data: command.data };
    case 'ReserveRoom': {
      const free = tons - Object.values(reserved).reduce((sum, each) => sum + each, 0);
      if (command.data.tons > free)
        throw new Error(`There is room for ${free} tons, and not for ${command.data.tons}.`);
      return { type: 'RoomReserved', data: command.data };
    }
    case 'ReleaseRoom':
      // Whoever undoes need not know whether there is anything to undo.
      return command.data.plan in reserved ? { type: 'RoomReleased', data: command.data } : [];
    default:
      return command satisfies never;
  }
}

/** The commands of holds, as they are kept. */
export const holdCommands = defineCommands({
  decider: hold,
  types: {
    OpenHold: commandType<{ readonly tons: number }>(),
    ReserveRoom: commandType<{ readonly plan: string; readonly tons: number }>(),
    ReleaseRoom: commandType<{ readonly plan: string }>(),
  },
  check: ({ type, data }) =>
    type === 'ReleaseRoom' || data.tons > 0 ? undefined : `${type} must be for some tons, not for ${data.tons}.`,
});
