/**
 * The control file of the fault shim: rules that strike calls of a running process, and the counts of their strikes.
 *
 * The file is one page that the shim maps into the process under test. A rule is written whole before its first
 * word arms it, so the process never follows half of one. Layout (little-endian), as in shim/fault-shim.c:
 *
 *     0  magic    4  size of a rule    64  rules of 160 bytes each:
 *     0 armed  4 calls  8 action  12 errno  16 skip  24 times  32 amount  40 seen  48 struck  56 end of the path
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

const magic = 0x31544c46;
const ruleBytes = 160;
const ruleCountMax = 24;
const rulesOffset = 64;
const pathOffset = 56;
const pathBytesMax = ruleBytes - pathOffset - 1;

const callBits = { write: 1, read: 2, sync: 4, truncate: 8, open: 16, unlink: 32, rename: 64 } as const;

/** A kind of call that a rule can strike. Syncs are fsync and fdatasync, also those of a folder. */
export type FaultCall = keyof typeof callBits;

/** What happens to a call that a rule strikes. */
export type FaultAction =
  /** It fails with this error and does nothing. */
  | { readonly kind: 'error'; readonly code: 'EIO' | 'ENOSPC' | 'EROFS' | 'EMFILE' | 'EACCES' | 'EDQUOT' }
  /** Files may grow by so many bytes in all; the write that passes the bound is cut short, later ones get ENOSPC. */
  | { readonly kind: 'noSpace'; readonly roomBytes: number }
  /** It is made after a wait. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The process kills itself instead of making the call; of a write the first bytes are still written. */
  | { readonly kind: 'killBefore'; readonly writtenBytes?: number }
  /** The process kills itself right after the call. */
  | { readonly kind: 'killAfter' }
  /** The process stops itself before the call, until it gets SIGCONT. */
  | { readonly kind: 'stop' }
  /** A sync answers that all is well without syncing: the broken disk that proves that a test can fail. */
  | { readonly kind: 'lie' }
  /** A read or write handles only the first bytes and says so. */
  | { readonly kind: 'short'; readonly bytes: number };

export type FaultRule = {
  readonly calls: readonly FaultCall[];
  /** Only files whose path ends so, such as `-wal`. Default: all files of the folder. */
  readonly pathEnds?: string;
  /** Matching calls that pass before the rule strikes. Default 0. Not for `noSpace`. */
  readonly skip?: number;
  /** How many calls it strikes. Default: all that follow. */
  readonly times?: number;
  readonly action: FaultAction;
};

/** How often an armed rule saw a matching call (for `noSpace`: bytes of growth let through), and how often it struck. */
export type FaultCounts = { readonly seen: number; readonly struck: number };

/** The handle of a control file. Closing it leaves the file, and with it the rules, in force. */
export class FaultControl {
  readonly path: string;
  #descriptor: number | undefined;
  #ruleCount = 0;

  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, 'w+');
    const page = Buffer.alloc(rulesOffset + ruleBytes * ruleCountMax);
    page.writeUInt32LE(magic, 0);
    page.writeUInt32LE(ruleBytes, 4);
    writeSync(this.#descriptor, page, 0, page.length, 0);
  }

  /** Arms a rule and answers its number. Rules are asked in the order in which they were armed. */
  arm(rule: FaultRule): number {
    assert.ok(this.#ruleCount < ruleCountMax, `a control file holds ${ruleCountMax} rules`);
    const number = this.#ruleCount++;
    const bytes = encodeRule(rule);
    this.#write(bytes, number);
    this.#write(armed(1), number);
    return number;
  }

  /** Takes a rule out of force; its counts stay readable. */
  disarm(number: number): void {
    this.#write(armed(0), number);
  }

  counts(number: number): FaultCounts {
    const bytes = Buffer.alloc(ruleBytes);
    readSync(this.#opened(), bytes, 0, ruleBytes, rulesOffset + number * ruleBytes);
    return { seen: Number(bytes.readBigUInt64LE(40)), struck: Number(bytes.readBigUInt64LE(48)) };
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(bytes: Buffer, number: number): void {
    assert.ok(number < this.#ruleCount, `no rule has the number ${number}`);
    writeSync(this.#opened(), bytes, 0, bytes.length, rulesOffset + number * ruleBytes);
  }

  #opened(): number {
    assert.ok(this.#descriptor !== undefined, 'the control file is closed');
    return this.#descriptor;
  }
}

function armed(value: 0 | 1): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function encodeRule(rule: FaultRule): Buffer {
  const bytes = Buffer.alloc(ruleBytes);
  const { action, error, skip, amount } = encodeAction(rule.action);
  bytes.writeUInt32LE(
    rule.calls.reduce((bits, call) => bits | callBits[call], 0),
    4,
  );
  bytes.writeUInt32LE(action, 8);
  bytes.writeUInt32LE(error, 12);
  bytes.writeBigUInt64LE(BigInt(skip ?? rule.skip ?? 0), 16);
  bytes.writeBigUInt64LE(BigInt(rule.times ?? 0), 24);
  bytes.writeBigUInt64LE(BigInt(amount), 32);
  const pathBytes = bytes.write(rule.pathEnds ?? '', pathOffset);
  assert.ok(pathBytes <= pathBytesMax, `the end of a path may have ${pathBytesMax} bytes`);
  return bytes;
}

type EncodedAction = {
  readonly action: number;
  readonly error: number;
  readonly skip?: number;
  readonly amount: number;
};

function encodeAction(action: FaultAction): EncodedAction {
  switch (action.kind) {
    case 'error':
      return { action: 1, error: constants.errno[action.code], amount: 0 };
    case 'noSpace':
      return { action: 2, error: 0, skip: action.roomBytes, amount: 0 };
    case 'delay':
      return { action: 3, error: 0, amount: action.delayMs };
    case 'killBefore':
      return { action: 4, error: 0, amount: action.writtenBytes ?? 0 };
    case 'killAfter':
      return { action: 5, error: 0, amount: 0 };
    case 'stop':
      return { action: 6, error: 0, amount: 0 };
    case 'lie':
      return { action: 7, error: 0, amount: 0 };
    case 'short':
      return { action: 8, error: 0, amount: action.bytes };
    default:
      return action satisfies never;
  }
}
