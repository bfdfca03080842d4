/**
 * What the kit needs to know of an engine in order to test it: how a log is opened, opened again, and thrown away. The rest
 * it reads from the capabilities that the engine declares.
 */

import type { Engine } from '../engine/contract.ts';

/** How an engine is brought to the kit. One fixture stands for one way of opening it. */
export interface EngineFixture {
  /** Names the engine and the way it is opened, in messages. */
  readonly name: string;
  /** How many partitions the logs have that `openLog` opens. An engine that takes several runs the kit with 1 and with 4. */
  readonly partitionCount: number;
  /**
   * The engine takes the time from a clock of its own, such as a database server's, and not from the one it is given. Cases
   * then wait where they would set the clock, and compare times by order. Default false.
   */
  readonly hasOwnClock?: boolean;
  /** How long a case waits for what has to happen by itself before it counts as lost. Default 5,000 ms. */
  readonly patienceMs?: number;
  /** Opens a new, empty log that shares nothing with any other. */
  readonly openLog: (options: LogOptions) => Promise<OpenedLog>;
}

/** What a log is opened with. */
export interface LogOptions {
  /** Microseconds since 1970. It stands still until the case moves it, and may go backward. */
  readonly now: () => number;
}

/** A log that was opened for one case, and the ways back to it. */
export interface OpenedLog {
  readonly engine: Engine;
  /** Opens the same log again, after every handle on it was closed. Given by every engine whose durability is not `none`. */
  readonly reopen?: () => Promise<Engine>;
  /**
   * Opens what would be found if, at the instant of the call, the process had ended (durability `process`) or the power had
   * failed (`power`). Handles that are open are abandoned, not closed: what they had not yet made durable is lost, or not, as
   * it may happen. Given by every engine whose durability is not `none`.
   */
  readonly reopenAfterLoss?: () => Promise<Engine>;
  /** Opens a second handle on the same log while others are open, best in another process. Given by every engine that is shared across processes. */
  readonly openAnother?: () => Promise<Engine>;
  /** Removes everything. The kit has closed the handles that it did not abandon. */
  readonly dispose: () => Promise<void>;
}

/** One promise of the contract, and the test of it. */
export interface ConformanceCase {
  /** The part of the contract that it belongs to. */
  readonly area: string;
  /** The promise, in one sentence. Unique within the kit. */
  readonly name: string;
  /** Opens a log of its own, tests the promise and throws where it is broken. */
  readonly run: () => Promise<void>;
}
