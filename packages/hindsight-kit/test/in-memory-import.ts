/** Imports and exports of texts without a process: for tests that do many of them. */

import { Readable } from 'node:stream';
import type { Store, StoredEvent } from 'hindsightdb';
import { exportTo, type ExportKind } from '../src/formats/export/export-run.ts';
import type { InputFormat } from '../src/formats/import/input-format.ts';
import type { ImportResult, SkippedRow } from '../src/formats/import/import-result.ts';
import { runImport } from '../src/formats/import/import-run.ts';
import { textOfStream, type TextSource } from '../src/formats/source/text-source.ts';

/** How an import ended, and what it left out. */
export interface EndedImport extends ImportResult {
  readonly badRows: readonly SkippedRow[];
}

/** Imports a text, handed over in pieces of so many bytes. */
export async function importInto(
  store: Store,
  text: string | TextSource,
  format: InputFormat,
  options: { readonly source?: string; readonly pieceBytes?: number; readonly onBadRow?: 'stop' | 'skip' } = {},
): Promise<EndedImport> {
  const { source = 'test', pieceBytes = 65_536, onBadRow = 'stop' } = options;
  const badRows: SkippedRow[] = [];
  const result = await runImport({
    store,
    source,
    text: typeof text === 'string' ? textOfStream(Readable.from(piecesOf(text, pieceBytes))) : text,
    format,
    onBadRow,
    signal: AbortSignal.any([]),
    onNote: () => undefined,
    onSkipped: (row) => void badRows.push(row),
    onProgress: () => undefined,
  });
  return { ...result, badRows };
}

/** The bytes of a text in pieces, which may end in the middle of a character. */
export function piecesOf(text: string, pieceBytes: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}

/** The text of an export of everything. */
export async function exported(store: Store, kind: ExportKind): Promise<string> {
  let text = '';
  await exportTo(
    { line: (line) => void (text += `${line}\n`) },
    {
      store,
      kind,
      signal: AbortSignal.any([]),
      async *pages() {
        for await (const { events } of store.readRecords({ pageSize: 7 }).pages()) yield events;
      },
      onProgress: () => undefined,
    },
  );
  return text;
}

/** What an event is, without what a store gives it anew. */
export function essenceOf({ streamId, version, record }: StoredEvent): string {
  return `${streamId} ${version} ${record}`;
}
