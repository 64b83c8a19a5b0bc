// What a reply is, and whether one that passes as it is can be one: a JSON object, whole, and no error in disguise. Asked for operations whose
// replies are JSON, once the reply is there; a longer one than is held passes unread.

import { Operation } from "../contract";
import { JsonError } from "../json/token";
import { readTop, topHasError } from "../usage/usage-reader";
import { Reply } from "./reply";
import { Translator } from "./translator";

/** Operations that answer with a JSON object, or with an event stream where one was asked for. */
export function answersJson(operation: i32): bool {
  switch (operation) {
    case Operation.CHAT:
    case Operation.MESSAGES:
    case Operation.RESPONSES:
    case Operation.GENERATE_CONTENT:
    case Operation.COMPLETIONS:
    case Operation.EMBEDDINGS:
    case Operation.MODERATIONS:
    case Operation.RERANK:
    case Operation.COUNT_TOKENS:
    case Operation.GEMINI_COUNT_TOKENS:
      return true;
    default:
      return false;
  }
}

/** Whether the client gets an event stream when, and only when, it asked for one. */
export function streamsOnDemand(operation: i32): bool {
  switch (operation) {
    case Operation.CHAT:
    case Operation.MESSAGES:
    case Operation.RESPONSES:
    case Operation.COMPLETIONS:
    case Operation.GENERATE_CONTENT:
      return true;
    default:
      return false;
  }
}

/** What becomes of a reply with a status of success. `translator` is null for one that passes untouched. */
export function kindOfSuccess(
  operation: i32,
  streaming: bool,
  isEvents: bool,
  isEncoded: bool,
  translator: Translator | null,
): Reply {
  // Compressed though nobody asked: what is an error, where a stream ends and what it cost could not be seen.
  if (isEncoded && (translator != null || answersJson(operation))) return Reply.ERROR;
  if (isEvents != streaming && streamsOnDemand(operation)) {
    return translator != null && translator.foldsReply ? Reply.REPLY : Reply.ERROR;
  }
  if (isEvents && !streamsOnDemand(operation)) return answersJson(operation) ? Reply.ERROR : Reply.PASS;
  if (isEvents) return Reply.HELD;
  return translator != null ? Reply.REPLY : answersJson(operation) ? Reply.CHECKED : Reply.PASS;
}

export enum WholeReply {
  SOUND = 0,
  /** No JSON object, or not all of it. */
  BROKEN = 1,
  /** An object with an object `error`, although its status says success. */
  ERROR = 2,
}

/** Reads it for the meter too: `Meter.takeReply` is about what was judged last. */
export function judgeReply(operation: i32, body: usize, length: i32): WholeReply {
  const error = readTop(body, length);
  if (error != JsonError.NONE) return isReadable(error) ? WholeReply.SOUND : WholeReply.BROKEN;
  // A response that failed tells its error in a member of this name.
  return topHasError() && operation != Operation.RESPONSES ? WholeReply.ERROR : WholeReply.SOUND;
}

/** What only this reader refuses; the client's may be content with it. */
function isReadable(error: JsonError): bool {
  return error == JsonError.BAD_UTF8 || error == JsonError.DEPTH;
}
