// One client protocol answered by a provider of another dialect. A translator turns the request body, the reply and its
// stream, event by event. It works on bytes, keeps its state in the instance (pooled: `reset` before each attempt) and
// never traps: what it cannot translate is an `ErrorCode`, what the provider got wrong is `UPSTREAM_INVALID_REPLY`.
// It knows nothing of retries, buffers or Envoy: the target root does.
//
// OpenAI chat is the hub (ARCHITECTURE.md §1.1): a translator has chat on one side at least, and two of them make a chain
// (`chained.ts`). Inside a chain chat carries what its plain form cannot, as the extensions of docs/translation.md.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode } from "../contract";
import { Plan } from "./plan";
import { Notes } from "./translation/notes";
import { Fields } from "./translation/value";

/** `translateRequest`, `translateReply` and `translateError` answer this when they wrote a body. */
export const TRANSLATED: i32 = -1;
/** `translateReply` answers this when it wrote the provider's error, which came with a status of success. */
export const FAILED: i32 = -2;

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

/** How a provider's stream is cut into events. */
export enum Framing {
  SSE = 0,
  /** `application/vnd.amazon.eventstream` */
  AWS_EVENT_STREAM = 1,
}

/** Whether a provider's errors have the client's shape already. */
export function passesErrors(translator: Translator | null): bool {
  return translator == null || translator.passesErrors;
}

export abstract class Translator {
  /** Which of the registry's pools it belongs to. */
  kind: i32 = 0;

  readonly notes: Notes = new Notes();

  /**
   * Starts a new attempt. The plan's strings are valid only during this callback: keep copies. Within a chain the chat
   * side is the hub: write its extensions, and the usage of streams whether or not the client asked for it.
   */
  abstract reset(plan: Plan, inChain: bool): void;

  /** The provider's path behind the base path, for example "/messages"; with its query, if it needs one of its own. */
  abstract writePath(plan: Plan, out: ByteWriter): void;

  /** `TRANSLATED`, or the `ErrorCode` to answer the client with; `notes.detail` may then hold a text. */
  abstract translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32;

  /** Whether the provider takes chat, and not its extensions of a chain: then a front writes it plain. */
  get speaksChat(): bool {
    return false;
  }

  /** Whether replies and streams already have the client's shape: then they pass as they are. Asked after `reset`. */
  get passesReply(): bool {
    return false;
  }

  /** The same for errors alone: a host may put its own shape around what it passes. */
  get passesErrors(): bool {
    return this.passesReply;
  }

  /** Whether it has a passing stream tell its usage unasked: then the chunk that comes of it is taken out. Set by `reset`. */
  asksForUsage: bool = false;

  /**
   * Whether `translateReply` also takes what is not of the kind that the client asked for: a whole stream of events for a
   * client that wants one reply, and the JSON of an error for one that streams.
   */
  get foldsReply(): bool {
    return false;
  }

  /** What the client gets as the status of a reply that `FAILED`. */
  failureStatus: i32 = 502;

  /** A whole reply with a 2xx status: `TRANSLATED`, `FAILED`, or the `ErrorCode` to answer the client with. */
  abstract translateReply(body: usize, length: i32, out: ByteWriter): i32;

  /**
   * A whole reply with an error status: the client protocol's error shape, the provider's message kept. It may answer
   * `UPSTREAM_CREDENTIAL_REJECTED` where a provider says so with another status than 401 and 403.
   */
  abstract translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32;

  get framing(): Framing {
    return Framing.SSE;
  }

  /**
   * One event of the provider's stream; writes zero or more whole events of the client's protocol to `out`.
   * For `StreamSignal.ERROR` it writes the client protocol's error event and stream end.
   */
  abstract translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal;

  /**
   * The provider's stream has ended without an event that says so. A dialect that has none writes the client's end here
   * and answers `END`, if what came was complete; `PREAMBLE` means that the stream was cut.
   */
  translateEnd(out: ByteWriter): StreamSignal {
    return StreamSignal.PREAMBLE;
  }

  /** The error event (and stream end) of the client's protocol, for a stream that broke: `code` as in contract/errors.json. */
  abstract writeStreamError(code: ErrorCode, out: ByteWriter): void;

  /** The members of a request that this translator knows, with what becomes of them: the source of docs/translation.md. */
  get requestFields(): Fields[] {
    return [];
  }
}
