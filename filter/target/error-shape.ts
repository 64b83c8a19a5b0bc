// Errors in the shape that the client's SDK reads: those that have it pass as they are, the others are written anew, with
// the provider's own words.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode, Protocol } from "../contract";
import { JsonReader } from "../json/reader";
import { JsonToken } from "../json/token";
import { JsonWriter } from "../json/writer";
import { writeGeminiError } from "./gemini/generate-content-to-chat-errors";
import { writeMessagesError } from "./openai/messages-to-chat-errors";
import { writeChatErrorBody } from "./translation/chat-error";
import { failureCode, readChatFailure } from "./translation/chat-failure";
import { passesErrors, TRANSLATED, Translator } from "./translator";

const reader = new JsonReader();
const json = new JsonWriter(new ByteWriter(0));

/** A JSON object with an object `error` in it; for Anthropic also `"type": "error"`. */
export function isErrorBody(protocol: i32, body: usize, length: i32): bool {
  let hasError = false;
  let hasType = protocol != Protocol.ANTHROPIC;
  reader.reset(body, length);
  if (reader.next() != JsonToken.OBJECT_BEGIN) return false;
  while (reader.next() == JsonToken.KEY) {
    const isError = reader.keyEquals("error");
    const isType = reader.keyEquals("type");
    const value = reader.next();
    if (isError && value == JsonToken.OBJECT_BEGIN) hasError = true;
    if (isType && reader.stringEquals("error")) hasType = true;
    if (!reader.skipRest()) return false;
  }
  return hasError && hasType && reader.next() == JsonToken.END;
}

/** `TRANSLATED`, or the `ErrorCode` to answer with instead. */
export function writeError(
  translator: Translator | null,
  protocol: i32,
  status: i32,
  body: usize,
  length: i32,
  out: ByteWriter,
): i32 {
  if (passesErrors(translator)) return rewriteError(protocol, status, body, length, out);
  return translator!.translateError(status, body, length, out);
}

/** The same for a provider, or a host of one, that speaks the client's own API. */
export function passError(protocol: i32, status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  if (!isErrorBody(protocol, body, length)) return rewriteError(protocol, status, body, length, out);
  out.writeBytes(body, length);
  return out.overflow ? <i32>ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

/** Of a provider, or of what stands in front of it, that answers in another shape than its API has. */
function rewriteError(protocol: i32, status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  if (protocol == Protocol.ANTHROPIC) return writeMessagesError(status, body, length, out);
  if (protocol == Protocol.GEMINI) return writeGeminiError(status, body, length, out);
  const text = readChatFailure(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  writeChatErrorBody(json.reset(out), status, text, failureCode);
  return out.overflow ? <i32>ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}
