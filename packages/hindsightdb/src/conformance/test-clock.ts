/**
 * The clock of a case: it stands still until it is moved. For an engine with a clock of its own, moving means waiting.
 */

/** A time with microseconds that are no whole milliseconds, so that rounding shows. 2026-03-01T00:00:00.000457Z. */
const start = 1_772_323_200_000_457;

/** A clock in microseconds since 1970. */
export class TestClock {
  readonly #hasOwnClock: boolean;
  #micros = start;

  constructor(options: { readonly hasOwnClock: boolean }) {
    this.#hasOwnClock = options.hasOwnClock;
  }

  /** Whether the engine's times are exactly those of this clock. */
  get isExact(): boolean {
    return !this.#hasOwnClock;
  }

  /** Present time, as the engine sees it; near it, where the engine has a clock of its own. */
  readonly now = (): number => (this.#hasOwnClock ? Date.now() * 1000 : this.#micros);

  /** Lets time pass. */
  async pass(micros: number): Promise<void> {
    if (this.#hasOwnClock) await new Promise((resolve) => setTimeout(resolve, micros / 1000 + 2));
    else this.#micros += micros;
  }

  /** Sets the clock, also back. Without effect on an engine with a clock of its own. */
  set(micros: number): void {
    this.#micros = micros;
  }
}
