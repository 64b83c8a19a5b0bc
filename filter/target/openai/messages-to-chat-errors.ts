// An OpenAI error as a Messages one. The provider's own words stay.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { failureCode, failureType, readChatFailure } from "../translation/chat-failure";
import { Translation } from "../translation/translation";
import { Value } from "../translation/value";

/** What an error without a status counts as. */
const UNKNOWN_STATUS: i32 = 500;

const t = new Translation();
const json = t.json;

function errorType(status: i32): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
  }
}

export function writeMessagesError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  const text = readChatFailure(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  t.begin(out);
  writeError(errorType(status), text);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

/** The same for an error inside a stream: no status comes with it, so its own type or code must tell. */
export function writeMessagesStreamError(body: usize, length: i32, out: ByteWriter): i32 {
  return writeMessagesError(streamStatus(body, length), body, length, out);
}

function streamStatus(body: usize, length: i32): i32 {
  if (readChatFailure(body, length) == null) return UNKNOWN_STATUS;
  if (failureCode.isNumber) return <i32>min<i64>(failureCode.count, 599);
  if (failureType.is("invalid_request_error")) return 400;
  if (failureType.is("rate_limit_error") || failureCode.is("rate_limit_exceeded")) return 429;
  return failureType.is("insufficient_quota") ? 429 : UNKNOWN_STATUS;
}

function writeError(type: string, text: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("error");
  json.key("error");
  json.objectBegin();
  json.key("type");
  json.ascii(type);
  json.key("message");
  text.copyTo(json);
  json.objectEnd();
  json.objectEnd();
}
