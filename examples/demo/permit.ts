/**
 * A case of the permit desk, folded from its events. Nobody decides here: the log was written elsewhere.
 */

import type { Event, Recorded } from 'hindsightdb';

/** A row of the desk's log. */
export type Task = Event<string, Readonly<Record<string, string>>>;

/** What became of a case. */
export interface Permit {
  readonly tasks: number;
  readonly begun: string | null;
  readonly last: string | null;
  /** How many tasks each person did. */
  readonly people: Readonly<Record<string, number>>;
}

const initialState: Permit = { tasks: 0, begun: null, last: null, people: {} };

/** The fold of the cases; `hindsight load` uses it. */
export const permit = {
  category: 'case',
  initialState,
  evolve(state: Permit, { data, occurredAt }: Recorded<Task>): Permit {
    const person = data['person'] ?? 'nobody';
    return {
      tasks: state.tasks + 1,
      begun: state.begun ?? occurredAt ?? null,
      last: occurredAt ?? null,
      people: { ...state.people, [person]: (state.people[person] ?? 0) + 1 },
    };
  },
};
