/**
 * Appends that carry views. One after the other is prepared and sent, so that they reach the engine in the order of the calls;
 * their answers are not waited for in between. An append whose view is behind is sent again when that is mended, behind those
 * that were called meanwhile.
 */

import { HindsightError } from '../core/errors.ts';
import type { AppendBatch } from '../engine/contract.ts';
import type { PreparedAppend, StoreAnswer } from './append.ts';
import type { AnyStore } from './context-of.ts';
import type { InlineView, InlineViewWork, PreparedView } from './inline-view.ts';
import { unplacedEvents } from './pending-events.ts';
import type { StoreContext } from './settings.ts';

/** How often an append is sent again because a view was behind. */
const triesMax = 100;

type Sent = { readonly answer: StoreAnswer } | { readonly stale: readonly InlineViewWork[] };

/** The views of one store handle, and the appends that carry them. */
export class InlineAppends {
  readonly #context: StoreContext;
  /** Resolves when the views are open; each append waits for it. */
  readonly #works: Promise<readonly InlineViewWork[]>;
  /** The append that was prepared last. */
  #queue: Promise<unknown> = Promise.resolve();
  readonly #onTheWay = new Set<Promise<unknown>>();

  constructor(store: AnyStore, views: readonly InlineView[]) {
    this.#context = store.context;
    const host = { store, hold: async <Result>(work: () => Promise<Result>) => await this.hold(work) };
    this.#works = Promise.all(views.map(async (view) => await view.openInline(host)));
    // Whoever opens the store or appends to it is told.
    this.#works.catch(() => undefined);
  }

  /** Resolves when the views are open. Throws what stands against that. */
  async ready(): Promise<void> {
    await this.#works;
  }

  /** Appends, with what the views make of the events. Throws `VIEW_BEHIND` where a view cannot be brought up to date. */
  async append(append: PreparedAppend): Promise<StoreAnswer> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const sent = await this.#send(append);
      if ('answer' in sent) return sent.answer;
      for (const work of sent.stale) await work.catchUp();
      append.signal?.throwIfAborted();
    }
    throw new HindsightError(
      'VIEW_BEHIND',
      `An inline view was behind the log at each of ${triesMax} tries, because others append without it or write the same documents. Nothing was written.`,
    );
  }

  /** Prepares the append in its turn and hands it to the engine; the next one's turn comes before the answer. */
  async #send({ batch, signal }: PreparedAppend): Promise<Sent> {
    const turn = this.#inTurn(async () => {
      const works = await this.#works;
      const prepared = await this.#prepare(works, batch);
      const views = prepared.flatMap(({ view }) => (view === undefined ? [] : [view.write]));
      const answer = this.#context.engine.append(
        views.length === 0 ? batch : { ...batch, views },
        signal === undefined ? {} : { signal },
      );
      const settled = answer.then(
        () => undefined,
        () => undefined,
      );
      this.#onTheWay.add(settled);
      void settled.then(() => {
        this.#onTheWay.delete(settled);
        for (const { view } of prepared) view?.settle();
      });
      // In an object: a promise alone would be waited for.
      return { answer, prepared };
    });
    const { answer: answering, prepared } = await turn;
    const answer = await answering;
    if (answer.kind !== 'viewStale') return { answer };
    const stale = prepared.filter(
      ({ view }) => view !== undefined && answer.progressKeys.includes(view.write.progressKey),
    );
    return { stale: stale.map(({ work }) => work) };
  }

  async #prepare(
    works: readonly InlineViewWork[],
    { streams }: AppendBatch,
  ): Promise<readonly { readonly work: InlineViewWork; readonly view: PreparedView | undefined }[]> {
    const events = await unplacedEvents(this.#context, streams);
    const prepared: { readonly work: InlineViewWork; readonly view: PreparedView | undefined }[] = [];
    try {
      for (const work of works) prepared.push({ work, view: await work.prepare(events) });
    } catch (error) {
      for (const { view } of prepared) view?.settle();
      throw error;
    }
    return prepared;
  }

  /** Does something while no append is on the way. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    return await this.#inTurn(async () => {
      await Promise.all(this.#onTheWay);
      return await work();
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** Ends the views' work, once the appends that were called are on their way. */
  async close(): Promise<void> {
    await this.#queue;
    const works = await this.#works.catch(() => []);
    for (const work of works) await work.close();
  }
}
