// A chat completion reply, and an OpenAI error, as Messages ones.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { TRANSLATED } from "../translator";
import { ChatUsage } from "./chat-usage";

const t = new Translation();
const json = t.json;
const nowhere = new ByteWriter(256);
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

const choices = new Items();
const calls = new Items();
const usage = new ChatUsage();

/** OpenAI's finish reasons in Messages' words. */
export function stopReason(finishReason: Value): string {
  if (finishReason.is("length")) return "max_tokens";
  if (finishReason.is("tool_calls") || finishReason.is("function_call")) return "tool_use";
  return finishReason.is("content_filter") ? "refusal" : "end_turn";
}

export function writeMessagesReply(model: ByteWriter, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out, nowhere);
  if (!reply.read(body, length) || !choices.begin(replyChoices) || !choices.next())
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  if (!choice.readValue(choices.value) || !message.readValue(choiceMessage)) return ErrorCode.UPSTREAM_INVALID_REPLY;
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
  const whole = writeToolUses();
  json.arrayEnd();
  json.key("stop_reason");
  json.ascii(stopReason(choiceFinish));
  json.key("stop_sequence");
  json.nil();
  json.key("usage");
  usage.write(json);
  json.objectEnd();
  return whole ? t.end(ErrorCode.REPLY_TOO_LARGE) : <i32>ErrorCode.UPSTREAM_INVALID_REPLY;
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
    if (!callId.isString || !calleeName.isString) return false;
    json.objectBegin();
    json.key("type");
    json.ascii("tool_use");
    json.key("id");
    callId.copyTo(json);
    json.key("name");
    calleeName.copyTo(json);
    json.key("input");
    writeInput();
    json.objectEnd();
  }
  return true;
}

/** Models write arguments that are no JSON now and then; the tool's own check says more than an error here. */
function writeInput(): void {
  if (calleeArguments.isText && t.unescape(calleeArguments)) {
    checker.reset(t.textPointer, t.textLength);
    if (checker.next() == JsonToken.OBJECT_BEGIN && checker.skipRest() && checker.next() == JsonToken.END) {
      json.raw(t.textPointer, t.textLength);
      return;
    }
  }
  json.objectBegin();
  json.objectEnd();
}

function errorType(status: i32): string {
  switch (status) {
    case 400:
    case 422:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      return "api_error";
  }
}

/** `{"error":{"message":…}}`; the provider's own words stay. */
export function writeMessagesError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  if (!failure.read(body, length) || !failureDetail.readValue(failureError)) return ErrorCode.UPSTREAM_ERROR;
  if (!failureMessage.isString) return ErrorCode.UPSTREAM_ERROR;
  t.begin(out, nowhere);
  writeError(json, errorType(status), failureMessage);
  return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

function writeError(to: JsonWriter, type: string, text: Value): void {
  to.objectBegin();
  to.key("type");
  to.ascii("error");
  to.key("error");
  to.objectBegin();
  to.key("type");
  to.ascii(type);
  to.key("message");
  text.copyTo(to);
  to.objectEnd();
  to.objectEnd();
}
