// The conversation, from chat to Cohere: message by message, roles as they are (developer becomes system). What an
// assistant says beside tool calls is Cohere's tool plan; what it thought comes back as thinking.
//
//   chat    assistant "I look it up." calls a       tool(a) "12 °C"
//   Cohere  assistant tool_plan, tool_calls a       tool(a) "12 °C"

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { Beside, partFields, partText, readPart, writePart, writeTextPart } from "./chat-to-cohere-parts";

const message = new Fields("messages[].");
const role = message.add("role", Use.MAPPED);
const content = message.add("content", Use.NATIVE);
const refusal = message.add("refusal", Use.MAPPED);
const reasoning = message.add("reasoning_content", Use.MAPPED);
const thinkingBlocks = message.add("thinking_blocks", Use.MAPPED);
const toolCalls = message.add("tool_calls", Use.NATIVE);
const toolCallId = message.add("tool_call_id", Use.NATIVE);
const isError = message.add("is_error", Use.MAPPED);
const functionCall = message.add("function_call", Use.REFUSED);
const audio = message.add("audio", Use.REFUSED);
message.add("name", Use.DROPPED);
message.add("annotations", Use.DROPPED);
message.add("cache_control", Use.DROPPED);
message.add("extra_content", Use.DROPPED);

const call = new Fields("messages[].tool_calls[].");
const callId = call.add("id", Use.NATIVE);
const callType = call.add("type", Use.NATIVE);
const callFunction = call.add("function", Use.NATIVE);
call.add("extra_content", Use.DROPPED);
call.add("cache_control", Use.DROPPED);
call.add("index"); // what a stream's deltas leave behind
const calledFunction = new Fields();
const functionName = calledFunction.add("name");
const functionArguments = calledFunction.add("arguments");

const block = new Fields("messages[].thinking_blocks[].");
const blockThinking = block.add("thinking", Use.MAPPED);

const items = new Items();
const parts = new Items();
const calls = new Items();
const blocks = new Items();

export const conversationFields: Fields[] = [message, partFields, call, block];

export function writeMessages(t: Translation, messages: Value): bool {
  if (!items.begin(messages)) return t.refuseType("messages", "an array");
  t.json.key("messages");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("messages", items.index);
    if (!message.readValue(items.value)) return t.refuseType("", "an object");
    if (!t.dropRest(message) || !writeMessage(t)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  return items.index >= 0 || t.refuseField("messages", "it needs at least one message.");
}

function writeMessage(t: Translation): bool {
  if (role.is("user")) return writeSpoken(t, "user", Beside.IMAGES);
  if (role.is("system") || role.is("developer")) return writeSpoken(t, "system", Beside.NOTHING);
  if (role.is("assistant")) return writeAssistant(t);
  if (role.is("tool")) return writeToolResult(t);
  if (!role.isString) return t.refuseType("role", "a string");
  return t.refuseValue("role", role, "use system, developer, user, assistant or tool.");
}

function beginMessage(t: Translation, name: string): void {
  t.json.objectBegin();
  t.json.key("role");
  t.json.ascii(name);
}

function writeSpoken(t: Translation, name: string, beside: Beside): bool {
  beginMessage(t, name);
  t.json.key("content");
  if (content.isString) {
    content.copyTo(t.json);
  } else {
    t.json.arrayBegin();
    if (!writeParts(t, beside)) return false;
    t.json.arrayEnd();
  }
  t.json.objectEnd();
  return true;
}

function writeParts(t: Translation, beside: Beside): bool {
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value) || !writePart(t, beside)) return false;
  }
  t.enterPart("", -1);
  return true;
}

function writeAssistant(t: Translation): bool {
  if (functionCall.present) return t.refuseField("function_call", "use tool_calls.");
  if (audio.present) return t.refuseField("audio");
  beginMessage(t, "assistant");
  const hasCalls = toolCalls.present && !toolCalls.isEmpty;
  if (hasCalls && hasText() && !writePlan(t)) return false;
  const thought = hasThought();
  if (thought || (!hasCalls && hasText())) {
    t.json.key("content");
    if (!thought && content.isString && !refusal.isText) content.copyTo(t.json);
    else if (!writeAssistantParts(t, !hasCalls)) return false;
  }
  if (hasCalls && !writeToolCalls(t)) return false;
  t.json.objectEnd();
  return true;
}

function hasText(): bool {
  return content.present || refusal.isText;
}

function hasThought(): bool {
  if (reasoning.isText) return true;
  blocks.begin(thinkingBlocks);
  while (blocks.next()) if (block.readValue(blocks.value) && blockThinking.isText) return true;
  return false;
}

function writeAssistantParts(t: Translation, withText: bool): bool {
  t.json.arrayBegin();
  if (reasoning.isText) {
    writeThinking(t, reasoning);
  } else {
    blocks.begin(thinkingBlocks);
    while (blocks.next()) {
      if (block.readValue(blocks.value) && blockThinking.isText) writeThinking(t, blockThinking);
    }
  }
  if (withText) {
    if (content.isString) {
      if (content.isText) writeTextPart(t.json, content);
    } else if (content.present && !writeParts(t, Beside.NOTHING)) {
      return false;
    }
    if (refusal.isText) writeTextPart(t.json, refusal);
  }
  t.json.arrayEnd();
  return true;
}

function writeThinking(t: Translation, text: Value): void {
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii("thinking");
  t.json.key("thinking");
  text.copyTo(t.json);
  t.json.objectEnd();
}

/** The texts of all parts as one string, joined with nothing between them. */
function writePlan(t: Translation): bool {
  t.json.key("tool_plan");
  t.json.stringBegin();
  if (content.isString) {
    t.out.writeBytes(content.pointer, content.length);
  } else if (content.present) {
    if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
    while (parts.next()) {
      t.enterPart("content", parts.index);
      if (!readPart(t, parts.value)) return false;
      const text = partText(t);
      if (text == null) return false;
      t.out.writeBytes(text.pointer, text.length);
    }
    t.enterPart("", -1);
  }
  if (refusal.isText) t.out.writeBytes(refusal.pointer, refusal.length);
  t.json.stringEnd();
  return true;
}

function writeToolCalls(t: Translation): bool {
  if (!calls.begin(toolCalls)) return t.refuseType("tool_calls", "an array");
  t.json.key("tool_calls");
  t.json.arrayBegin();
  while (calls.next()) {
    t.enterPart("tool_calls", calls.index);
    if (!writeToolCall(t, calls.value)) return false;
  }
  t.enterPart("", -1);
  t.json.arrayEnd();
  return true;
}

function writeToolCall(t: Translation, value: Value): bool {
  const json = t.json;
  if (!call.readValue(value)) return t.refuseType("", "an object");
  if (callType.present && !callType.is("function")) return t.refuseValue("type", callType, "use a function.");
  if (!callId.isString) return t.refuseType("id", "a string");
  if (!calledFunction.readValue(callFunction)) return t.refuseType("function", "an object");
  if (!functionName.isString) return t.refuseType("function.name", "a string");
  if (functionArguments.present && !functionArguments.isString) return t.refuseType("function.arguments", "a string");
  if (!t.dropRest(call)) return false;
  json.objectBegin();
  json.key("id");
  callId.copyTo(json);
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  functionName.copyTo(json);
  json.key("arguments");
  functionArguments.isText ? functionArguments.copyTo(json) : json.ascii("{}");
  json.objectEnd();
  json.objectEnd();
  return true;
}

/** Cohere has no mark for a tool that failed: the text says it. */
function writeToolResult(t: Translation): bool {
  const json = t.json;
  if (!toolCallId.isString) return t.refuseType("tool_call_id", "a string");
  beginMessage(t, "tool");
  json.key("tool_call_id");
  toolCallId.copyTo(json);
  json.key("content");
  if (content.isString || !content.present) {
    json.stringBegin();
    if (isError.isTrue) t.out.writeAscii("Error: ");
    if (content.isString) t.out.writeBytes(content.pointer, content.length);
    json.stringEnd();
  } else {
    json.arrayBegin();
    if (isError.isTrue) {
      json.objectBegin();
      json.key("type");
      json.ascii("text");
      json.key("text");
      json.ascii("Error:");
      json.objectEnd();
    }
    if (!writeParts(t, Beside.DOCUMENTS)) return false;
    json.arrayEnd();
  }
  json.objectEnd();
  return true;
}
