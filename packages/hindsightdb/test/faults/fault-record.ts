/**
 * Reading the record that the fault shim writes: every change and every sync of the files under test, in order.
 *
 * An entry is 48 bytes (magic, kind, process, flags, inode, offset, size, length of the path, length of the data,
 * little-endian), the path and the data, as in shim/fault-shim.c.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const magic = 0x31524c46;
const headBytes = 48;

/** One thing that happened to a file. Files are told apart by inode, since names change and come back. */
export type DiskOperation =
  | { readonly kind: 'create' | 'open'; readonly path: string; readonly inode: bigint; readonly isFolder: boolean }
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly inode: bigint;
      readonly offset: number;
      readonly data: Buffer;
    }
  | { readonly kind: 'truncate'; readonly path: string; readonly inode: bigint; readonly size: number }
  | {
      readonly kind: 'syncBegin' | 'syncEnd' | 'syncFailed';
      readonly path: string;
      readonly inode: bigint;
      readonly token: string;
    }
  | { readonly kind: 'rename'; readonly path: string; readonly newPath: string }
  | { readonly kind: 'unlink'; readonly path: string }
  /** What the process has told the world at this point: the lines that it wrote to its marks file. */
  | { readonly kind: 'mark'; readonly lines: readonly string[] };

/** The name of a file under test whose lines become marks instead of content. */
export const marksFileName = 'told.marks';

const kinds = [
  '',
  'create',
  'open',
  'write',
  'truncate',
  'syncBegin',
  'syncEnd',
  'syncFailed',
  'rename',
  'unlink',
  'mark',
] as const;

/** Parses a record. A record that ends inside an entry ends with the entry before: its process was killed there. */
export function readRecord(path: string): DiskOperation[] {
  const bytes = readFileSync(path);
  const operations: DiskOperation[] = [];
  let place = 0;
  while (place + headBytes <= bytes.length) {
    assert.equal(bytes.readUInt32LE(place), magic, `the record is damaged at byte ${place}`);
    const pathStart = place + headBytes;
    const dataStart = pathStart + bytes.readUInt32LE(place + 40);
    const end = dataStart + bytes.readUInt32LE(place + 44);
    if (end > bytes.length) break;
    operations.push(
      decode(
        bytes.subarray(place, pathStart),
        bytes.toString('utf8', pathStart, dataStart),
        bytes.subarray(dataStart, end),
      ),
    );
    place = end;
  }
  return operations;
}

function decode(head: Buffer, path: string, data: Buffer): DiskOperation {
  const kind = kinds[head.readUInt32LE(4)];
  const inode = head.readBigUInt64LE(16);
  switch (kind) {
    case 'create':
    case 'open':
      return { kind, path, inode, isFolder: (head.readUInt32LE(12) & 1) === 1 };
    case 'write':
      return { kind, path, inode, offset: Number(head.readBigUInt64LE(24)), data };
    case 'truncate':
      return { kind, path, inode, size: Number(head.readBigUInt64LE(32)) };
    case 'syncBegin':
    case 'syncEnd':
    case 'syncFailed':
      // Tokens are counted by each process, so the process is part of the token.
      return { kind, path, inode, token: `${head.readUInt32LE(8)}:${head.readBigUInt64LE(24)}` };
    case 'rename':
      return { kind, path, newPath: data.toString('utf8') };
    case 'unlink':
      return { kind, path };
    case 'mark':
      return {
        kind,
        lines: data
          .toString('utf8')
          .split('\n')
          .filter((line) => line !== ''),
      };
    case '':
    case undefined:
      throw new Error(`the record has an entry of an unknown kind: ${head.readUInt32LE(4)}`);
    default:
      return kind satisfies never;
  }
}
