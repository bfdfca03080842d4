/**
 * An embedded engine in a process of its own, worked by the messages of a test.
 */

import { HindsightError, isHindsightError } from '../../src/core/errors.ts';
import type { AppendBatch, Engine } from '../../src/engine/contract.ts';
import type { SqlStatement, SqlWrite } from '../../src/engine/views.ts';
import { openSqliteEngine } from '../../src/engines/sqlite/open.ts';
import type { CalledOperation, EngineReply, EngineRequest, ToldError } from './engine-message.ts';

let time = 0;
let engine: Engine | undefined;
let endWake: (() => void) | undefined;
const aborts = new Map<number, AbortController>();

function reply(message: EngineReply): void {
  if (process.connected) process.send?.(message);
}

async function open(path: string): Promise<void> {
  const newId = (): string => crypto.randomUUID();
  const now = (): number => time;
  engine = await openSqliteEngine({
    address: path,
    create: true,
    readOnly: false,
    pendingAppendsMax: 100_000,
    now,
    newId,
  });
  reply({ kind: 'opened', capabilities: engine.capabilities, identity: engine.identity });
}

async function call(id: number, operation: CalledOperation, given: readonly unknown[]): Promise<void> {
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    reply({ kind: 'answered', id, answer: await answerOf(operation, given, abort.signal) });
  } catch (error) {
    reply({ kind: 'failed', id, error: told(error, abort.signal) });
  } finally {
    aborts.delete(id);
  }
}

async function answerOf(operation: CalledOperation, given: readonly unknown[], signal: AbortSignal): Promise<unknown> {
  if (engine === undefined) throw new Error('The engine is not open.');
  // The test sends what it was given itself, under the types of the contract.
  if (operation === 'append') return await engine.append(given[0] as AppendBatch, { signal });
  if (operation === 'sqlWrite') return await engine.sql?.write(given[0] as SqlWrite);
  if (operation === 'sqlQuery') return await engine.sql?.query(given[0] as SqlStatement);
  const method = engine[operation] as (...given: readonly unknown[]) => Promise<unknown>;
  return await method.apply(engine, [...given]);
}

function told(error: unknown, signal: AbortSignal): ToldError {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: isHindsightError(error) ? error.code : undefined,
    message,
    details: error instanceof HindsightError ? error.details : {},
    isAbort: error === signal.reason,
  };
}

process.on('message', (request: EngineRequest) => {
  ({ time } = request);
  switch (request.kind) {
    case 'open':
      return void open(request.path);
    case 'call':
      return void call(request.id, request.operation, request.given);
    case 'abort':
      return aborts.get(request.id)?.abort();
    case 'listen':
      endWake?.();
      endWake = request.isListening ? engine?.wake(() => reply({ kind: 'woken' })) : undefined;
      return;
    default:
      request satisfies never;
  }
});
