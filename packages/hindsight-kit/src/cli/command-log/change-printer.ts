/** What happens to commands, a line for each. */

import type { Store } from 'hindsightdb';
import { commandInfo, type CommandChange } from 'hindsightdb/commands';
import type { CommandContext } from '../context.ts';
import { jsonText, timeText } from '../history/value-text.ts';
import { GrowingTable, type Column } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { outcomeDetail, paintStatus } from './outcome-text.ts';

/** So many types of commands are remembered until their outcomes come; of others they are looked up. */
const typesMax = 10_000;

/** Prints changes in the order in which they happened. */
export class ChangePrinter {
  readonly #context: CommandContext;
  readonly #store: Store;
  readonly #table: GrowingTable;
  readonly #types = new Map<string, string>();
  readonly #hasIds: boolean;
  #isFirst = true;

  constructor(context: CommandContext, store: Store) {
    const { palette, widthMax } = context;
    this.#context = context;
    this.#store = store;
    this.#hasIds = widthMax === undefined || widthMax >= 110;
    const columns: Column[] = [
      { title: 'TIME', paint: palette.faint },
      { title: 'ENTITY', paint: palette.name },
      { title: 'COMMAND', paint: palette.type },
      { title: 'WHAT', paint: (text) => paintStatus(palette, text) },
      ...(this.#hasIds ? [{ title: 'ID' }] : []),
      { title: 'DATA, OR RESULT' },
    ];
    this.#table = new GrowingTable(columns, { widthMax, paintTitle: palette.title });
    // Outcomes follow their commands: with room for both from the beginning, columns move less.
    this.#table.measure([['', 'x'.repeat(10), 'x'.repeat(12), 'x'.repeat(9)]]);
  }

  /** Prints one change. */
  async print(change: CommandChange): Promise<void> {
    const { output, isJson } = this.#context;
    if (isJson) {
      await output.line(JSON.stringify(change));
      return;
    }
    const cells = await this.#cells(change);
    this.#table.measure([cells.slice(0, -1)]);
    if (this.#isFirst) await output.line(this.#table.titleLine());
    this.#isFirst = false;
    await output.line(this.#table.line(cells));
  }

  async #cells(change: CommandChange): Promise<string[]> {
    if (change.kind === 'outcome') {
      const { outcome } = change;
      const { recordedAt, streamId, kind, commandId } = outcome;
      return this.#row(recordedAt, [streamId, await this.#typeOf(commandId), kind], commandId, outcomeDetail(outcome));
    }
    const { command, kind, recordedAt } = change;
    const { id, type, streamId, data, dueAt } = command;
    this.#remember(id, type);
    const due = kind === 'scheduled' && dueAt !== undefined ? `due ${timeText(dueAt)} ` : '';
    return this.#row(recordedAt, [streamId, type, kind], id, `${due}${jsonText(data)}`);
  }

  #row(time: string, cells: readonly string[], id: string, detail: string): string[] {
    // Where there is no room for ids, the day is known as well.
    const shown = this.#hasIds ? timeText(time) : timeText(time).slice('yyyy-mm-dd '.length);
    return [shown, ...cells.map(safeText), ...(this.#hasIds ? [safeText(id)] : []), detail];
  }

  #remember(id: string, type: string): void {
    this.#types.set(id, type);
    if (this.#types.size <= typesMax) return;
    for (const oldest of this.#types.keys()) {
      this.#types.delete(oldest);
      return;
    }
  }

  async #typeOf(commandId: string): Promise<string> {
    const known = this.#types.get(commandId);
    this.#types.delete(commandId);
    return known ?? (await commandInfo(this.#store, commandId))?.command.type ?? '';
  }
}
