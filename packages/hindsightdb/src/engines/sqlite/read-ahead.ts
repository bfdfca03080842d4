/**
 * Reading ahead: whoever reads the log page by page from far back will want the next pages as well, so that a thread of its
 * own fetches them while those before are worked on. It finds walks by itself: a page that begins where an earlier one
 * ended. What it has not got, or cannot get, is read on the caller's thread as if it were not there.
 */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LogPage, LogReadRequest } from '../../engine/contract.ts';
import { PackedPageReader, type PackedPage } from './packed-page.ts';

/** What the thread is started with. */
export interface ReadAheadData {
  readonly path: string;
  /** Whether there is no writer in this handle. */
  readonly isAlone: boolean;
}

/** What is asked of the thread. */
export type AheadRequest =
  | {
      readonly kind: 'read';
      /** Names the walk. */
      readonly walk: number;
      /** Absent: where the page before it in this walk ended. */
      readonly from: number | undefined;
      readonly until: number;
      readonly includeReserved: boolean;
    }
  | { readonly kind: 'close' };

/** What it says: once that it is ready, then its answers in the order of the requests. */
export type AheadReply = { readonly kind: 'ready' } | { readonly kind: 'page'; readonly page: PackedPage | undefined };

/** So many positions must be left of a range for the thread to be started, which takes as long as reading these. */
const leftMinToStart = 15_000;
/** The same for the thread to be used when it is there. */
const leftMin = 2_000;
/** Walks that are remembered at once. */
export const walksMax = 4;
/** Pages that are asked for before they are wanted. With two, the thread never waits to be asked. */
const pagesAhead = 2;
/** What was read longer ago is read anew, so that nothing is shown long after it was removed. */
const ageMaxMs = 1_000;

/** A reader on its way through the log. */
interface Walk {
  readonly number: number;
  /** How often something had been removed when it began. */
  readonly removals: number;
  readonly until: number;
  readonly includeReserved: boolean;
  /** Where its next page begins. */
  from: number;
  /** What is left of the page at hand. */
  page: PackedPageReader | undefined;
  /** The pages behind it, on their way. */
  readonly coming: Promise<PackedPage | undefined>[];
}

/** Reads ahead for one handle. */
export class ReadAhead {
  /** How many pages were handed out. */
  pages = 0;
  readonly #data: ReadAheadData;
  /** The one used last stands last. */
  #walks: Walk[] = [];
  #walkCount = 0;
  #waitingWalks = 0;
  #removals = 0;
  #worker: Worker | undefined;
  #isReady = false;
  #isEnded = availableParallelism() < 2;
  readonly #waiting: ((page: PackedPage | undefined) => void)[] = [];

  constructor(data: ReadAheadData) {
    this.#data = data;
  }

  /** The page of a request where it was read ahead. */
  async take(request: LogReadRequest): Promise<LogPage | undefined> {
    const walk = this.#walks.find((one) => goesOn(request, one));
    if (walk === undefined) return undefined;
    if (walk.page === undefined && walk.coming.length === 0) {
      // A reader who never waits for anything would keep the event loop from hearing that the thread is ready.
      if (this.#worker !== undefined && !this.#isReady) await new Promise((resolve) => setImmediate(resolve));
      return undefined;
    }
    // While it is not among the others, nobody else is served from it.
    this.#walks = this.#walks.filter((other) => other !== walk);
    if (walk.page === undefined && !(await this.#turn(walk))) return undefined;
    if (walk.page === undefined || walk.page.ageMs > ageMaxMs || walk.removals !== this.#removals) return undefined;
    const page = walk.page.next(request);
    if (walk.page.isDone) walk.page = undefined;
    walk.from = page.scannedTo;
    this.#keep(walk);
    this.pages += 1;
    return page;
  }

  /** Takes note of a page that was read otherwise. */
  note(request: LogReadRequest, { scannedTo, isEnd }: LogPage): void {
    const { until = 0, filter } = request;
    if (this.#isEnded || isEnd || !isPlain(request) || until - scannedTo < leftMin) return;
    const known = this.#walks.find((walk) => goesOn(request, walk));
    this.#walks = this.#walks.filter((walk) => walk !== known);
    const { includeReserved } = filter;
    const number = this.#walkCount;
    this.#walkCount += 1;
    const walk: Walk = {
      number,
      removals: this.#removals,
      until,
      includeReserved,
      from: scannedTo,
      page: undefined,
      coming: [],
    };
    if (known !== undefined && until - scannedTo >= leftMinToStart) this.#worker ??= this.#start();
    // Nobody waits for the thread to start: until it has, the reader reads.
    if (known !== undefined && this.#isReady) {
      walk.coming.push(this.#request(walk, scannedTo));
      while (walk.coming.length < pagesAhead) walk.coming.push(this.#request(walk));
    }
    this.#keep(walk);
  }

  /** Forgets what was read: some of it may have been removed since. */
  forget(): void {
    this.#removals += 1;
    this.#walks = [];
  }

  /** Takes the next page, and sends for one more behind those on their way. Answers whether there is one to go on with. */
  async #turn(walk: Walk): Promise<boolean> {
    const coming = walk.coming.shift();
    // A page that is only expected keeps no process alive, and one that somebody waits for does.
    this.#waitingWalks += 1;
    this.#worker?.ref();
    const page = await coming;
    this.#waitingWalks -= 1;
    if (this.#waitingWalks === 0) this.#worker?.unref();
    // The end of the log, as of then, is for the caller to find as of now.
    if (page === undefined || page.isEnd || page.count === 0) return false;
    walk.page = new PackedPageReader(page);
    walk.coming.push(this.#request(walk));
    return true;
  }

  #keep(walk: Walk): void {
    this.#walks.push(walk);
    if (this.#walks.length > walksMax) this.#walks.shift();
  }

  async #request({ number, until, includeReserved }: Walk, from?: number): Promise<PackedPage | undefined> {
    if (this.#worker === undefined || this.#isEnded) return undefined;
    const request: AheadRequest = { kind: 'read', walk: number, from, until, includeReserved };
    this.#worker.postMessage(request);
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  #start(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './read-ahead-worker.ts' : './read-ahead-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: this.#data,
      name: 'hindsight read-ahead',
      // What it makes lives for one page.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.on('message', (reply: AheadReply) => {
      if (reply.kind === 'ready') this.#isReady = true;
      else this.#waiting.shift()?.(reply.page);
    });
    // Whatever ended it, reading goes on without it.
    worker.on('error', () => this.#end());
    worker.on('exit', () => {
      this.#worker = undefined;
      this.#end();
    });
    worker.unref();
    return worker;
  }

  #end(): void {
    this.#isEnded = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  /** Ends the thread and its connection. */
  async close(): Promise<void> {
    this.#isEnded = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    const request: AheadRequest = { kind: 'close' };
    worker.postMessage(request);
    await ended;
  }
}

function goesOn(request: LogReadRequest, { from, until, includeReserved }: Walk): boolean {
  return (
    request.from === from &&
    request.until === until &&
    request.filter.includeReserved === includeReserved &&
    isPlain(request)
  );
}

/** Whether it is a walk through everything. One by an index reads little of the log, and looks far. */
function isPlain({ direction, filter: { category, streamId, query } }: LogReadRequest): boolean {
  return direction === 'forward' && category === undefined && streamId === undefined && query === undefined;
}
