/** What an instance is, folded from its steps: for timeline, diff, blame and everything else that looks at an entity. */

import { stepType } from '../core/event.ts';
import type { SnapshottedFold } from '../store/load-state.ts';
import type { Process } from './process.ts';
import { stepOf, type ProcessAdvanced, type StepData } from './step.ts';

/** An instance as its users see it. */
export interface ProcessState<State = unknown> {
  readonly state: State;
  /** When its pending timers are due, by name: ISO 8601. */
  readonly timers: Readonly<Record<string, string>>;
  readonly isEnded: boolean;
}

/**
 * The fold of a process manager's steps: `store.load(processFold(unpaid), 'unpaid-invoice-75')`, and for `timeline`, `diff` and `blame`.
 * A state is as its step recorded it, by whatever version that was.
 */
export function processFold<State>(
  process: Process<State>,
): SnapshottedFold<ProcessState<State>, ProcessAdvanced<State>> {
  const { name, initialState } = process;
  return {
    category: name,
    initialState: () => ({ state: initialState(), timers: {}, isEnded: false }),
    evolve: (before, event) => {
      // Other events in the stream are somebody else's.
      if (event.type !== stepType) return before;
      // A step's state is what handlers of this process manager made, of this version or another.
      return shownState(stepOf(event)) as ProcessState<State>;
    },
    isTerminal: ({ isEnded }) => isEnded,
  };
}

/** The state after a step. */
export function shownState({ state, timers, ended }: StepData): ProcessState {
  return {
    state,
    timers: Object.fromEntries(Object.entries(timers).map(([timer, { dueAt }]) => [timer, dueAt])),
    isEnded: ended === true,
  };
}
