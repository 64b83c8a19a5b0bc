// Errors of a chat provider as Gemini clients read them: the provider's message, Google's word for the status, and the
// provider's own code as the reason.
//
//   {"error":{"message":"…","type":"…","code":"context_length_exceeded"}}
//     ─▶ {"error":{"code":400,"status":"INVALID_ARGUMENT","message":"…","details":[{…,"reason":"context_length_exceeded"}]}}

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { beginGeminiError, writeGeminiReason } from "../../errors/error-body";
import { Fields, Value } from "../translation/value";
import { TRANSLATED } from "../translator";

/** What an error without a status counts as. */
const UNKNOWN_STATUS: i32 = 500;

const failure = new Fields();
const error = failure.add("error");
const detail = new Fields();
const message = detail.add("message");
const type = detail.add("type");
const code = detail.add("code");

/** `{"error":{"message":…}}`, or `{"error":"…"}` as some providers have it; the provider's own words stay. */
export function writeGeminiError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  const text = readError(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  writeError(status, text, out);
  return out.overflow ? <i32>ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

/** The same for an error inside a stream: no status comes with it, so its own type or code must tell. */
export function writeGeminiStreamError(body: usize, length: i32, out: ByteWriter): i32 {
  const text = readError(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  writeError(streamStatus(), text, out);
  return TRANSLATED;
}

function readError(body: usize, length: i32): Value | null {
  if (!failure.read(body, length)) return null;
  const text = detail.readValue(error) ? message : error;
  return text.isString ? text : null;
}

function streamStatus(): i32 {
  if (code.isNumber && code.count >= 400 && code.count < 600) return <i32>code.count;
  if (type.is("invalid_request_error")) return 400;
  if (type.is("authentication_error")) return 401;
  if (type.is("permission_error")) return 403;
  if (type.is("not_found_error")) return 404;
  if (type.is("overloaded_error")) return 503;
  const limited = type.is("rate_limit_error") || type.is("insufficient_quota") || code.is("rate_limit_exceeded");
  return limited ? 429 : UNKNOWN_STATUS;
}

function writeError(status: i32, text: Value, out: ByteWriter): void {
  beginGeminiError(status, out);
  out.writeBytes(text.pointer, text.length);
  out.writeAscii('"');
  const reason = code.isText ? code : type;
  if (reason.isText) {
    writeGeminiReason(out);
    out.writeBytes(reason.pointer, reason.length);
    out.writeAscii('","domain":"provider"}]');
  }
  out.writeAscii("}}");
}
