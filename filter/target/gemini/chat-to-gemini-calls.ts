// Calls of functions in the conversation, from chat to Gemini. A result names the function in Gemini and the call in chat,
// so the calls are remembered while the conversation is written.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes } from "../../bytes/compare";
import { JsonToken } from "../../json/token";
import { Plan } from "../plan";
import { writeArguments } from "../translation/chat-request";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { Signatures } from "./chat-to-gemini-signatures";
import { thinksByBudget } from "./gemini-model";

const call = new Fields("messages[].tool_calls[].");
const callId = call.add("id", Use.NATIVE);
const callType = call.add("type");
const callFunction = call.add("function", Use.MAPPED);
const callExtra = call.add("extra_content", Use.MAPPED);
call.add("index", Use.STRUCTURE);
call.add("cache_control", Use.DROPPED);
const calledFunction = new Fields("messages[].tool_calls[].function.");
const functionName = calledFunction.add("name", Use.NATIVE);
const functionArguments = calledFunction.add("arguments", Use.MAPPED);

/** A call: where its id and name are in the request, each as address and length. */
const RECORD_BYTES: usize = 16;
const CALLS_BYTES_MAX: i32 = 16 * 1024 * 1024;
/** As far as a result may be behind its call; a search without an end would let a body of many calls take minutes. */
const CALLS_SEARCHED_BYTES: i32 = 4096 * <i32>RECORD_BYTES;
const calls = new ByteWriter(CALLS_BYTES_MAX);
const found = new Value("");

/** Google's word for "this call is not from a Gemini model": without any signature newer models refuse a call. */
const FOREIGN_CALL = "skip_thought_signature_validator";

export function toolCallFields(): Fields[] {
  return [call, calledFunction];
}

export function resetCalls(): void {
  calls.reset();
}

/** The name of the function that the latest call of this id called; valid until the next question. Null = no such call. */
export function findCall(id: Value): Value | null {
  const first = max(0, calls.length - CALLS_SEARCHED_BYTES);
  for (let at = calls.length - <i32>RECORD_BYTES; at >= first; at -= <i32>RECORD_BYTES) {
    const record = calls.pointer + <usize>at;
    if (!equalBytes(<usize>load<u32>(record), load<i32>(record, 4), id.pointer, id.length)) continue;
    found.token = JsonToken.STRING;
    found.pointer = <usize>load<u32>(record, 8);
    found.length = load<i32>(record, 12);
    return found;
  }
  return null;
}

export function writeFunctionCall(
  t: Translation,
  plan: Plan,
  value: Value,
  isFirst: bool,
  signatures: Signatures,
): bool {
  if (!call.readValue(value)) return t.refuseType("", "an object");
  if (callType.present && !callType.is("function")) return t.refuseValue("type", callType, "use a function.");
  if (!callId.isString) return t.refuseType("id", "a string");
  if (!calledFunction.readValue(callFunction)) return t.refuseType("function", "an object");
  if (!functionName.isString) return t.refuseType("function.name", "a string");
  remember();
  t.json.objectBegin();
  t.json.key("functionCall");
  t.json.objectBegin();
  t.json.key("id");
  callId.copyTo(t.json);
  t.json.key("name");
  functionName.copyTo(t.json);
  t.json.key("args");
  if (!writeArguments(t, functionArguments)) return false;
  t.json.objectEnd();
  writeSignature(t, plan, isFirst, signatures);
  t.json.objectEnd();
  return t.dropRest(call) && t.dropRest(calledFunction);
}

/** Of calls side by side Gemini signs the first one only. */
function writeSignature(t: Translation, plan: Plan, isFirst: bool, signatures: Signatures): void {
  const own = signatures.own.read(callExtra);
  if (own.present) {
    own.write(t.json);
  } else if (isFirst && signatures.ofCalls.present) {
    signatures.ofCalls.write(t.json);
  } else if (isFirst && !thinksByBudget(plan)) {
    t.json.key("thoughtSignature");
    t.json.ascii(FOREIGN_CALL);
  }
}

function remember(): void {
  calls.writeU32(<u32>callId.pointer);
  calls.writeU32(callId.length);
  calls.writeU32(<u32>functionName.pointer);
  calls.writeU32(functionName.length);
}
