// An OpenAI error as a Messages one. The provider's own words stay.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { failureStatus, readChatFailure } from "../translation/chat-failure";
import { writeMessagesErrorBody } from "../translation/messages-error";
import { Translation } from "../translation/translation";

const t = new Translation();

export function writeMessagesError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  const text = readChatFailure(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  t.begin(out);
  writeMessagesErrorBody(t.json, status, text);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

/** The same for an error inside a stream: no status comes with it. */
export function writeMessagesStreamError(body: usize, length: i32, out: ByteWriter): i32 {
  const isKnown = readChatFailure(body, length) != null;
  return isKnown ? writeMessagesError(failureStatus(), body, length, out) : <i32>ErrorCode.UPSTREAM_ERROR;
}
