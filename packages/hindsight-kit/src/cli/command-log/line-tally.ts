/** What became of many commands: told line by line where something is wrong, and counted. */

import type { CommandContext } from '../context.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';
import type { LineResult } from './command-lines.ts';
import { outcomeDetail } from './outcome-text.ts';

/** So many lines with something wrong are told of one by one. */
const toldMax = 50;

/** Counts results. */
export class LineTally {
  readonly #context: CommandContext;
  readonly #outcomes = new Map<string, number>();
  #accepted = 0;
  #before = 0;
  #refused = 0;
  #unnamed = 0;
  #told = 0;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** How many lines are done. */
  get count(): number {
    return this.#accepted + this.#before + this.#refused;
  }

  /** How many commands were accepted now. */
  get acceptedCount(): number {
    return this.#accepted;
  }

  /** Whether anything was refused, or had another outcome than a decision. */
  get hasFailed(): boolean {
    return this.#refused > 0 || [...this.#outcomes.keys()].some((kind) => kind !== 'decided');
  }

  /** Counts an accepted command without an id of its own, which nobody can send again as the same. */
  addUnnamed(): void {
    this.#unnamed += 1;
  }

  /** Counts a result, and tells of it where something is wrong; machines are told of each. */
  async add(line: number, result: LineResult): Promise<void> {
    if (result.status === 'refused') this.#refused += 1;
    else if (result.status === 'accepted') this.#accepted += 1;
    else this.#before += 1;
    const outcome = result.status === 'refused' ? undefined : result.outcome;
    if (outcome !== undefined) this.#outcomes.set(outcome.kind, (this.#outcomes.get(outcome.kind) ?? 0) + 1);
    const { output, palette, isJson } = this.#context;
    if (isJson) return await output.line(JSON.stringify({ line, ...result }));
    const wrong =
      result.status === 'refused'
        ? `refused: ${result.reasons.map(safeText).join('; ')}`
        : outcome !== undefined && outcome.kind !== 'decided'
          ? `${outcome.kind}: ${outcomeDetail(outcome)}`
          : undefined;
    if (wrong === undefined) return;
    this.#told += 1;
    if (this.#told <= toldMax) await output.line(`line ${countText(line)}  ${palette.bad(wrong)}`);
    else if (this.#told === toldMax + 1) await output.line('… further lines are only counted');
  }

  /** What was counted, in a sentence. */
  get text(): string {
    const parts = [
      `${countOf(this.#accepted, 'command')} accepted`,
      ...(this.#before > 0 ? [`${countText(this.#before)} accepted before`] : []),
      ...(this.#refused > 0 ? [`${countText(this.#refused)} refused`] : []),
      ...[...this.#outcomes].map(([kind, count]) => `${countText(count)} ${kind}`),
    ];
    return parts.join(', ');
  }

  /** Tells what was counted. */
  async tell(): Promise<void> {
    const { output, isJson } = this.#context;
    if (!isJson) await output.line(this.text);
    await output.flush();
    if (this.#unnamed > 0)
      this.#context.note(
        `${countOf(this.#unnamed, 'command has', 'commands have')} no id: submitted again, ${this.#unnamed === 1 ? 'it is' : 'they are'} accepted again.`,
      );
  }
}
