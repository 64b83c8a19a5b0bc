// Redis' clock, as far as it can be told from here: enough to say which window is the current one, which the script then
// checks by its own clock.

export class Clock {
  #aheadMs = 0;

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Redis has just said what time it is. */
  set(nowMs: number): void {
    this.#aheadMs = nowMs - Date.now();
  }
}
