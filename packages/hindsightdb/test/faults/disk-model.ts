/**
 * What a disk may hold after a power cut, given the record of what a program did to its files.
 *
 * The model is that of a file in the page cache of Linux:
 *
 *   - A change (write, truncation) is certain once a sync of the same file that began after it has succeeded. Until
 *     then each change may be there or not, alone or with any others, and of a write any part in whole sectors of
 *     512 bytes. Changes that are there keep their order: of two writes to one place the later one wins.
 *   - A sync that failed makes nothing certain, and neither does any later one for the changes that it should have
 *     covered: Linux marks their pages clean, so the next sync has nothing to write and says that all is well.
 *   - A file that grew by a change that is lost may have its new size all the same, with zeros for content.
 *
 * Names (creation, renaming, removal) follow one of two rules:
 *
 *   - `journaled`, as ext4 and xfs do it: all changes of names go through one journal in their order, so what
 *     survives is a beginning of their sequence. Syncing a folder makes all earlier ones certain. Syncing a file
 *     (fdatasync too: the journal's transaction that made the inode is the one to commit) makes certain its creation
 *     and with it everything before it, but not a later renaming, which does not change what the file holds.
 *   - `strict`, as POSIX promises it: each change of a name is certain only after a sync of its folder, and until
 *     then it may be there or not independently of all others, a synced file included.
 *
 * Of two processes that write to one place at the same time, the record may have the wrong order; programs under
 * test exclude that by locks. Folders themselves are taken to exist.
 */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import type { DiskOperation } from './fault-record.ts';

/** Which rule names follow; see above. */
export type NameRule = 'journaled' | 'strict';

/** The part of an uncertain change that survives: sectors are given as their numbers within the file. */
export type Survival =
  | { readonly kind: 'whole' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'zeroed' }
  | { readonly kind: 'sectors'; readonly has: (sector: number) => boolean };

/** What survives of everything uncertain, by the number of its operation. */
export type Choice = { readonly change: (number: number) => Survival; readonly name: (number: number) => boolean };

export const sectorBytes = 512;

export type UncertainChange = {
  readonly number: number;
  readonly path: string;
  readonly kind: 'write' | 'truncate';
  readonly offset: number;
  readonly bytes: number;
};

type Change = {
  readonly number: number;
  readonly path: string;
  readonly write?: { readonly offset: number; readonly data: Buffer };
  readonly size: number;
  state: 'pending' | 'abandoned' | 'certain';
};
type ModelFile = { readonly inode: bigint; base: Buffer; changes: Change[]; createdBy: number | undefined };
type NameChange = {
  readonly number: number;
  readonly folder: string;
  readonly apply: (names: Map<string, ModelFile>) => void;
};
type OpenSync = { readonly changes: readonly Change[]; readonly names: ReadonlySet<number> };

/** A disk, brought forward operation by operation. */
export class DiskModel {
  readonly #rule: NameRule;
  readonly #files = new Map<bigint, ModelFile>();
  readonly #folders = new Map<bigint, string>();
  readonly #certainNames = new Map<string, ModelFile>();
  readonly #currentNames = new Map<string, ModelFile>();
  readonly #syncs = new Map<string, OpenSync>();
  #nameChanges: NameChange[] = [];

  /** Starts from the certain content of the folder, by path. */
  constructor(rule: NameRule, start: ReadonlyMap<string, Buffer>) {
    this.#rule = rule;
    let inode = 0n;
    for (const [path, content] of start) {
      // Real inodes are learned when the record opens the file; negative numbers cannot collide with them.
      const file: ModelFile = { inode: --inode, base: content, changes: [], createdBy: undefined };
      this.#certainNames.set(path, file);
      this.#currentNames.set(path, file);
    }
  }

  /** Whether the surviving changes of names are always a beginning of their sequence. */
  get namesAreOrdered(): boolean {
    return this.#rule === 'journaled';
  }

  /** Applies the operation with this number; numbers ascend. */
  apply(operation: DiskOperation, number: number): void {
    switch (operation.kind) {
      case 'create':
      case 'open':
        return this.#opened(operation, number);
      case 'write': {
        const { path, offset, data } = operation;
        this.#file(operation.inode).changes.push({
          number,
          path,
          write: { offset, data },
          size: data.length,
          state: 'pending',
        });
        return;
      }
      case 'truncate':
        this.#file(operation.inode).changes.push({
          number,
          path: operation.path,
          size: operation.size,
          state: 'pending',
        });
        return;
      case 'syncBegin':
        this.#syncs.set(operation.token, this.#covered(operation.inode));
        return;
      case 'syncEnd':
        return this.#synced(operation.inode, operation.token);
      case 'syncFailed':
        for (const change of this.#syncs.get(operation.token)?.changes ?? []) change.state = 'abandoned';
        this.#syncs.delete(operation.token);
        return;
      case 'rename': {
        const { path, newPath } = operation;
        return this.#nameChanged(number, newPath, (names) => {
          const file = names.get(path);
          if (file === undefined) return;
          names.delete(path);
          names.set(newPath, file);
        });
      }
      case 'unlink':
        return this.#nameChanged(number, operation.path, (names) => void names.delete(operation.path));
      case 'mark':
        return;
      default:
        operation satisfies never;
    }
  }

  /** The changes that a power cut now may lose, in their order. */
  uncertainChanges(): UncertainChange[] {
    const uncertain: UncertainChange[] = [];
    for (const file of new Set(this.#currentNames.values())) {
      for (const { number, path, write, size, state } of file.changes) {
        if (state !== 'certain')
          uncertain.push({
            number,
            path,
            kind: write === undefined ? 'truncate' : 'write',
            offset: write?.offset ?? 0,
            bytes: size,
          });
      }
    }
    return uncertain.toSorted((left, right) => left.number - right.number);
  }

  /** The numbers of the changes of names that a power cut now may lose. */
  uncertainNames(): number[] {
    return this.#nameChanges.map(({ number }) => number);
  }

  /** The folder's content, by path, when the choice is what survives. */
  render(choice: Choice): Map<string, Buffer> {
    const names = new Map(this.#certainNames);
    for (const change of this.#nameChanges) if (choice.name(change.number)) change.apply(names);
    return new Map([...names].map(([path, file]) => [path, renderFile(file, choice)]));
  }

  #opened(
    operation: {
      readonly kind: 'create' | 'open';
      readonly path: string;
      readonly inode: bigint;
      readonly isFolder: boolean;
    },
    number: number,
  ): void {
    const { path, inode } = operation;
    if (operation.isFolder) {
      this.#folders.set(inode, path);
      return;
    }
    const current = this.#currentNames.get(path);
    if (current !== undefined && (current.inode === inode || current.inode < 0n)) {
      this.#files.set(inode, current);
      return;
    }
    // A file opened under a name that it got after it was opened first keeps its content.
    if (operation.kind === 'open') {
      assert.ok(this.#files.has(inode), `${path} was opened, but neither created in the record nor there at its start`);
      return;
    }
    const file: ModelFile = { inode, base: Buffer.alloc(0), changes: [], createdBy: number };
    this.#files.set(inode, file);
    this.#nameChanged(number, path, (names) => void names.set(path, file));
  }

  #nameChanged(number: number, path: string, apply: NameChange['apply']): void {
    this.#nameChanges.push({ number, folder: dirname(path), apply });
    apply(this.#currentNames);
  }

  #covered(inode: bigint): OpenSync {
    const folder = this.#folders.get(inode);
    if (folder !== undefined) {
      const names = this.#nameChanges.filter((change) => this.#rule === 'journaled' || change.folder === folder);
      return { changes: [], names: new Set(names.map(({ number }) => number)) };
    }
    const file = this.#file(inode);
    const created = this.#rule === 'journaled' ? (file.createdBy ?? -1) : -1;
    const names = this.#nameChanges.filter(({ number }) => number <= created);
    return {
      changes: file.changes.filter(({ state }) => state === 'pending'),
      names: new Set(names.map(({ number }) => number)),
    };
  }

  #synced(inode: bigint, token: string): void {
    const sync = this.#syncs.get(token);
    assert.ok(sync !== undefined, 'a sync ended that never began');
    this.#syncs.delete(token);
    // A change that another sync failed to write meanwhile stays uncertain.
    for (const change of sync.changes) if (change.state === 'pending') change.state = 'certain';
    const file = this.#files.get(inode);
    if (file !== undefined) foldCertain(file);
    for (const change of this.#nameChanges) if (sync.names.has(change.number)) change.apply(this.#certainNames);
    this.#nameChanges = this.#nameChanges.filter(({ number }) => !sync.names.has(number));
  }

  #file(inode: bigint): ModelFile {
    const file = this.#files.get(inode);
    assert.ok(file !== undefined, `the record changes the file ${inode} before opening it`);
    return file;
  }
}

/** Moves the leading certain changes into the base, so that long records do not keep every byte ever written. */
function foldCertain(file: ModelFile): void {
  const firstUncertain = file.changes.findIndex(({ state }) => state !== 'certain');
  const count = firstUncertain < 0 ? file.changes.length : firstUncertain;
  if (count === 0) return;
  file.base = applyChanges(file.base, file.changes.slice(0, count), () => ({ kind: 'whole' }));
  file.changes = file.changes.slice(count);
}

function renderFile(file: ModelFile, choice: Choice): Buffer {
  return applyChanges(file.base, file.changes, (change) =>
    change.state === 'certain' ? { kind: 'whole' } : choice.change(change.number),
  );
}

function applyChanges(base: Buffer, changes: readonly Change[], survivalOf: (change: Change) => Survival): Buffer {
  const reach = changes.reduce(
    (end, { write, size }) => Math.max(end, write === undefined ? size : write.offset + size),
    base.length,
  );
  const content = Buffer.alloc(reach);
  base.copy(content);
  let length = base.length;
  for (const change of changes) {
    const survival = survivalOf(change);
    if (survival.kind === 'lost') continue;
    if (change.write === undefined) {
      if (change.size < length) content.fill(0, change.size, length);
      length = change.size;
      continue;
    }
    const { offset, data } = change.write;
    if (survival.kind === 'whole') {
      data.copy(content, offset);
      length = Math.max(length, offset + data.length);
    } else if (survival.kind === 'zeroed') {
      length = Math.max(length, offset + data.length);
    } else {
      length = Math.max(length, copySectors(content, offset, data, survival.has));
    }
  }
  return content.subarray(0, length);
}

/** Copies the sectors that survive and answers where the last of them ends. */
function copySectors(content: Buffer, offset: number, data: Buffer, has: (sector: number) => boolean): number {
  let end = 0;
  let start = 0;
  while (start < data.length) {
    const sector = Math.floor((offset + start) / sectorBytes);
    const stop = Math.min(data.length, (sector + 1) * sectorBytes - offset);
    if (has(sector)) {
      data.copy(content, offset + start, start, stop);
      end = offset + stop;
    }
    start = stop;
  }
  return end;
}
