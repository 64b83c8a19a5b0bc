// Tool calls and their results, from chat to Messages. A tool message may carry media and the flag of a failure, as
// extensions.
//
//   {id,"function":{name,"arguments":"{…}"}}      ─▶  {"type":"tool_use",id,name,"input":{…}}
//   {"role":"tool",tool_call_id,content,is_error}  ─▶  {"type":"tool_result",tool_use_id,content,is_error}

import { isBlank } from "../translation/blank";
import { writeArguments } from "../translation/chat-request";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { partIsBlank, readPart, writeCacheControl, writePart } from "./chat-to-messages-parts";

const call = new Fields("messages[].tool_calls[].");
const callId = call.add("id", Use.NATIVE);
const callType = call.add("type");
const callFunction = call.add("function");
call.add("index");
call.add("custom", Use.REFUSED);
// Another provider's signature means nothing here.
call.add("extra_content", Use.DROPPED);
const calledFunction = new Fields("messages[].tool_calls[].function.");
const functionName = calledFunction.add("name", Use.NATIVE);
const functionArguments = calledFunction.add("arguments", Use.MAPPED);

export const callFields: Fields[] = [call, calledFunction];

const calls = new Items();
const counter = new Items();
const parts = new Items();

/** Position of an array's last item; -1 when it has none, or is no array. */
export function lastIndex(array: Value): i32 {
  counter.begin(array);
  while (counter.next()) {}
  return counter.index;
}

/** The caller has begun the assistant's turn. `cache` marks the last of the calls. */
export function writeToolUses(t: Translation, toolCalls: Value, cache: Value): bool {
  const marked = cache.isObject ? lastIndex(toolCalls) : -1;
  calls.begin(toolCalls);
  while (calls.next()) {
    t.enterPart("tool_calls", calls.index);
    if (!writeToolUse(t, calls.value, calls.index == marked ? cache : null)) return false;
  }
  t.leavePart();
  return true;
}

function writeToolUse(t: Translation, value: Value, cache: Value | null): bool {
  if (!call.readValue(value)) return t.refuseType("", "an object");
  if (callType.present && !callType.is("function")) return t.refuseValue("type", callType, "use a function.");
  if (!t.dropRest(call)) return false;
  if (!callId.isString) return t.refuseType("id", "a string");
  if (!calledFunction.readValue(callFunction)) return t.refuseType("function", "an object");
  if (!t.dropRest(calledFunction)) return false;
  if (!functionName.isString) return t.refuseType("function.name", "a string");
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii("tool_use");
  t.json.key("id");
  callId.copyTo(t.json);
  t.json.key("name");
  functionName.copyTo(t.json);
  t.json.key("input");
  if (!writeArguments(t, functionArguments)) return false;
  writeCacheControl(t.json, cache);
  t.json.objectEnd();
  return true;
}

/** The caller has begun the user's turn. */
export function writeToolResult(t: Translation, id: Value, content: Value, isError: Value, cache: Value): bool {
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii("tool_result");
  t.json.key("tool_use_id");
  id.copyTo(t.json);
  if (content.isString) {
    if (!isBlank(content)) {
      t.json.key("content");
      content.copyTo(t.json);
    }
  } else if (content.present && !writeResultParts(t, content)) {
    return false;
  }
  if (isError.isTrue) {
    t.json.key("is_error");
    t.json.boolean(true);
  }
  writeCacheControl(t.json, cache);
  t.json.objectEnd();
  return true;
}

function writeResultParts(t: Translation, content: Value): bool {
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  t.json.key("content");
  t.json.arrayBegin();
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (!partIsBlank() && !writePart(t, t.json, false, null)) return false;
  }
  t.json.arrayEnd();
  return true;
}
