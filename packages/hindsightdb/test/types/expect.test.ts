/** The assertions that the compiler makes do fail when they should. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Equal, Expect } from './expect.ts';

test('types that differ in any way are not taken for the same', () => {
  // Each line that expects an error is one by itself: without the error the compiler complains about the comment.
  const same: Expect<Equal<{ readonly a?: 1 }, { readonly a?: 1 }>>[] = [true];
  // @ts-expect-error any is not string
  const any: Expect<Equal<ReturnType<typeof JSON.parse>, string>>[] = [];
  // @ts-expect-error readonly is a difference
  const readonly: Expect<Equal<{ readonly a: 1 }, { a: 1 }>>[] = [];
  // @ts-expect-error so is a member that may be missing
  const optional: Expect<Equal<{ a?: 1 }, { a: 1 | undefined }>>[] = [];
  // @ts-expect-error a wider union is another type
  const wider: Expect<Equal<'a' | 'b', 'a'>>[] = [];
  assert.deepEqual([same.length, any.length, readonly.length, optional.length, wider.length], [1, 0, 0, 0, 0]);
});
