// The conversation, from chat to Converse. System and developer messages leave it and become `system`, in their order;
// messages of one role that follow one another become one turn, because Converse wants the roles to alternate; tool
// messages become results in a user turn. Texts without a visible character are left out.
//
//   chat       system · user · assistant(calls a, b) · tool(a) · tool(b) · user
//   Converse   system | user · assistant(use a, use b) · user(result a, result b, text)

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { isBlank } from "../translation/blank";
import { writeArguments } from "../translation/chat-request";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import {
  beginParts,
  partIsBlank,
  partMark,
  readPart,
  writeCachePoint,
  writePart,
  writeResultPart,
  writeText,
} from "./chat-to-converse-parts";
import { writeReasoning } from "./reasoning-blocks";

/** The system texts, kept until the messages are written; they are never longer than the request. */
const SYSTEM_BYTES_MAX: i32 = 64 * 1024 * 1024;

export const messageFields = new Fields("messages[].");
const role = messageFields.add("role");
const content = messageFields.add("content");
const refusal = messageFields.add("refusal", Use.MAPPED);
const toolCalls = messageFields.add("tool_calls", Use.MAPPED);
const toolCallId = messageFields.add("tool_call_id", Use.MAPPED);
const isError = messageFields.add("is_error", Use.MAPPED);
const thinkingBlocks = messageFields.add("thinking_blocks", Use.MAPPED);
const reasoningContent = messageFields.add("reasoning_content", Use.MAPPED);
const cacheControl = messageFields.add("cache_control", Use.MAPPED);
/** The model's own, of an earlier answer. */
const annotations = messageFields.add("annotations");
const functionCall = messageFields.add("function_call", Use.REFUSED);
const audio = messageFields.add("audio", Use.REFUSED);
messageFields.add("name", Use.DROPPED);
messageFields.add("extra_content", Use.DROPPED);

const call = new Fields("messages[].tool_calls[].");
const callId = call.add("id");
const callType = call.add("type");
const callFunction = call.add("function");
call.add("index");
call.add("extra_content", Use.DROPPED);
const calledFunction = new Fields();
const functionName = calledFunction.add("name");
const functionArguments = calledFunction.add("arguments");

const items = new Items();
const parts = new Items();
const calls = new Items();
/** The last mark on a part of a tool's result. */
const resultMark = new Value("");
const systemText = new ByteWriter(SYSTEM_BYTES_MAX);
const systemJson = new JsonWriter(systemText);

/** The turn that is being written. */
enum Turn {
  NONE = 0,
  USER = 1,
  ASSISTANT = 2,
}
let turn: Turn = Turn.NONE;
let turns: i32 = 0;
/** Whether the conversation that was written last holds tool calls or results: Converse then insists on tools. */
export let conversationUsesTools: bool = false;

/** `messages`, and `system` when there is any. */
export function writeMessages(t: Translation, messages: Value): bool {
  if (!items.begin(messages)) return t.refuseType("messages", "an array");
  systemJson.reset(systemText.reset());
  beginParts();
  turn = Turn.NONE;
  turns = 0;
  conversationUsesTools = false;
  t.json.key("messages");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("messages", items.index);
    if (!messageFields.readValue(items.value)) return t.refuseType("", "an object");
    if (!t.dropRest(messageFields) || !writeMessage(t)) return false;
  }
  t.leave();
  endTurn(t);
  t.json.arrayEnd();
  if (turns == 0) return t.refuseField("messages", "it needs at least one user or assistant message with content.");
  return writeSystem(t);
}

function writeMessage(t: Translation): bool {
  if (role.is("user")) return writeContent(t, Turn.USER) && endMessage(t);
  if (role.is("assistant")) return writeAssistant(t) && endMessage(t);
  if (role.is("tool")) return writeToolResult(t) && endMessage(t);
  if (role.is("system") || role.is("developer")) return gatherSystem(t);
  if (!role.isString) return t.refuseType("role", "a string");
  return t.refuseValue("role", role, "use system, developer, user, assistant or tool.");
}

/** A mark on the whole message. */
function endMessage(t: Translation): bool {
  t.part = -1;
  if (turn != Turn.NONE) writeCachePoint(t.json, cacheControl);
  return true;
}

function writeSystem(t: Translation): bool {
  if (systemText.overflow) return t.refuse(ErrorCode.OVERLOADED);
  if (systemText.length == 0) return true;
  t.json.key("system");
  t.json.arrayBegin();
  t.json.raw(systemText.pointer, systemText.length);
  t.json.arrayEnd();
  return true;
}

function gatherSystem(t: Translation): bool {
  if (!content.present) return true;
  if (content.isString) {
    if (isBlank(content)) return true;
    writeText(systemJson, content);
    writeCachePoint(systemJson, cacheControl);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (!partIsBlank() && !writePart(t, systemJson, true)) return false;
  }
  if (systemText.length > 0) writeCachePoint(systemJson, cacheControl);
  return true;
}

/** Reasoning stands in front of what was reasoned about, as the model gave it. */
function writeAssistant(t: Translation): bool {
  if (functionCall.present) return t.refuseField("function_call", "use tool_calls.");
  if (audio.present) return t.refuseField("audio");
  if (annotations.isArray && !annotations.isEmpty && !t.drop("annotations")) return false;
  if (thinkingBlocks.isArray && !thinkingBlocks.isEmpty) {
    beginTurn(t, Turn.ASSISTANT);
    if (!writeReasoning(t, thinkingBlocks)) return false;
  } else if (reasoningContent.isText && !t.drop("reasoning_content")) {
    return false;
  }
  if (!writeContent(t, Turn.ASSISTANT)) return false;
  if (refusal.isString && !isBlank(refusal)) {
    beginTurn(t, Turn.ASSISTANT);
    writeText(t.json, refusal);
  }
  if (!toolCalls.present) return true;
  if (!calls.begin(toolCalls)) return t.refuseType("tool_calls", "an array");
  while (calls.next()) {
    t.enterPart("tool_calls", calls.index);
    if (!writeToolUse(t, calls.value)) return false;
  }
  return true;
}

function writeContent(t: Translation, to: Turn): bool {
  if (!content.present) return true;
  if (content.isString) {
    if (isBlank(content)) return true;
    beginTurn(t, to);
    writeText(t.json, content);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  // The turn begins with its first block: a message that has none leaves no trace.
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (partIsBlank()) continue;
    beginTurn(t, to);
    if (!writePart(t, t.json, to == Turn.ASSISTANT)) return false;
  }
  return true;
}

function writeToolUse(t: Translation, value: Value): bool {
  if (!call.readValue(value)) return t.refuseType("", "an object");
  if (!t.dropRest(call)) return false;
  if (callType.present && !callType.is("function")) return t.refuseValue("type", callType, "use a function.");
  if (!callId.isString) return t.refuseType("id", "a string");
  if (!calledFunction.readValue(callFunction)) return t.refuseType("function", "an object");
  if (!functionName.isString) return t.refuseType("function.name", "a string");
  beginTurn(t, Turn.ASSISTANT);
  conversationUsesTools = true;
  t.json.objectBegin();
  t.json.key("toolUse");
  t.json.objectBegin();
  t.json.key("toolUseId");
  callId.copyTo(t.json);
  t.json.key("name");
  functionName.copyTo(t.json);
  t.json.key("input");
  if (!writeArguments(t, functionArguments)) return false;
  t.json.objectEnd();
  t.json.objectEnd();
  return true;
}

function writeToolResult(t: Translation): bool {
  if (!toolCallId.isString) return t.refuseType("tool_call_id", "a string");
  beginTurn(t, Turn.USER);
  conversationUsesTools = true;
  t.json.objectBegin();
  t.json.key("toolResult");
  t.json.objectBegin();
  t.json.key("toolUseId");
  toolCallId.copyTo(t.json);
  t.json.key("content");
  t.json.arrayBegin();
  if (!writeResult(t)) return false;
  t.json.arrayEnd();
  if (isError.isTrue) {
    t.json.key("status");
    t.json.ascii("error");
  }
  t.json.objectEnd();
  t.json.objectEnd();
  writeCachePoint(t.json, resultMark);
  return true;
}

function writeResult(t: Translation): bool {
  resultMark.clear();
  if (!content.present) return true;
  if (content.isString) {
    if (!isBlank(content)) writeText(t.json, content);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (!partIsBlank() && !writeResultPart(t, t.json)) return false;
    if (partMark().isObject) resultMark.copy(partMark());
  }
  return true;
}

function beginTurn(t: Translation, to: Turn): void {
  if (turn == to) return;
  endTurn(t);
  turn = to;
  turns++;
  t.json.objectBegin();
  t.json.key("role");
  t.json.ascii(to == Turn.USER ? "user" : "assistant");
  t.json.key("content");
  t.json.arrayBegin();
}

function endTurn(t: Translation): void {
  if (turn == Turn.NONE) return;
  turn = Turn.NONE;
  t.json.arrayEnd();
  t.json.objectEnd();
}
