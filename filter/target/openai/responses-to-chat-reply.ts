// A chat completion reply as a Response: reasoning items first, one for each block that was thought, then the message,
// then the function calls.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import {
  appendElements,
  beginItem,
  CALL_PREFIX,
  MESSAGE_PREFIX,
  writeAnnotation,
  writeReasoning,
  writeRefusalPart,
  writeSignatureBlock,
  writeTextPart,
} from "./response-items";
import { ResponseHead, ResponseStatus } from "./response-object";

const LIST_BYTES_MAX: i32 = 8 * 1024 * 1024;

const t = new Translation();
const json = t.json;

const reply = new Fields();
const replyId = reply.add("id");
const replyCreated = reply.add("created");
const replyChoices = reply.add("choices");
const replyUsage = reply.add("usage");
const replyTier = reply.add("service_tier");

const choice = new Fields();
const choiceMessage = choice.add("message");
const choiceFinish = choice.add("finish_reason");
const choiceLogprobs = choice.add("logprobs");
const logprobs = new Fields();
const logprobsContent = logprobs.add("content");

const message = new Fields();
const content = message.add("content");
const refusal = message.add("refusal");
const reasoningContent = message.add("reasoning_content");
const reasoning = message.add("reasoning");
const thinkingBlocks = message.add("thinking_blocks");
const annotations = message.add("annotations");
const toolCalls = message.add("tool_calls");
const extra = message.add("extra_content");

const block = new Fields();
const blockThinking = block.add("thinking");

const call = new Fields();
const callId = call.add("id");
const callFunction = call.add("function");
const callExtra = call.add("extra_content");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const choices = new Items();
const list = new Items();
const nothing = new ByteWriter(0);
const scratch = new ByteWriter(LIST_BYTES_MAX);
const citations = new ByteWriter(LIST_BYTES_MAX);
const citationsJson = new JsonWriter(citations);
const probabilities = new ByteWriter(LIST_BYTES_MAX);

let head: ResponseHead = new ResponseHead();
/** Items written so far. */
let place: i32 = 0;

export function writeResponse(to: ResponseHead, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  head = to;
  place = 0;
  if (!reply.read(body, length) || !choices.begin(replyChoices) || !choices.next()) {
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  }
  if (!choice.readValue(choices.value) || !message.readValue(choiceMessage)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  // Parts instead of a text, as some providers send them: an answer without them would be a hole that nobody sees.
  if (content.present && !content.isString) return ErrorCode.UPSTREAM_INVALID_REPLY;
  head.take(replyId, replyCreated.count, replyTier);
  head.status = ResponseStatus.COMPLETED;
  head.finish(choiceFinish);
  head.usage.read(replyUsage);
  head.begin(json, out, nothing);
  json.arrayBegin();
  writeThoughts();
  writeMessage();
  const readable = writeCalls();
  json.arrayEnd();
  head.end(json);
  return readable ? t.end(ErrorCode.REPLY_TOO_LARGE) : <i32>ErrorCode.UPSTREAM_INVALID_REPLY;
}

function writeThoughts(): void {
  if (!list.begin(thinkingBlocks) || thinkingBlocks.isEmpty) {
    const text = reasoningContent.isText ? reasoningContent : reasoning;
    if (text.isText) writeReasoning(json, t.out, head, place++, text.pointer, text.length, nothing);
    return;
  }
  while (list.next()) {
    if (!block.readValue(list.value)) continue;
    scratch.reset().writeBytes(list.value.pointer, list.value.length);
    const text = blockThinking.isString ? blockThinking.length : 0;
    writeReasoning(json, t.out, head, place++, blockThinking.pointer, text, scratch);
  }
}

function writeMessage(): void {
  if (content.isText || refusal.isText) {
    beginItem(json, t.out, head, MESSAGE_PREFIX, place++, "message", head.isCut ? "incomplete" : "completed");
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    json.arrayBegin();
    if (content.isText) {
      takeCitations();
      probabilities.reset();
      if (logprobs.readValue(choiceLogprobs)) appendElements(logprobsContent, probabilities);
      writeTextPart(json, content.pointer, content.length, citations, probabilities);
    }
    if (refusal.isText) writeRefusalPart(json, refusal.pointer, refusal.length);
    json.arrayEnd();
    json.objectEnd();
  }
  writeSignature("message_signature", extra);
}

function takeCitations(): void {
  citations.reset();
  if (!list.begin(annotations)) return;
  citationsJson.reset(citations);
  while (list.next()) writeAnnotation(citationsJson, list.value);
}

function writeCalls(): bool {
  if (!list.begin(toolCalls)) return true;
  while (list.next()) {
    if (!call.readValue(list.value) || !callee.readValue(callFunction)) return false;
    if (!callId.isString || !calleeName.isString) return false;
    writeSignature("call_signature", callExtra);
    beginItem(json, t.out, head, CALL_PREFIX, place++, "function_call", head.isCut ? "incomplete" : "completed");
    json.key("call_id");
    callId.copyTo(json);
    json.key("name");
    calleeName.copyTo(json);
    json.key("arguments");
    if (calleeArguments.isString) calleeArguments.copyTo(json);
    else json.ascii("{}");
    json.objectEnd();
  }
  return true;
}

/** A signature of Gemini's goes in a reasoning item in front of what it signs. */
function writeSignature(type: string, from: Value): void {
  if (!writeSignatureBlock(type, from, scratch.reset())) return;
  writeReasoning(json, t.out, head, place++, 0, 0, scratch);
}
