/** Long work on this thread, in pieces between which timers, sockets and signals have their say. */

/** Work goes on for so long before others have their say. */
const turnAfterMs = 10;

/** Lets the event loop turn where it has not for a while. One for each piece of long work. */
export class EventLoop {
  #turnedAt: number = performance.now();

  /** Waits for a turn when one is due; else answers at once. */
  async turnWhenDue(): Promise<void> {
    if (performance.now() - this.#turnedAt < turnAfterMs) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    this.#turnedAt = performance.now();
  }
}
