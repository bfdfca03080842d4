/**
 * A program that holds a store and does what it is told, one line of JSON for each command and for each answer.
 *
 * Commands are begun as they arrive, so several can be under way; an answer carries the number of its command.
 */
import { createInterface } from 'node:readline';
import { isHindsightError, openStore, restoreStore, type Store } from '../../src/index.ts';
import type { ConsoleAnswer, ConsoleCommand, ConsoleEvent } from './store-process.ts';

let opened: Store | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  // The lines are those of StoreProcess, which numbers and types them.
  const { number, command } = JSON.parse(line) as { readonly number: number; readonly command: ConsoleCommand };
  void obey(command).then(
    (value) => answer(number, { kind: 'ok', value }),
    (error: unknown) => answer(number, failure(error)),
  );
}
// The test has ended, and whatever a fault has left unfinished here is of no interest any more.
process.exit();

function answer(number: number, given: ConsoleAnswer): void {
  console.log(JSON.stringify({ number, answer: given }));
}

function failure(error: unknown): ConsoleAnswer {
  return {
    kind: 'error',
    code: isHindsightError(error) ? error.code : 'none',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function store(): Store {
  if (opened === undefined) throw new Error('no store is open');
  return opened;
}

async function obey(command: ConsoleCommand): Promise<unknown> {
  switch (command.do) {
    case 'open':
      opened = await openStore(command.address, command.options);
      return undefined;
    case 'close':
      return await store().close();
    case 'append': {
      const { position, version, isDuplicate } = await store().append(
        command.streamId,
        command.events,
        command.options,
      );
      return { position, version, isDuplicate };
    }
    case 'read': {
      const events: ConsoleEvent[] = [];
      for await (const { position, streamId, version, id, data } of store().readLog())
        events.push({ position, streamId, version, id, data });
      return events;
    }
    case 'head':
      return (await store().positions())[0];
    case 'check':
      return (await store().check()).findings;
    case 'statistics':
      return await store().statistics();
    case 'backup':
      await store().backup(command.destination);
      return undefined;
    case 'execute':
      return await store().context.engine.sql?.write({ keyedWrites: [], statements: command.statements });
    case 'query':
      return await store().context.engine.sql?.query({ sql: command.sql, parameters: [] });
    case 'restore':
      await restoreStore(command.source, command.destination);
      return undefined;
    default:
      return command satisfies never;
  }
}
