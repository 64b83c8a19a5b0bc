// One client protocol answered by a provider of another dialect. A translator turns the request body, the reply and its
// stream, event by event. It works on bytes, keeps its state in the instance (pooled: `reset` before each attempt) and
// never traps: what it cannot translate is an `ErrorCode`, what the provider got wrong is `UPSTREAM_INVALID_REPLY`.
// It knows nothing of headers, retries, buffers or Envoy: the target root does.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode } from "../contract";
import { Plan } from "./plan";

/** `translateRequest`, `translateReply` and `translateError` answer this when they wrote a body. */
export const TRANSLATED: i32 = -1;

/** What one event of a provider's stream means for the exchange. */
export enum StreamSignal {
  /** Nothing that a user would see yet (role, ping, message start): the reply may still be given up for a retry. */
  PREAMBLE = 0,
  /** Content for the client: from here on the reply is released and no retry is possible. */
  CONTENT = 1,
  /** The provider's terminal event was seen: the stream is complete. */
  END = 2,
  /** The provider reported an error inside the stream. */
  ERROR = 3,
}

export abstract class Translator {
  /** Starts a new attempt. The plan's strings are valid only during this callback: keep copies. */
  abstract reset(plan: Plan): void;

  /** The provider's path behind the base path, for example "/messages". */
  abstract writePath(plan: Plan, out: ByteWriter): void;

  /** `TRANSLATED`, or the `ErrorCode` to answer the client with; `detail` may then hold a text (UTF-8, unescaped). */
  abstract translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32;

  /** A whole reply with a 2xx status. */
  abstract translateReply(body: usize, length: i32, out: ByteWriter): i32;

  /** A whole reply with an error status: the client protocol's error shape, the provider's message kept. */
  abstract translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32;

  /**
   * One event of the provider's stream; writes zero or more whole events of the client's protocol to `out`.
   * For `StreamSignal.ERROR` it writes the client protocol's error event and stream end.
   */
  abstract translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal;

  /** The error event (and stream end) of the client's protocol, for a stream that broke: `code` as in contract/errors.json. */
  abstract writeStreamError(code: ErrorCode, out: ByteWriter): void;

  /** What was wrong, for the client's message; empty when `code`'s own text says it all. Valid until the next call. */
  detail: ByteWriter = new ByteWriter(4096);
}
