// Errors of a chat provider as Responses clients read them: a whole body is the same as chat's; inside a stream there is
// an event `error`, then, once the response has begun, `response.failed`. The event has its members twice, flat as the
// published schema has them and under `error` as OpenAI sends them: SDKs raise on the one or read the other.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, errorCodeName, errorMessage, errorTypeOpenAi } from "../../contract";
import { textLength } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { chatErrorType } from "../translation/chat-error";
import { failureCode, failureParam, failureType, readChatFailure } from "../translation/chat-failure";
import { Translation } from "../translation/translation";
import { Fields, Value } from "../translation/value";

const FAILURE_BYTES_MAX: i32 = 64 * 1024;

const detail = new Fields();
const detailMessage = detail.add("message");
const detailCode = detail.add("code");
const detailParam = detail.add("param");
const t = new Translation();
const json = new JsonWriter(new ByteWriter(0));

/** The error of the event being written: `{"type":…,"code":…,"message":…,"param":…}`. */
const nested = new ByteWriter(FAILURE_BYTES_MAX);

export function writeResponsesError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  const text = readChatFailure(body, length);
  if (text == null) return ErrorCode.UPSTREAM_ERROR;
  t.begin(out);
  t.json.objectBegin();
  t.json.key("error");
  t.json.objectBegin();
  writeMembers(t.json, text, chatErrorType(status));
  t.json.objectEnd();
  t.json.objectEnd();
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

/**
 * The event for a chunk with an error in it; `summary` gets what a failed response says of it. False when the chunk has
 * none that could be told.
 */
export function writeProviderErrorEvent(
  sequence: i32,
  body: usize,
  length: i32,
  out: ByteWriter,
  summary: ByteWriter,
): bool {
  const text = readChatFailure(body, length);
  if (text == null) return false;
  json.reset(nested.reset());
  json.objectBegin();
  writeMembers(json, text, "server_error");
  json.objectEnd();
  writeSummary(summary, failureCode.is("rate_limit_exceeded"), text.pointer, text.length);
  if (nested.overflow || summary.overflow) return false;
  writeEvent(sequence, out);
  return true;
}

/** The same for an error of ours. */
export function writeErrorEvent(sequence: i32, code: ErrorCode, out: ByteWriter, summary: ByteWriter): void {
  const message = errorMessage(code);
  const type = errorTypeOpenAi(code);
  const name = errorCodeName(code);
  json.reset(nested.reset());
  json.objectBegin();
  json.key("type");
  json.string(type, textLength(type));
  json.key("code");
  json.string(name, textLength(name));
  json.key("message");
  json.string(message, textLength(message));
  json.key("param");
  json.nil();
  json.objectEnd();
  writeSummary(summary, false, message, textLength(message));
  writeEvent(sequence, out);
}

/** `otherType`: where the provider names none. */
function writeMembers(to: JsonWriter, text: Value, otherType: string): void {
  to.key("type");
  if (failureType.isString) failureType.copyTo(to);
  else to.ascii(otherType);
  to.key("code");
  // Some providers give the status as their code; here it is a text.
  if (failureCode.isString || failureCode.isNumber) to.rawString(failureCode.pointer, failureCode.length);
  else to.nil();
  to.key("message");
  text.copyTo(to);
  to.key("param");
  if (failureParam.isString) failureParam.copyTo(to);
  else to.nil();
}

/** `ResponseError` knows few codes. */
function writeSummary(summary: ByteWriter, rateLimited: bool, message: usize, messageLength: i32): void {
  json.reset(summary.reset());
  json.objectBegin();
  json.key("code");
  json.ascii(rateLimited ? "rate_limit_exceeded" : "server_error");
  json.key("message");
  json.rawString(message, messageLength);
  json.objectEnd();
}

/** The members of `nested` but for its type, which the event has of its own; then all of it. */
function writeEvent(sequence: i32, out: ByteWriter): void {
  detail.read(nested.pointer, nested.length);
  sseBegin(out, "error");
  out.writeAscii('{"type":"error","sequence_number":');
  out.writeUnsigned(sequence);
  writeFlat("code", detailCode, out);
  writeFlat("message", detailMessage, out);
  writeFlat("param", detailParam, out);
  out.writeAscii(',"error":');
  out.writeBytes(nested.pointer, nested.length);
  out.writeAscii("}");
  sseEnd(out);
}

function writeFlat(name: string, value: Value, out: ByteWriter): void {
  out.writeAscii(',"');
  out.writeAscii(name);
  out.writeAscii('":');
  if (!value.present) {
    out.writeAscii("null");
    return;
  }
  json.reset(out);
  value.copyTo(json);
}
