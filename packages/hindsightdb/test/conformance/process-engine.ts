/**
 * An engine that works in another process, as the contract sees it, and the fixture of logs of which every handle has a
 * process of its own. A sudden end is a kill.
 */

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HindsightError } from '../../src/core/errors.ts';
import type { EngineFixture } from '../../src/conformance/index.ts';
import type * as contract from '../../src/engine/contract.ts';
import type { SqlStatement, SqlWrite } from '../../src/engine/views.ts';
import type { CalledOperation, EngineReply, EngineRequest, ToldError } from './engine-message.ts';

const program = fileURLToPath(new URL('engine-process.ts', import.meta.url));

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

/** A message without the time, which is put in when it is sent. */
type Request = EngineRequest extends infer Each ? (Each extends EngineRequest ? Omit<Each, 'time'> : never) : never;

/** The engine's process, and what is asked of it. */
class EngineProcess {
  readonly #child: ChildProcess;
  readonly #now: () => number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #lastId = 0;
  #isClosed = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#child = fork(program, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (reply: EngineReply) => this.#receive(reply));
    this.#child.on('exit', () => this.#end());
  }

  async open(path: string): Promise<contract.Engine> {
    this.#send({ kind: 'open', path });
    // The first message of the process tells that it is open.
    const [reply] = (await once(this.#child, 'message')) as [EngineReply];
    if (reply.kind !== 'opened') throw new Error(`The engine began with ${reply.kind}.`);
    return this.#engine(reply);
  }

  /** Ends the process at once, whatever it is doing. Its calls stay unanswered. */
  async kill(): Promise<void> {
    this.#waiting.clear();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #engine({ capabilities, identity }: EngineReply & { kind: 'opened' }): contract.Engine {
    // What comes back is what the operation of that name answers.
    const call = <Answer>(operation: CalledOperation, ...given: readonly unknown[]): Promise<Answer> =>
      this.#call(operation, given) as Promise<Answer>;
    return {
      capabilities,
      identity,
      append: (batch, options) => this.#append(batch, options?.signal),
      answerOf: (key) => call('answerOf', key),
      readStream: (request) => call('readStream', request),
      readLog: (request) => call('readLog', request),
      heads: () => call('heads'),
      eventAt: (partition, position) => call('eventAt', partition, position),
      positionAtTime: (partition, time) => call('positionAtTime', partition, time),
      streamInfo: (streamId) => call('streamInfo', streamId),
      listStreams: (request) => call('listStreams', request),
      keyedGet: (key) => call('keyedGet', key),
      keyedScan: (request) => call('keyedScan', request),
      keyedWrite: (writes) => call('keyedWrite', writes),
      wake: (listener) => this.#listen(listener),
      beginCopy: () => call('beginCopy'),
      appendRecorded: (events, keyedWrites) => call('appendRecorded', events, keyedWrites),
      endCopy: () => call('endCopy'),
      statistics: () => call('statistics'),
      ...(capabilities.sql !== 'none' && {
        sql: {
          write: (write: SqlWrite) => call('sqlWrite', write),
          query: (statement: SqlStatement) => call('sqlQuery', statement),
        },
      }),
      close: () => this.#close(),
    };
  }

  async #append(batch: contract.AppendBatch, signal: AbortSignal | undefined): Promise<contract.AppendAnswer> {
    signal?.throwIfAborted();
    // The answer of the operation of that name.
    return (await this.#call('append', [batch], signal)) as contract.AppendAnswer;
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    const closed = this.#call('close', []);
    this.#isClosed = true;
    await closed;
    for (const listener of this.#listeners) listener.call();
    this.#child.disconnect();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  #listen(listener: () => void): () => void {
    const registration = { call: listener };
    this.#listeners.add(registration);
    if (this.#listeners.size === 1) this.#send({ kind: 'listen', isListening: true });
    return () => {
      const wasListening = this.#listeners.delete(registration);
      if (wasListening && this.#listeners.size === 0) this.#send({ kind: 'listen', isListening: false });
    };
  }

  async #call(operation: CalledOperation, given: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    if (this.#isClosed) throw new HindsightError('CLOSED', 'The store was closed.');
    const id = (this.#lastId += 1);
    signal?.addEventListener('abort', () => this.#send({ kind: 'abort', id }), { once: true });
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, signal });
      this.#send({ kind: 'call', id, operation, given });
    });
  }

  #send(request: Request): void {
    // A process that was just killed reads nothing any more; whoever waits for its answer is told by its end.
    if (this.#child.connected) this.#child.send({ ...request, time: this.#now() }, () => {});
  }

  #receive(reply: EngineReply): void {
    if (reply.kind === 'woken') for (const listener of this.#listeners) listener.call();
    if (reply.kind !== 'answered' && reply.kind !== 'failed') return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'answered') waiting?.resolve(reply.answer);
    else waiting?.reject(errorOf(reply.error, waiting.signal));
  }

  #end(): void {
    for (const { reject } of this.#waiting.values())
      reject(new Error('The process of the engine ended without an answer.'));
    this.#waiting.clear();
  }
}

function errorOf({ code, message, details, isAbort }: ToldError, signal: AbortSignal | undefined): unknown {
  if (isAbort) return signal?.reason;
  return code === undefined ? new Error(message) : new HindsightError(code, message, { details });
}

/** A fixture of the embedded engine with every handle in a process of its own. */
export function sqliteProcessFixture(): EngineFixture {
  return {
    name: 'the embedded engine, with every handle in a process of its own,',
    partitionCount: 1,
    patienceMs: 20_000,
    openLog: async ({ now }) => {
      const folder = await mkdtemp(join(tmpdir(), 'hindsight-kit-'));
      const path = join(folder, 'log.db');
      const processes: EngineProcess[] = [];
      const open = async (): Promise<contract.Engine> => {
        const engineProcess = new EngineProcess(now);
        processes.push(engineProcess);
        return await engineProcess.open(path);
      };
      const killAll = async (): Promise<void> => {
        await Promise.all(processes.splice(0).map((each) => each.kill()));
      };
      return {
        engine: await open(),
        reopen: open,
        reopenAfterLoss: async () => {
          await killAll();
          return await open();
        },
        openAnother: open,
        dispose: async () => {
          await killAll();
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  };
}
