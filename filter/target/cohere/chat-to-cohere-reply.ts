// A Cohere reply, and a Cohere error, as chat completion ones.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { countCharacters } from "../translation/characters";
import { writeChatErrorBody } from "../translation/chat-error";
import { beginToolCall, endToolCall } from "../translation/chat-members";
import { beginChatReply, endChatReply, endChoices, writeFinishReason } from "../translation/chat-reply";
import { ChatUsage } from "../translation/chat-usage";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { TRANSLATED } from "../translator";
import { writeAnnotations } from "./cohere-citations";
import { writeLogprobs } from "./cohere-logprobs";
import { readUsage } from "./cohere-usage";

const t = new Translation();
const json = t.json;

const reply = new Fields();
const replyId = reply.add("id");
const replyMessage = reply.add("message");
const replyFinish = reply.add("finish_reason");
const replyUsage = reply.add("usage");
const replyLogprobs = reply.add("logprobs");

const message = new Fields();
const content = message.add("content");
const toolPlan = message.add("tool_plan");
const toolCalls = message.add("tool_calls");
const citations = message.add("citations");

const part = new Fields();
const partType = part.add("type");
const partText = part.add("text");
const partThinking = part.add("thinking");

const call = new Fields();
const callId = call.add("id");
const callFunction = call.add("function");
const calledFunction = new Fields();
const functionName = calledFunction.add("name");
const functionArguments = calledFunction.add("arguments");

const failure = new Fields();
const failureMessage = failure.add("message");

const items = new Items();
const usage = new ChatUsage();

/** Cohere's finish reasons in OpenAI's words. */
export function finishReason(reason: Value): string {
  if (reason.is("TOOL_CALL")) return "tool_calls";
  if (reason.is("MAX_TOKENS") || reason.is("ERROR_LIMIT")) return "length";
  return reason.is("ERROR_TOXIC") ? "content_filter" : "stop";
}

/** The error that a reply with such a finish reason is; `TRANSLATED` for all that are answers. */
export function finishError(reason: Value): i32 {
  if (reason.is("ERROR")) return ErrorCode.UPSTREAM_ERROR;
  return reason.is("TIMEOUT") ? ErrorCode.UPSTREAM_TIMEOUT : TRANSLATED;
}

export function writeChatReply(model: ByteWriter, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!reply.read(body, length) || !message.readValue(replyMessage)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  const error = finishError(replyFinish);
  if (error != TRANSLATED) return error;
  readUsage(replyUsage, usage);
  beginChatReply(json, replyId.pointer, replyId.isText ? replyId.length : 0, model);
  writeMessage();
  json.key("logprobs");
  writeLogprobs(json, replyLogprobs);
  writeFinishReason(json, finishReason(replyFinish));
  endChoices(json);
  endChatReply(json, usage);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

function writeMessage(): void {
  json.objectBegin();
  json.key("role");
  json.ascii("assistant");
  json.key("content");
  const hasCalls = toolCalls.isArray && !toolCalls.isEmpty;
  if (hasCalls && !toolPlan.isText && !has("text")) {
    json.nil();
  } else {
    json.stringBegin();
    if (toolPlan.isString) t.out.writeBytes(toolPlan.pointer, toolPlan.length);
    writeJoined("text", partText);
    json.stringEnd();
  }
  json.key("refusal");
  json.nil();
  if (has("thinking")) {
    json.key("reasoning_content");
    json.stringBegin();
    writeJoined("thinking", partThinking);
    json.stringEnd();
  }
  if (hasCalls) writeToolCalls();
  if (citations.isArray && !citations.isEmpty) {
    json.key("annotations");
    json.arrayBegin();
    writeAnnotations(json, citations, toolPlan.isString ? countCharacters(toolPlan.pointer, toolPlan.length) : 0);
    json.arrayEnd();
  }
  json.objectEnd();
}

function has(type: string): bool {
  items.begin(content);
  while (items.next()) if (part.readValue(items.value) && partType.is(type)) return true;
  return false;
}

function writeJoined(type: string, text: Value): void {
  items.begin(content);
  while (items.next()) {
    if (part.readValue(items.value) && partType.is(type) && text.isString) t.out.writeBytes(text.pointer, text.length);
  }
}

function writeToolCalls(): void {
  json.key("tool_calls");
  json.arrayBegin();
  items.begin(toolCalls);
  while (items.next()) {
    if (!call.readValue(items.value) || !calledFunction.readValue(callFunction)) continue;
    beginToolCall(json, callId, functionName);
    functionArguments.isText ? functionArguments.copyTo(json) : json.ascii("{}");
    endToolCall(json);
  }
  json.arrayEnd();
}

/** `{"id":…,"message":…}`; the provider's own words stay. */
export function writeChatError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!failure.read(body, length) || !failureMessage.isString) return ErrorCode.UPSTREAM_ERROR;
  writeChatErrorBody(json, status, failureMessage, null);
  return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}
