/**
 * Progress of long work on standard error: one line that is drawn over on a terminal, and now and then a line elsewhere.
 */

import type { Palette } from './palette.ts';
import { cutToWidth } from './text-width.ts';
import { durationText, rateText } from './quantities.ts';

/** What is known of work under way. */
export interface ProgressState {
  /** How much of `total` is done, in whatever unit both have. */
  readonly done: number;
  readonly total: number | undefined;
  /** How many events were handled; the rate is theirs. */
  readonly count?: number | undefined;
  /** What else the line says, such as a count with its noun. */
  readonly detail?: string | undefined;
}

/** Where progress is drawn, and by which clock. */
export interface ProgressTarget {
  readonly stream: {
    write(text: string): unknown;
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
  readonly palette: Palette;
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  /** Nothing is drawn. */
  readonly isQuiet: boolean;
}

const redrawAfterMs = 100;
const lineAfterMs = 10_000;
const barWidth = 24;

/** Draws progress. Call `update` as often as you like; it draws ten times a second at most. */
export class ProgressLine {
  readonly #label: string;
  readonly #target: ProgressTarget;
  readonly #startedAt: number;
  #drawnAt: number;
  #startDone: number | undefined;
  #isDrawn = false;

  constructor(label: string, target: ProgressTarget) {
    this.#label = label;
    this.#target = target;
    this.#startedAt = target.now();
    // Work that is done at once needs no line.
    this.#drawnAt = this.#startedAt + (target.stream.isTTY === true ? 150 : 0);
  }

  /** How long the work has taken so far, in milliseconds. */
  get elapsedMs(): number {
    return this.#target.now() - this.#startedAt;
  }

  /** Says how far the work is. */
  update(state: ProgressState): void {
    this.#startDone ??= state.done;
    const { stream, isQuiet, now } = this.#target;
    const at = now();
    if (isQuiet || at - this.#drawnAt < (stream.isTTY === true ? redrawAfterMs : lineAfterMs)) return;
    this.#drawnAt = at;
    const text = this.#describe(state);
    if (stream.isTTY === true) {
      // Carriage return, the line, and the rest of the old line erased.
      // A terminal that does not know its width says 0.
      const width = stream.columns === undefined || stream.columns <= 0 ? 80 : stream.columns;
      stream.write(`\r${cutToWidth(text, width - 1)}\u001b[K`);
      this.#isDrawn = true;
    } else stream.write(`${text}\n`);
  }

  /** Takes the drawn line away; what is printed next begins at its place. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#target.stream.write('\r\u001b[K');
    this.#isDrawn = false;
  }

  #describe({ done, total, count, detail }: ProgressState): string {
    const elapsedMs = this.elapsedMs;
    const parts = [this.#label];
    if (total !== undefined && total > 0) {
      const share = Math.min(1, done / total);
      const filled = Math.round(share * barWidth);
      if (this.#target.stream.isTTY === true) parts.push(`${'━'.repeat(filled)}${'╌'.repeat(barWidth - filled)}`);
      parts.push(`${String(Math.floor(share * 100)).padStart(3)} %`);
    }
    if (detail !== undefined) parts.push(detail);
    if (count !== undefined && elapsedMs > 0) parts.push(rateText(count, elapsedMs));
    const leftMs = this.#leftMs(done, total);
    if (leftMs !== undefined) parts.push(`${durationText(leftMs)} left`);
    return parts.join('  ');
  }

  #leftMs(done: number, total: number | undefined): number | undefined {
    // What was done before, by an earlier run, says nothing about the speed of this one.
    const moved = done - (this.#startDone ?? 0);
    if (total === undefined || moved <= 0 || this.elapsedMs < 500) return undefined;
    return Math.round(((total - done) * this.elapsedMs) / moved / 1000) * 1000;
  }
}
