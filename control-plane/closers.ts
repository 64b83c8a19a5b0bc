// What a start opened, to be closed at the end of it all, or when the start fails half way.

/** Things to close, newest first; one that fails does not keep the others open. */
export class Closers {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.unshift(close);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0)) await close().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
