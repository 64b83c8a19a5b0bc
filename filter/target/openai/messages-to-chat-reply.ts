// A chat completion reply as a Messages one.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { ChatUsage } from "./chat-usage";
import {
  beginCitations,
  nextCitation,
  writeCitation,
  writeThinking,
  writeThinkingBlocks,
} from "./messages-to-chat-content";
import { signatureOf, writeSignatureBlock } from "./messages-to-chat-signatures";

const t = new Translation();
const json = t.json;
const checker = new JsonReader();

const reply = new Fields();
const replyId = reply.add("id");
const replyChoices = reply.add("choices");
const replyUsage = reply.add("usage");

const replyTier = reply.add("service_tier");

const choice = new Fields();
const choiceMessage = choice.add("message");
const choiceFinish = choice.add("finish_reason");
const choiceStop = choice.add("stop_reason");
const choiceMatched = choice.add("matched_stop");

const message = new Fields();
const messageContent = message.add("content");
const messageRefusal = message.add("refusal");
const messageToolCalls = message.add("tool_calls");
const messageThinking = message.add("thinking_blocks");
const messageReasoningContent = message.add("reasoning_content");
const messageReasoning = message.add("reasoning");
const messageAnnotations = message.add("annotations");
const messageExtra = message.add("extra_content");

const call = new Fields();
const callId = call.add("id");
const callFunction = call.add("function");
const callExtra = call.add("extra_content");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const choices = new Items();
const calls = new Items();
const usage = new ChatUsage();

/**
 * OpenAI's finish reasons in Messages' words. A reply with tool calls is `tool_use` even where the provider says `stop`,
 * as OpenAI does for a function that the client named: Messages clients look nowhere else.
 */
export function stopReason(finishReason: Value, hasCalls: bool, refused: bool, matched: bool): string {
  if (finishReason.is("length")) return "max_tokens";
  if (finishReason.is("content_filter") || refused) return "refusal";
  if (hasCalls || finishReason.is("tool_calls") || finishReason.is("function_call")) return "tool_use";
  return matched ? "stop_sequence" : "end_turn";
}

/** Which of the client's stop texts was met, as vLLM and SGLang name it; absent when none was. */
export function matchedStop(stopReason: Value, matchedStop: Value): Value {
  return matchedStop.isText ? matchedStop : stopReason;
}

export function writeMessagesReply(
  model: ByteWriter,
  showsUnsigned: bool,
  body: usize,
  length: i32,
  out: ByteWriter,
): i32 {
  t.begin(out);
  if (!reply.read(body, length) || !choices.begin(replyChoices) || !choices.next())
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  if (!choice.readValue(choices.value) || !message.readValue(choiceMessage)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  // Parts instead of a text, as some providers send them: an answer without them would be a hole that nobody sees.
  if (messageContent.present && !messageContent.isString) return ErrorCode.UPSTREAM_INVALID_REPLY;
  usage.reset();
  usage.read(replyUsage);
  usage.readServiceTier(replyTier);
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
  writeThinkingOf(showsUnsigned);
  if (showsUnsigned) writeSignature(messageExtra);
  writeText(messageContent, messageAnnotations);
  writeText(messageRefusal);
  const readable = writeToolUses(showsUnsigned);
  json.arrayEnd();
  writeStop();
  json.key("usage");
  usage.write(json);
  json.objectEnd();
  return readable ? t.end(ErrorCode.REPLY_TOO_LARGE) : <i32>ErrorCode.UPSTREAM_INVALID_REPLY;
}

function writeThinkingOf(showsUnsigned: bool): void {
  if (writeThinkingBlocks(json, messageThinking, showsUnsigned) || !showsUnsigned) return;
  const text = messageReasoningContent.isText ? messageReasoningContent : messageReasoning;
  if (text.isText) writeThinking(json, text, null);
}

/** Gemini's signature of what follows, if there is one. */
function writeSignature(extraContent: Value): void {
  const signature = signatureOf(extraContent);
  if (!signature.isText) return;
  json.objectBegin();
  writeSignatureBlock(json, t.out, signature.pointer, signature.length);
  json.objectEnd();
}

function writeStop(): void {
  const hasCalls = messageToolCalls.isArray && !messageToolCalls.isEmpty;
  const matched = matchedStop(choiceStop, choiceMatched);
  const reason = stopReason(choiceFinish, hasCalls, messageRefusal.isText, matched.isText);
  json.key("stop_reason");
  json.ascii(reason);
  json.key("stop_sequence");
  if (reason == "stop_sequence") matched.copyTo(json);
  else json.nil();
}

function writeText(text: Value, annotations: Value | null = null): void {
  if (!text.isText) return;
  json.objectBegin();
  json.key("type");
  json.ascii("text");
  json.key("text");
  text.copyTo(json);
  if (annotations != null && beginCitations(annotations) && nextCitation()) {
    json.key("citations");
    json.arrayBegin();
    do {
      writeCitation(json);
    } while (nextCitation());
    json.arrayEnd();
  }
  json.objectEnd();
}

function writeToolUses(showsUnsigned: bool): bool {
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
    if (showsUnsigned) writeSignature(callExtra);
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
