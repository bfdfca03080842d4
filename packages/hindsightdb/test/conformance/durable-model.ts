/**
 * A model of a durable engine that several handles share: the memory engine is the file as all handles see it, and a journal
 * says how much of it was synced. What is committed can be seen at once, and is lost at a sudden end until it was synced; so
 * no answer may leave before the sync that covers what it rests on. Which answers leave too early can be chosen, to show that
 * the kit notices each.
 */

import type { EngineFixture } from '../../src/conformance/index.ts';
import { HindsightError } from '../../src/core/errors.ts';
import type * as contract from '../../src/engine/contract.ts';
import { MemoryEngine } from '../../src/engine/memory.ts';
import { alteredEngine, inTurn } from './altered-engine.ts';

/** A kind of answer that can leave before what it rests on is durable. */
export type EarlyAnswer = 'acknowledgement' | 'duplicate' | 'conflict' | 'read' | 'keyed read';

/** A change of the log, as it is replayed. */
interface Step {
  readonly time: number;
  readonly redo: (engine: contract.Engine) => Promise<unknown>;
}

/** The file: what is committed, and how much of it would survive a sudden end. */
class ModelFile {
  readonly committed: MemoryEngine;
  readonly inTurn: ReturnType<typeof inTurn> = inTurn();
  readonly #logId: string;
  readonly #now: () => number;
  readonly #bornAt: number;
  readonly #steps: Step[] = [];
  readonly #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];
  #synced = 0;
  #isSyncing = false;
  #replayTime: number | undefined;

  constructor(logId: string, now: () => number, bornAt: number = now()) {
    this.#logId = logId;
    this.#now = now;
    this.#bornAt = bornAt;
    this.#replayTime = bornAt;
    const ids = [logId, `${logId}-epoch`];
    this.committed = new MemoryEngine({ now: () => this.#replayTime ?? now(), newId: () => ids.shift() ?? '' });
    this.#replayTime = undefined;
  }

  /** Does and journals a change, unless it turns out to change nothing. */
  async change<T>(redo: (engine: contract.Engine) => Promise<T>, isChange: (answer: T) => boolean): Promise<T> {
    const time = this.#now();
    const answer = await redo(this.committed);
    if (isChange(answer)) {
      this.#steps.push({ time, redo });
      this.#sync();
    }
    return answer;
  }

  /** Resolves when everything that is committed by now is synced. */
  async untilSynced(): Promise<void> {
    const upTo = this.#steps.length;
    if (this.#synced >= upTo) return;
    await new Promise<void>((resolve) => this.#waiting.push({ upTo, resolve }));
  }

  #sync(): void {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    const upTo = this.#steps.length;
    setTimeout(() => {
      this.#isSyncing = false;
      this.#synced = upTo;
      while (this.#waiting[0] !== undefined && this.#waiting[0].upTo <= upTo) this.#waiting.shift()?.resolve();
      if (this.#steps.length > upTo) this.#sync();
    }, 1);
  }

  /** The file as it is found after a sudden end: what was synced at the instant of the call. */
  async reread(): Promise<ModelFile> {
    const found = this.#steps.slice(0, this.#synced);
    const next = new ModelFile(this.#logId, this.#now, this.#bornAt);
    for (const step of found) {
      next.#replayTime = step.time;
      await step.redo(next.committed);
      next.#steps.push(step);
    }
    next.#replayTime = undefined;
    next.#synced = found.length;
    return next;
  }
}

/** A handle on the file. */
function openHandle(file: ModelFile, early: ReadonlySet<EarlyAnswer>): contract.Engine {
  const listeners = new Set<{ readonly call: () => void }>();
  let isClosed = false;
  const assertOpen = (): void => {
    if (isClosed) throw new HindsightError('CLOSED', 'The store was closed.');
  };
  /** Does something in its turn, and keeps the answer back until what it rests on is durable. */
  const answered = async <T>(work: () => Promise<T>, kindOf: (answer: T) => EarlyAnswer): Promise<T> => {
    assertOpen();
    const { answer, synced } = await file.inTurn(async () => {
      const answer = await work();
      return { answer, synced: file.untilSynced() };
    });
    if (!early.has(kindOf(answer))) await synced;
    return answer;
  };
  const read = <T>(work: (engine: contract.Engine) => Promise<T>): Promise<T> =>
    answered(
      () => work(file.committed),
      () => 'read',
    );
  const change = <T>(redo: (engine: contract.Engine) => Promise<T>): Promise<T> =>
    answered(
      () => file.change(redo, () => true),
      () => 'acknowledgement',
    );
  const append: contract.Engine['append'] = (batch, options) =>
    answered(
      () =>
        file.change(
          (engine) => (options?.signal?.aborted === true ? engine.append(batch, options) : engine.append(batch)),
          ({ kind }) => kind === 'appended',
        ),
      ({ kind }) => (kind === 'appended' ? 'acknowledgement' : kind === 'duplicate' ? 'duplicate' : 'conflict'),
    );
  const keyedRead = <T>(work: (engine: contract.Engine) => Promise<T>): Promise<T> =>
    answered(
      () => work(file.committed),
      () => 'keyed read',
    );
  return alteredEngine(file.committed, {
    capabilities: {
      ...file.committed.capabilities,
      engine: 'durable-model',
      durability: 'power',
      sharedAcrossProcesses: true,
      sql: 'none',
      wakeWithinMs: 5,
    },
    append,
    answerOf: (key) =>
      answered(
        () => file.committed.answerOf(key),
        () => 'duplicate',
      ),
    readStream: (request) => read((engine) => engine.readStream(request)),
    readLog: (request) => read((engine) => engine.readLog(request)),
    heads: () => read((engine) => engine.heads()),
    eventAt: (partition, position) => read((engine) => engine.eventAt(partition, position)),
    positionAtTime: (partition, time) => read((engine) => engine.positionAtTime(partition, time)),
    streamInfo: (streamId) => read((engine) => engine.streamInfo(streamId)),
    listStreams: (request) => read((engine) => engine.listStreams(request)),
    statistics: () => read((engine) => engine.statistics()),
    keyedGet: (key) => keyedRead((engine) => engine.keyedGet(key)),
    keyedScan: (request) => keyedRead((engine) => engine.keyedScan(request)),
    keyedWrite: (writes) =>
      answered(
        () =>
          file.change(
            (engine) => engine.keyedWrite(writes),
            (conflicts) => conflicts.length === 0,
          ),
        (conflicts) => (conflicts.length === 0 ? 'acknowledgement' : 'conflict'),
      ),
    wake: (listener) => {
      const registration = { call: listener };
      listeners.add(registration);
      const end = file.committed.wake(() => {
        if (!isClosed && listeners.has(registration)) registration.call();
      });
      return () => {
        listeners.delete(registration);
        end();
      };
    },
    beginCopy: () => change((engine) => engine.beginCopy()),
    appendRecorded: (events, keyedWrites) => change((engine) => engine.appendRecorded(events, keyedWrites)),
    endCopy: () => change((engine) => engine.endCopy()),
    close: async () => {
      const isFirst = !isClosed;
      isClosed = true;
      await file.inTurn(() => file.untilSynced());
      if (isFirst) for (const registration of listeners) registration.call();
    },
  });
}

/** A fixture of the model, in which some kinds of answer leave too early. Without any it is a sound engine. */
export function durableModelFixture(...early: readonly EarlyAnswer[]): EngineFixture {
  let logs = 0;
  return {
    name: 'the model of a durable engine',
    partitionCount: 1,
    openLog: async ({ now }) => {
      let file = new ModelFile(`log-${(logs += 1)}`, now);
      const open = async (): Promise<contract.Engine> => openHandle(file, new Set(early));
      const reopen = async (): Promise<contract.Engine> => {
        file = await file.reread();
        return await open();
      };
      return {
        engine: await open(),
        reopen,
        reopenAfterLoss: reopen,
        openAnother: open,
        dispose: async () => {},
      };
    },
  };
}
