/** How the errors of commands come about. */

import type { TestContext } from 'node:test';
import { submit, waitForOutcome } from '../../src/commands/index.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { accountCommands, deposit } from './account-commands.ts';

/** By code; what each throws has it. */
export const commandProvocations = {
  COMMAND_REFUSED: async (t: TestContext): Promise<unknown> =>
    await submit(await openNew(t, inMemory), accountCommands(), deposit('account-1', 0)),
  COMMAND_UNKNOWN: async (t: TestContext): Promise<unknown> =>
    await waitForOutcome(await openNew(t, inMemory), 'nobody-sent-it'),
} as const;
