// When garbage is collected: rarely, because the collector marks and sweeps everything at once, and only on an empty stack
// (see lifecycle.ts), because the `minimal` runtime does not look for references there.

const COLLECT_BYTES: usize = 1024 * 1024;

let garbage: usize = 0;

/** Tells the collector that about `bytes` bytes of managed objects are no longer needed. */
export function noteGarbage(bytes: usize): void {
  garbage += bytes;
}

/** For what is dropped so rarely that the next chance to collect should be taken. */
export function noteMuchGarbage(): void {
  garbage += COLLECT_BYTES;
}

/** Call with no managed reference on the stack. */
export function collectIfDue(): void {
  if (garbage < COLLECT_BYTES) return;
  garbage = 0;
  __collect();
}
