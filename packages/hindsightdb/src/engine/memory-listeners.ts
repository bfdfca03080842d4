/**
 * Who waits for something newer in the memory engine.
 */

/** Listeners, called in turns of their own. */
export class MemoryListeners {
  readonly #registrations = new Set<{ readonly call: () => void }>();

  /** Adds a listener; returns the function that ends it. */
  add(listener: () => void): () => void {
    // A registration of its own, so that the same function given twice is called until it was ended twice.
    const registration = { call: listener };
    this.#registrations.add(registration);
    return () => this.#registrations.delete(registration);
  }

  /** Calls everybody, soon. */
  callAll(): void {
    for (const registration of this.#registrations)
      queueMicrotask(() => {
        // One that was ended in the meantime is not called any more.
        if (this.#registrations.has(registration)) registration.call();
      });
  }
}
