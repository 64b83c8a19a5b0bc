// Errors of a chat provider as Gemini clients read them: the provider's message, Google's word for the status, and the
// provider's own code as the reason.
//
//   {"error":{"message":"…","type":"…","code":"context_length_exceeded"}}
//     ─▶ {"error":{"code":400,"status":"INVALID_ARGUMENT","message":"…","details":[{…,"reason":"context_length_exceeded"}]}}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { beginGeminiError, writeGeminiReason } from "../../errors/error-body";
import { failureCode, failureStatus, failureType, readChatFailure } from "../translation/chat-failure";
import { Value } from "../translation/value";
import { TRANSLATED } from "../translator";

export function writeGeminiError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  const text = readChatFailure(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  writeError(status, text, out);
  return out.overflow ? <i32>ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

/** The same for an error inside a stream: no status comes with it. */
export function writeGeminiStreamError(body: usize, length: i32, out: ByteWriter): i32 {
  const text = readChatFailure(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  writeError(failureStatus(), text, out);
  return TRANSLATED;
}

function writeError(status: i32, text: Value, out: ByteWriter): void {
  beginGeminiError(status, out);
  out.writeBytes(text.pointer, text.length);
  out.writeAscii('"');
  const reason = failureCode.isText ? failureCode : failureType;
  if (reason.isText) {
    writeGeminiReason(out);
    out.writeBytes(reason.pointer, reason.length);
    out.writeAscii('","domain":"provider"}]');
  }
  out.writeAscii("}}");
}
