// What cuts a provider's stream of bytes into events, wherever the chunks are cut. Each framing is one of these.
//
//   push(chunk) ─▶ while (next()) event ─▶ push(chunk) … ─▶ finish()

export abstract class EventFramer {
  /** The event that `next` or `finish` announced; valid until the next call of any method. Type is empty if none came. */
  typePointer: usize = 0;
  typeLength: i32 = 0;
  dataPointer: usize = 0;
  dataLength: i32 = 0;
  /** An event is longer than SSE_EVENT_BYTES_MAX, or broken, or there was no memory. No event comes any more. */
  failed: bool = false;

  /** Begins a new stream. */
  abstract reset(): void;
  /** A chunk, once `next` answered false for the one before. Its bytes must stay until `next` answers false again. */
  abstract push(pointer: usize, length: i32): void;
  /** Whether another whole event is ready. */
  abstract next(): bool;
  /** The stream has ended: whether that made one more event whole. */
  abstract finish(): bool;
}
