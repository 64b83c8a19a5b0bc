// The conversation, from chat to Messages. System and developer messages leave the conversation and become `system`, in
// their order; messages of one role that follow one another become one turn; tool messages become results in a user turn.
// Texts without a visible character are left out, because Messages refuses them.
//
//   chat       system · user · assistant(calls a, b) · tool(a) · tool(b) · user
//   Messages   system | user · assistant(use a, use b) · user(result a, result b, text)

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { isBlank, partIsBlank, readPart, writePart, writeText } from "./chat-to-messages-parts";

/** The system texts, kept until the messages are written; they are never longer than the request. */
const SYSTEM_BYTES_MAX: i32 = 64 * 1024 * 1024;

const message = new Fields();
const role = message.add("role");
const content = message.add("content");
const refusal = message.add("refusal");
const toolCalls = message.add("tool_calls");
const toolCallId = message.add("tool_call_id");
const functionCall = message.add("function_call");
const audio = message.add("audio");

const call = new Fields();
const callId = call.add("id");
const callType = call.add("type");
const callFunction = call.add("function");
const calledFunction = new Fields();
const functionName = calledFunction.add("name");
const functionArguments = calledFunction.add("arguments");

const items = new Items();
const parts = new Items();
const calls = new Items();
const argumentReader = new JsonReader();
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

/** `messages`, and `system` when there is any. */
export function writeMessages(t: Translation, messages: Value): bool {
  if (!items.begin(messages)) return t.refuseType("messages", "an array");
  systemJson.reset(systemText.reset());
  turn = Turn.NONE;
  turns = 0;
  t.json.key("messages");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("messages", items.index);
    if (!message.readValue(items.value)) return t.refuseType("", "an object");
    if (!writeMessage(t)) return false;
  }
  t.leave();
  endTurn(t);
  t.json.arrayEnd();
  if (turns == 0) return t.refuseField("messages", "it needs at least one user or assistant message with content.");
  return writeSystem(t);
}

function writeMessage(t: Translation): bool {
  if (role.is("user")) return writeContent(t, Turn.USER);
  if (role.is("assistant")) return writeAssistant(t);
  if (role.is("tool")) return writeToolResult(t);
  if (role.is("system") || role.is("developer")) return gatherSystem(t);
  if (!role.isString) return t.refuseType("role", "a string");
  return t.refuseValue("role", role, "use system, developer, user, assistant or tool.");
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
    if (!isBlank(content)) writeText(systemJson, content);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (!partIsBlank() && !writePart(t, systemJson, true)) return false;
  }
  return true;
}

function writeAssistant(t: Translation): bool {
  if (functionCall.present) return t.refuseField("function_call", "use tool_calls.");
  if (audio.present) return t.refuseField("audio");
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
  return writeParts(t, to);
}

/** The turn begins with its first block: a message that has none leaves no trace. */
function writeParts(t: Translation, to: Turn): bool {
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
  if (callType.present && !callType.is("function")) return t.refuseValue("type", callType, "use a function.");
  if (!callId.isString) return t.refuseType("id", "a string");
  if (!calledFunction.readValue(callFunction)) return t.refuseType("function", "an object");
  if (!functionName.isString) return t.refuseType("function.name", "a string");
  beginTurn(t, Turn.ASSISTANT);
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii("tool_use");
  t.json.key("id");
  callId.copyTo(t.json);
  t.json.key("name");
  functionName.copyTo(t.json);
  t.json.key("input");
  if (!writeInput(t)) return false;
  t.json.objectEnd();
  return true;
}

/** Chat carries arguments as a string that holds JSON, Messages as the JSON itself. */
function writeInput(t: Translation): bool {
  if (functionArguments.present && !functionArguments.isString) return t.refuseType("function.arguments", "a string");
  if (!functionArguments.present || isBlank(functionArguments)) {
    t.json.objectBegin();
    t.json.objectEnd();
    return true;
  }
  if (!t.unescape(functionArguments)) return false;
  argumentReader.reset(t.textPointer, t.textLength);
  const isObject = argumentReader.next() == JsonToken.OBJECT_BEGIN && argumentReader.skipRest();
  if (!isObject || argumentReader.next() != JsonToken.END) {
    return t.refuseType("function.arguments", "a string that holds one JSON object");
  }
  t.json.raw(t.textPointer, t.textLength);
  return true;
}

function writeToolResult(t: Translation): bool {
  if (!toolCallId.isString) return t.refuseType("tool_call_id", "a string");
  beginTurn(t, Turn.USER);
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii("tool_result");
  t.json.key("tool_use_id");
  toolCallId.copyTo(t.json);
  if (content.isString) {
    if (!isBlank(content)) {
      t.json.key("content");
      content.copyTo(t.json);
    }
  } else if (content.present) {
    if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
    t.json.key("content");
    t.json.arrayBegin();
    while (parts.next()) {
      t.enterPart("content", parts.index);
      if (!readPart(t, parts.value)) return false;
      if (!partIsBlank() && !writePart(t, t.json, false)) return false;
    }
    t.json.arrayEnd();
  }
  t.json.objectEnd();
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
