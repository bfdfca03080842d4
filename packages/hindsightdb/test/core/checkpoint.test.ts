/** Checkpoints carry what they say, and nothing else passes for one. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  assertWithinEpoch,
  decodeCheckpoint,
  encodeCheckpoint,
  isCheckpoint,
  type CheckpointParts,
} from '../../src/core/checkpoint.ts';
import { callLoosely } from '../misuse.ts';
import { anyName } from '../arbitraries/json.ts';

const anyPlace = fc.record(
  { position: fc.nat(Number.MAX_SAFE_INTEGER), eventId: fc.option(anyName, { nil: undefined }) },
  { noNullPrototype: true },
);
const anyParts: fc.Arbitrary<CheckpointParts> = fc.record(
  { logId: anyName, epoch: anyName, places: fc.array(anyPlace, { minLength: 1, maxLength: 4 }) },
  { noNullPrototype: true },
);

suite('a checkpoint', () => {
  test('says what it was made to say, whatever the ids are made of', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const checkpoint = encodeCheckpoint(parts);
        assert.ok(isCheckpoint(checkpoint));
        assert.deepEqual(decodeCheckpoint(checkpoint), parts);
      }),
    );
  });

  test('is one line of printable ASCII, so that it can be kept anywhere', () => {
    fc.assert(fc.property(anyParts, (parts) => assert.match(encodeCheckpoint(parts), /^[!-~]+$/)));
  });

  test('has one text for one meaning', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const checkpoint = encodeCheckpoint(parts);
        assert.equal(encodeCheckpoint(decodeCheckpoint(checkpoint)), checkpoint);
      }),
    );
  });
});

suite('what is no checkpoint is refused as a TypeError with CHECKPOINT_INVALID:', () => {
  for (const text of [
    '',
    'h1',
    'h1~log~epoch',
    'h2~log~epoch~1',
    'h1~~epoch~1',
    'h1~log~~1',
    'h1~log~epoch~',
    'h1~log~epoch~-1',
    'h1~log~epoch~1.5',
    'h1~log~epoch~1e3',
    'h1~log~epoch~9007199254740992',
    'h1~log~epoch~12345678901234567',
    'h1~log~epoch~1!%',
    'h1~log~epoch~1!a!b',
    'h1~log~epoch~1!a~',
    'h1~%~epoch~1',
  ]) {
    test(JSON.stringify(text), () => {
      assert.throws(() => decodeCheckpoint(text), { name: 'TypeError', code: 'CHECKPOINT_INVALID' });
    });
  }

  for (const value of [undefined, null, 5, {}, ['h1~log~epoch~1']]) {
    test(`a value that is no text: ${JSON.stringify(value)}`, () => {
      assert.throws(() => callLoosely(decodeCheckpoint, value), { name: 'TypeError', code: 'CHECKPOINT_INVALID' });
      assert.equal(isCheckpoint(value), false);
    });
  }
});

suite('a checkpoint is judged against the lives of a log:', () => {
  const log = {
    logId: 'log',
    partitionCount: 2,
    lineage: [
      { epoch: 'first', firstPositions: [1, 1] },
      { epoch: 'second', firstPositions: [11, 21] },
    ],
  };
  const at = (epoch: string, ...positions: number[]): CheckpointParts => ({
    logId: 'log',
    epoch,
    places: positions.map((position) => ({ position, eventId: undefined })),
  });

  test('within its epoch it holds, up to the last position before the next', () => {
    assertWithinEpoch(at('first', 0, 0), log);
    assertWithinEpoch(at('first', 10, 20), log);
    assertWithinEpoch(at('second', 11, 21), log);
    assertWithinEpoch(at('second', 1_000_000, 5), log);
  });

  test('past the end of its epoch it has diverged, in any partition', () => {
    for (const parts of [at('first', 11, 0), at('first', 0, 21)])
      assert.throws(() => assertWithinEpoch(parts, log), { code: 'CHECKPOINT_DIVERGED' });
    assert.throws(() => assertWithinEpoch(at('first', 15, 20), log), {
      details: { partition: 0, position: 15, commonPosition: 10 },
    });
  });

  test('of an epoch that the log never had it has diverged', () => {
    assert.throws(() => assertWithinEpoch(at('third', 1, 1), log), { code: 'CHECKPOINT_DIVERGED' });
  });

  test('of another log, or of another number of partitions, it is foreign', () => {
    assert.throws(() => assertWithinEpoch({ ...at('first', 1, 1), logId: 'other' }, log), {
      code: 'CHECKPOINT_FOREIGN',
    });
    assert.throws(() => assertWithinEpoch(at('first', 1), log), { code: 'CHECKPOINT_FOREIGN' });
  });
});
