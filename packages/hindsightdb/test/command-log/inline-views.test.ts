/** Views that are kept in the append of the events, beside commands whose outcomes are in that append, too. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelCommand, execute, runCommands, submit, waitForOutcome } from '../../src/commands/index.ts';
import { checkProjection, defineProjection, documents, type InlineRecorded } from '../../src/projections/index.ts';
import { allStoreKinds, openAt } from '../open-stores.ts';
import type { AccountEvent } from '../commands/accounts.ts';
import { accountCommands, deposit, withdraw } from './account-commands.ts';
import { verifyAccounts } from './verify.ts';

const view = documents<{ readonly cents: number }>();
const change = (by: 1 | -1) => (event: InlineRecorded<AccountEvent>) =>
  view.update(event.streamId, (account) => ({ cents: (account?.cents ?? 0) + by * event.data.amount }));
const balances = defineProjection({
  name: 'balances',
  view,
  inline: true,
  on: { Deposited: change(1), Withdrawn: change(-1) },
});

for (const kind of allStoreKinds)
  test(`inline views on ${kind.name} hold what was decided, whoever decided it`, async (t) => {
    const address = await kind.address(t);
    const options = { inline: [balances], partitionCount: kind.partitionCount };
    const store = await openAt(t, address, options);
    const other = address === 'memory:' ? store : await openAt(t, address, options);
    const commands = accountCommands({ slices: 2, leaseMs: 200 });
    await using _first = await runCommands(store, commands);
    await using _second = await runCommands(other, commands);
    const kinds = await Promise.all(
      Array.from({ length: 120 }, async (_, count) => {
        const [at, id, streamId] = [count % 2 === 0 ? store : other, `c${count}`, `account-${count % 5}`];
        const command = count % 3 === 0 ? withdraw(streamId, 2, id) : deposit(streamId, 1, id);
        if (count % 4 < 2) return (await execute(at, commands, command)).kind;
        await submit(at, commands, command);
        if (count % 10 === 3) return (await cancelCommand(at, id)).outcome.kind;
        return (await waitForOutcome(at, id)).kind;
      }),
    );
    const { outcomes } = await verifyAccounts(store, { open: 'none' });
    assert.deepEqual(kinds.toSorted(), [...outcomes.values()].toSorted());
    assert.deepEqual((await checkProjection(store, balances)).differences, []);
  });
