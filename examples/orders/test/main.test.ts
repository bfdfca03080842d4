/** The example as its readers run it. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

test('the example answers its questions, and a rebuild sends no mail again', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  assert.equal(stderr, '');
  assert.match(stdout, /\n {2}order-17: 106\.85 € before, 102\.00 € now\.\n/);
  assert.match(
    stdout,
    /Which orders are open, and since when\?\n {2}order-61 .* dora, 2 pieces, 17\.00 €\n {2}order-62 /,
  );
  assert.match(stdout, /What did dora ever order\?\n[\s\S]* order-17 .* shipped; price of tea corrected: taxed twice/);
  const [, sent = ''] = /Which mails were sent\?\n {2}(\d+), one under each key/.exec(stdout) ?? [];
  assert.ok(Number(sent) > 100, stdout);
  assert.match(stdout, new RegExp(`events, 0 differences to a fresh fold, ${sent} mails as before\\.\\n$`));
});

test('the example takes commands: a form that is sent three times counts once, and nobody pays for nothing', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main]);
  assert.match(stdout, /sent three times[^\n]*\n {2}decided, decided, decided; 2 × tea, 2 events\.\n/);
  assert.match(
    stdout,
    /\n {2}order-70 is shipped: PaymentReceived\n {2}order-71 is shipped: PaymentReminded, CollectionBegun\n/,
  );
  assert.match(stdout, /\n {2}order-72 is cancelled: PaymentReminded\n/);
  assert.match(stdout, /Why was order-72 cancelled\?\n[^\n]*PlaceOrder, a command\n[^]*CancelOrder, a command\n\n/);
});
