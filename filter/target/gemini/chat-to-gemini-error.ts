// A Gemini error as an OpenAI one: `{"error":{"code":…,"message":…,"status":…}}`, or the same in an array, as Google sends
// it where a stream was asked for without SSE. The provider's own words stay; its status becomes the code.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { writeChatErrorBody } from "../translation/chat-error";
import { readErrorObject } from "../translation/error-object";
import { Translation } from "../translation/translation";
import { Fields, Items } from "../translation/value";

const UNKNOWN_STATUS: i32 = 500;

const t = new Translation();
const failure = new Fields();
const failureError = failure.add("error");
const failureDetail = new Fields();
const failureCode = failureDetail.add("code");
const failureMessage = failureDetail.add("message");
const failureStatus = failureDetail.add("status");
const failureDetails = failureDetail.add("details");
const info = new Fields();
const infoReason = info.add("reason");

const details = new Items();

export function writeGeminiError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!readFailure(body, length) || !failureMessage.isString) return ErrorCode.UPSTREAM_ERROR;
  if (isCredentialError()) return ErrorCode.UPSTREAM_CREDENTIAL_REJECTED;
  writeChatErrorBody(t.json, status, failureMessage, failureStatus);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

/** The same for an error inside a stream: no status comes with it but its own. */
export function writeGeminiStreamError(data: usize, length: i32, out: ByteWriter): i32 {
  const known = readFailure(data, length) && failureCode.isNumber;
  return writeGeminiError(known ? <i32>min<i64>(failureCode.count, 599) : UNKNOWN_STATUS, data, length, out);
}

/** Google answers a wrong key with the status 400, as if the client's request were at fault. */
function isCredentialError(): bool {
  details.begin(failureDetails);
  while (details.next()) {
    if (!info.readValue(details.value)) continue;
    if (infoReason.is("API_KEY_INVALID") || infoReason.is("API_KEY_EXPIRED")) return true;
  }
  return false;
}

function readFailure(body: usize, length: i32): bool {
  return readErrorObject(failure, body, length) && failureDetail.readValue(failureError);
}
