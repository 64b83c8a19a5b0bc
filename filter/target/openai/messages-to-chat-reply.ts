// A chat completion reply, and an OpenAI error, as Messages ones.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { ChatUsage } from "./chat-usage";

/** What an error without a status counts as. */
const UNKNOWN_STATUS: i32 = 500;

const t = new Translation();
const json = t.json;
const checker = new JsonReader();

const reply = new Fields();
const replyId = reply.add("id");
const replyChoices = reply.add("choices");
const replyUsage = reply.add("usage");

const choice = new Fields();
const choiceMessage = choice.add("message");
const choiceFinish = choice.add("finish_reason");

const message = new Fields();
const messageContent = message.add("content");
const messageRefusal = message.add("refusal");
const messageToolCalls = message.add("tool_calls");

const call = new Fields();
const callId = call.add("id");
const callFunction = call.add("function");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const failure = new Fields();
const failureError = failure.add("error");
const failureDetail = new Fields();
const failureMessage = failureDetail.add("message");
const failureType = failureDetail.add("type");
const failureCode = failureDetail.add("code");

const choices = new Items();
const calls = new Items();
const usage = new ChatUsage();

/**
 * OpenAI's finish reasons in Messages' words. A reply with tool calls is `tool_use` even where the provider says `stop`,
 * as OpenAI does for a function that the client named: Messages clients look nowhere else.
 */
export function stopReason(finishReason: Value, hasCalls: bool, refused: bool): string {
  if (finishReason.is("length")) return "max_tokens";
  if (finishReason.is("content_filter") || refused) return "refusal";
  return hasCalls || finishReason.is("tool_calls") || finishReason.is("function_call") ? "tool_use" : "end_turn";
}

export function writeMessagesReply(model: ByteWriter, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!reply.read(body, length) || !choices.begin(replyChoices) || !choices.next())
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  if (!choice.readValue(choices.value) || !message.readValue(choiceMessage)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  // Parts instead of a text, as some providers send them: an answer without them would be a hole that nobody sees.
  if (messageContent.present && !messageContent.isString) return ErrorCode.UPSTREAM_INVALID_REPLY;
  usage.reset();
  usage.read(replyUsage);
  json.objectBegin();
  json.key("id");
  replyId.isString ? replyId.copyTo(json) : json.ascii("msg");
  json.key("type");
  json.ascii("message");
  json.key("role");
  json.ascii("assistant");
  json.key("model");
  json.rawString(model.pointer, model.length);
  json.key("content");
  json.arrayBegin();
  writeText(messageContent);
  writeText(messageRefusal);
  const readable = writeToolUses();
  json.arrayEnd();
  json.key("stop_reason");
  json.ascii(stopReason(choiceFinish, messageToolCalls.isArray && !messageToolCalls.isEmpty, messageRefusal.isText));
  json.key("stop_sequence");
  json.nil();
  json.key("usage");
  usage.write(json);
  json.objectEnd();
  return readable ? t.end(ErrorCode.REPLY_TOO_LARGE) : <i32>ErrorCode.UPSTREAM_INVALID_REPLY;
}

function writeText(text: Value): void {
  if (!text.isText) return;
  json.objectBegin();
  json.key("type");
  json.ascii("text");
  json.key("text");
  text.copyTo(json);
  json.objectEnd();
}

function writeToolUses(): bool {
  if (!calls.begin(messageToolCalls)) return true;
  while (calls.next()) {
    if (!call.readValue(calls.value) || !callee.readValue(callFunction)) return false;
    if (!callId.isString || !calleeName.isString || !t.unescape(calleeArguments)) return false;
    const bare = !calleeArguments.isText;
    if (!bare && !isObject(t.textPointer, t.textLength)) {
      // Cut off by the cap: the call never was. Anything else must not reach a tool as a call without arguments.
      if (choiceFinish.is("length")) continue;
      return false;
    }
    json.objectBegin();
    json.key("type");
    json.ascii("tool_use");
    json.key("id");
    callId.copyTo(json);
    json.key("name");
    calleeName.copyTo(json);
    json.key("input");
    if (bare) {
      json.objectBegin();
      json.objectEnd();
    } else {
      json.raw(t.textPointer, t.textLength);
    }
    json.objectEnd();
  }
  return true;
}

/** Whether the text is one JSON object and nothing else. */
function isObject(pointer: usize, length: i32): bool {
  checker.reset(pointer, length);
  return checker.next() == JsonToken.OBJECT_BEGIN && checker.skipRest() && checker.next() == JsonToken.END;
}

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

/** `{"error":{"message":…}}`, or `{"error":"…"}` as some providers have it; the provider's own words stay. */
export function writeMessagesError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  if (!failure.read(body, length)) return ErrorCode.UPSTREAM_ERROR;
  const text = failureDetail.readValue(failureError) ? failureMessage : failureError;
  if (!text.isString) return ErrorCode.UPSTREAM_ERROR;
  t.begin(out);
  writeError(errorType(status), text);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

/** The same for an error inside a stream: no status comes with it, so its own type or code must tell. */
export function writeMessagesStreamError(body: usize, length: i32, out: ByteWriter): i32 {
  return writeMessagesError(streamStatus(body, length), body, length, out);
}

function streamStatus(body: usize, length: i32): i32 {
  if (!failure.read(body, length) || !failureDetail.readValue(failureError)) return UNKNOWN_STATUS;
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
