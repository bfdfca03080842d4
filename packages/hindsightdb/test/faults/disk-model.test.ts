/** The model of a disk, by small records written by hand: what is certain, what is not, and in which combinations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskModel, type NameRule, type Survival } from './disk-model.ts';
import type { DiskOperation } from './fault-record.ts';

const path = '/folder/file';
const otherPath = '/folder/other';
const folderInode = 1n;
const inode = 2n;

test('a write is uncertain until a sync that began after it has ended', () => {
  const disk = run([create(), write('one'), begin('a'), write('two', 3), end('a')]);
  assert.deepEqual(
    disk.uncertainChanges().map(({ number }) => number),
    [3],
  );
  assert.equal(worst(disk), 'one');
  assert.equal(best(disk), 'onetwo');
});

test('a sync that has begun and not ended makes nothing certain', () => {
  assert.deepEqual(run([create(), write('one'), begin('a')]).uncertainChanges().length, 1);
});

test('what a failed sync should have covered stays uncertain after a later sync that succeeds', () => {
  const disk = run([
    create(),
    begin('a'),
    end('a'),
    write('one'),
    begin('b'),
    failed('b'),
    write('two', 3),
    begin('c'),
    end('c'),
  ]);
  assert.deepEqual(
    disk.uncertainChanges().map(({ number }) => number),
    [3],
  );
  assert.equal(worst(disk), '\0\0\0two');
});

test('a certain write is never overwritten by an uncertain one that came before it', () => {
  const disk = run([create(), write('old'), begin('a'), failed('a'), write('new'), begin('b'), end('b')]);
  assert.equal(worst(disk), 'new');
  assert.equal(best(disk), 'new');
});

test('of a torn write the sectors that survive are where they belong', () => {
  const disk = run([create(), write('a'.repeat(1100), 100), begin('a'), end('a'), write('b'.repeat(1100), 100)]);
  const content = render(disk, { kind: 'sectors', has: (sector) => sector === 1 });
  assert.equal(content, `${'\0'.repeat(100)}${'a'.repeat(412)}${'b'.repeat(512)}${'a'.repeat(176)}`);
});

test('a lost write that made the file grow leaves it short, or long and empty', () => {
  const disk = run([create(), write('one'), begin('a'), end('a'), write('two', 3)]);
  assert.equal(render(disk, { kind: 'lost' }), 'one');
  assert.equal(render(disk, { kind: 'zeroed' }), 'one\0\0\0');
});

test('a truncation may be lost, and what is written behind it lies in zeros', () => {
  const disk = run([
    create(),
    write('content'),
    begin('a'),
    end('a'),
    { kind: 'truncate', path, inode, size: 2 },
    write('x', 4),
  ]);
  assert.equal(best(disk), 'co\0\0x');
  assert.equal(render(disk, { kind: 'lost' }), 'content');
});

test('syncing a file keeps its name where names are journaled, and does not where they are strict', () => {
  const operations = [create(), write('one'), begin('a'), end('a')];
  assert.equal(worst(run(operations, 'journaled')), 'one');
  assert.equal(worst(run(operations, 'strict')), undefined);
  assert.equal(
    worst(run([...operations, openFolder(), begin('b', folderInode), end('b', folderInode)], 'strict')),
    'one',
  );
});

test('a removal or renaming may be lost until the folder is synced', () => {
  const removed: DiskOperation[] = [create(), write('one'), begin('a'), end('a'), { kind: 'unlink', path }];
  assert.equal(worst(run(removed)), 'one');
  assert.equal(best(run(removed)), undefined);
  const renamed: DiskOperation[] = [
    create(),
    write('one'),
    begin('a'),
    end('a'),
    { kind: 'rename', path, newPath: otherPath },
  ];
  assert.deepEqual([...files(run(renamed), true).keys()], [otherPath]);
  assert.deepEqual([...files(run(renamed), false).keys()], [path]);
  assert.deepEqual(
    [...files(run([...renamed, openFolder(), begin('b', folderInode), end('b', folderInode)]), false).keys()],
    [otherPath],
  );
});

test('a new file under an old name is another file, even with the same inode', () => {
  const disk = run([create(), write('one'), begin('a'), end('a'), { kind: 'unlink', path }, create(), write('two')]);
  assert.equal(best(disk), 'two');
  assert.equal(worst(disk), 'one');
});

test('what the folder held before the record is certain', () => {
  const disk = new DiskModel('journaled', new Map([[path, Buffer.from('before')]]));
  const operations: DiskOperation[] = [{ kind: 'open', path, inode, isFolder: false }, write('AFTER')];
  operations.forEach((operation, number) => disk.apply(operation, number));
  assert.equal(worst(disk), 'before');
  assert.equal(best(disk), 'AFTERe');
});

function run(operations: readonly DiskOperation[], rule: NameRule = 'journaled'): DiskModel {
  const disk = new DiskModel(rule, new Map());
  operations.forEach((operation, number) => disk.apply(operation, number));
  return disk;
}

function render(disk: DiskModel, survival: Survival): string | undefined {
  return disk
    .render({ change: () => survival, name: () => true })
    .get(path)
    ?.toString('latin1');
}

function files(disk: DiskModel, namesSurvive: boolean): Map<string, Buffer> {
  return disk.render({ change: () => ({ kind: 'whole' }), name: () => namesSurvive });
}

function best(disk: DiskModel): string | undefined {
  return files(disk, true).get(path)?.toString('latin1');
}

function worst(disk: DiskModel): string | undefined {
  return disk
    .render({ change: () => ({ kind: 'lost' }), name: () => false })
    .get(path)
    ?.toString('latin1');
}

function create(): DiskOperation {
  return { kind: 'create', path, inode, isFolder: false };
}

function openFolder(): DiskOperation {
  return { kind: 'open', path: '/folder', inode: folderInode, isFolder: true };
}

function write(text: string, offset = 0): DiskOperation {
  return { kind: 'write', path, inode, offset, data: Buffer.from(text) };
}

function begin(token: string, of = inode): DiskOperation {
  return { kind: 'syncBegin', path, inode: of, token };
}

function end(token: string, of = inode): DiskOperation {
  return { kind: 'syncEnd', path, inode: of, token };
}

function failed(token: string): DiskOperation {
  return { kind: 'syncFailed', path, inode, token };
}
