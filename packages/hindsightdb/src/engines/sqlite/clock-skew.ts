/** The clock may stand behind what was recorded before: times go on from there, and say less than they should. */

/** How far the clock may be behind the newest event before that is reported: a minute, in microseconds. */
const clockSkewMax = 60_000_000;

/** Counts appends that were made while the clock was further behind, and says so once. */
export class ClockSkew {
  #appends = 0;

  /** How many appends there were. */
  get appends(): number {
    return this.#appends;
  }

  /** Compares the clock with the newest time of the log, both in microseconds since 1970. */
  note(now: number, lastRecordedAt: number): void {
    if (lastRecordedAt - now <= clockSkewMax) return;
    this.#appends += 1;
    if (this.#appends > 1) return;
    const seconds = Math.round((lastRecordedAt - now) / 1_000_000);
    process.emitWarning(
      `The clock is ${seconds} s behind the newest event of the store. Until it has caught up, recordedAt repeats that event's time. Check the clock of this machine and of those that wrote before.`,
      { type: 'HindsightWarning', code: 'HINDSIGHT_CLOCK_BEHIND' },
    );
  }
}
