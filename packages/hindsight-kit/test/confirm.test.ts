/** Asking before something is done that cannot be taken back. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';
import { confirm, type Asker } from '../src/cli/confirm.ts';
import { CommandError, Interrupted, UsageError } from '../src/cli/failure.ts';

/** A terminal at which somebody types, or a pipe that holds the same. */
function typed(text: string | undefined, { isTTY }: { readonly isTTY: boolean }) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  if (text !== undefined) stdin.end(text);
  const stderr = new PassThrough();
  const interruption = new AbortController();
  const asker: Asker = { isJson: false, world: { stdin, stderr, signal: interruption.signal } };
  return { asker, interruption, said: (): string => String(stderr.read() ?? '') };
}

suite('a question', () => {
  const question = { text: 'Forget everything?', yes: undefined };

  test('is answered by y or yes, and by nothing else', async () => {
    for (const text of ['y\n', 'Y\n', ' yes \n']) {
      const { asker, said } = typed(text, { isTTY: true });
      await confirm(asker, question);
      assert.match(said(), /^Forget everything\? \[y\/N\] /);
    }
    for (const text of ['\n', 'n\n', 'yesterday\n', ''])
      await assert.rejects(confirm(typed(text, { isTTY: true }).asker, question), CommandError, JSON.stringify(text));
  });

  test('is not asked where --yes was given', async () => {
    const { asker, said } = typed(undefined, { isTTY: false });
    await confirm(asker, { ...question, yes: true });
    assert.equal(said(), '');
  });

  test('is refused where no terminal is there, or a machine reads the answer', async () => {
    await assert.rejects(confirm(typed('y\n', { isTTY: false }).asker, question), UsageError);
    await assert.rejects(confirm({ ...typed('y\n', { isTTY: true }).asker, isJson: true }, question), UsageError);
  });

  test('ends with an interruption', async () => {
    const { asker, interruption } = typed(undefined, { isTTY: true });
    const asked = confirm(asker, question);
    interruption.abort(new Interrupted('SIGINT'));
    await assert.rejects(asked, Interrupted);
  });
});
