/** What was opened and must be closed, in reverse order, once, whatever ends the demo. */
export class Closing {
  #open: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;

  /** After `close` has begun, what is added is closed at once. */
  readonly add = (close: () => Promise<void>): void => {
    if (this.#closed === undefined) {
      this.#open.push(close);
    } else {
      const before = this.#closed;
      this.#closed = close().then(() => before);
      // Whoever waits for `close` is told; that nobody waits any more is no second failure.
      this.#closed.catch(() => undefined);
    }
  };

  /** Closes everything, even when one of them fails; then throws the first failure. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#open.pop(); close !== undefined; close = this.#open.pop()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) {
      throw failures[0];
    }
  }
}
