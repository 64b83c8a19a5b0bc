// The conversation, from chat to Converse. System and developer messages leave it and become `system`, in their order;
// messages of one role that follow one another become one turn, because Converse wants the roles to alternate; tool
// messages become results in a user turn. Texts without a visible character are left out.
//
//   chat       system · user · assistant(calls a, b) · tool(a) · tool(b) · user
//   Converse   system | user · assistant(use a, use b) · user(result a, result b, text)

import { isBlank } from "../translation/blank";
import { writeArguments } from "../translation/chat-request";
import { Translation } from "../translation/translation";
import { Turn, Turns } from "../translation/turns";
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
const turns = new Turns("assistant", "content");
/** Whether the conversation that was written last holds tool calls or results: Converse then insists on tools. */
export let conversationUsesTools: bool = false;

/** `messages`, and `system` when there is any. */
export function writeMessages(t: Translation, messages: Value): bool {
  if (!items.begin(messages)) return t.refuseType("messages", "an array");
  turns.reset();
  beginParts();
  conversationUsesTools = false;
  t.json.key("messages");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("messages", items.index);
    if (!messageFields.readValue(items.value)) return t.refuseType("", "an object");
    if (!t.dropRest(messageFields) || !writeMessage(t)) return false;
  }
  t.leave();
  return turns.finish(t) && (!turns.hasSystem || turns.writeSystem(t, "system"));
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
  if (turns.isOpen) writeCachePoint(t.json, cacheControl);
  return true;
}

function gatherSystem(t: Translation): bool {
  if (!content.present) return true;
  if (content.isString) {
    if (isBlank(content)) return true;
    writeText(turns.systemJson, content);
    writeCachePoint(turns.systemJson, cacheControl);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (!partIsBlank() && !writePart(t, turns.systemJson, true)) return false;
  }
  if (turns.hasSystem) writeCachePoint(turns.systemJson, cacheControl);
  return true;
}

/** Reasoning stands in front of what was reasoned about, as the model gave it. */
function writeAssistant(t: Translation): bool {
  if (functionCall.present) return t.refuseField("function_call", "use tool_calls.");
  if (audio.present) return t.refuseField("audio");
  if (annotations.isArray && !annotations.isEmpty && !t.drop("annotations")) return false;
  if (thinkingBlocks.isArray && !thinkingBlocks.isEmpty) {
    turns.begin(t.json, Turn.MODEL);
    if (!writeReasoning(t, thinkingBlocks)) return false;
  } else if (reasoningContent.isText && !t.drop("reasoning_content")) {
    return false;
  }
  if (!writeContent(t, Turn.MODEL)) return false;
  if (refusal.isString && !isBlank(refusal)) {
    turns.begin(t.json, Turn.MODEL);
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
    turns.begin(t.json, to);
    writeText(t.json, content);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  // The turn begins with its first block: a message that has none leaves no trace.
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (partIsBlank()) continue;
    turns.begin(t.json, to);
    if (!writePart(t, t.json, to == Turn.MODEL)) return false;
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
  turns.begin(t.json, Turn.MODEL);
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
  turns.begin(t.json, Turn.USER);
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
