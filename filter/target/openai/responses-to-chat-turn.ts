// One turn of the assistant: what stands in Responses as a row of items (reasoning, messages, function calls) is one
// message in chat, with its calls right in front of their results. Collected piece by piece, written at the turn's end.
//
//   reasoning · message(text) · function_call a · function_call b   ─▶   assistant(text, calls a, b, thinking_blocks)

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { isReasoningToken, readReasoningToken } from "./reasoning-token";
import { beginParts, isRefusal, isText, nextPart, partText, refusePart } from "./responses-to-chat-parts";

/** All of a turn was in the request, whose size is limited. */
const TURN_BYTES_MAX: i32 = i32.MAX_VALUE;

const block = new Fields();
const blockType = block.add("type");
const blockSignature = block.add("thought_signature");
const summaryPart = new Fields();
const summaryText = summaryPart.add("text");
const summaries = new Items();

const text = new ByteWriter(TURN_BYTES_MAX);
const refusal = new ByteWriter(TURN_BYTES_MAX);
const reasoning = new ByteWriter(TURN_BYTES_MAX);
const blocks = new ByteWriter(TURN_BYTES_MAX);
const calls = new ByteWriter(TURN_BYTES_MAX);
const token = new ByteWriter(TURN_BYTES_MAX);
/** Signatures of the next call and of the turn, raw string content. */
const callSignature = new ByteWriter(TURN_BYTES_MAX);
const turnSignature = new ByteWriter(TURN_BYTES_MAX);
const callsJson = new JsonWriter(calls);

let hasText: bool = false;
let callCount: i32 = 0;

/** Forgets what an earlier request left. */
export function beginTurn(): void {
  text.reset();
  refusal.reset();
  reasoning.reset();
  blocks.reset();
  calls.reset();
  callSignature.reset();
  turnSignature.reset();
  hasText = false;
  callCount = 0;
}

/** A message of the assistant's: its texts are one, with an empty line between two messages. */
export function addMessage(t: Translation, content: Value): bool {
  if (hasText) text.writeAscii("\\n\\n");
  if (content.isString) {
    hasText = true;
    text.writeBytes(content.pointer, content.length);
    return true;
  }
  if (!beginParts(content)) return t.refuseType("content", "a string or an array");
  while (nextPart(t)) {
    const said = partText();
    if (!isText() && !isRefusal()) return refusePart(t);
    if (!said.isString) return t.refuseType(said.name, "a string");
    if (isText()) hasText = true;
    (isText() ? text : refusal).writeBytes(said.pointer, said.length);
  }
  return !t.refused;
}

export function addCall(t: Translation, callId: Value, name: Value, callArguments: Value, inChain: bool): bool {
  if (!callId.isText) return t.refuseType("call_id", "a string");
  if (!name.isText) return t.refuseType("name", "a string");
  if (!callArguments.isString) return t.refuseType("arguments", "a string");
  const json = callsJson;
  if (callCount++ == 0) {
    json.reset(calls.reset());
    json.arrayBegin();
  }
  json.objectBegin();
  json.key("id");
  callId.copyTo(json);
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  name.copyTo(json);
  json.key("arguments");
  callArguments.copyTo(json);
  json.objectEnd();
  if (inChain && callSignature.length > 0) writeSignature(json, callSignature);
  callSignature.reset();
  json.objectEnd();
  return true;
}

/** A provider that thought elsewhere can make nothing of it: outside a chain, and with a secret of its own, it is dropped. */
export function addReasoning(t: Translation, summary: Value, encrypted: Value, inChain: bool): bool {
  if (!inChain || (encrypted.present && !isReasoningToken(encrypted))) return t.drop("input[].reasoning");
  if (encrypted.present && !takeToken(t, encrypted)) return false;
  if (!summaries.begin(summary)) return true;
  while (summaries.next()) {
    if (!summaryPart.readValue(summaries.value) || !summaryText.isString) {
      return t.refuseType("summary", "an array of texts");
    }
    if (reasoning.length > 0 && summaryText.length > 0) reasoning.writeAscii("\\n\\n");
    reasoning.writeBytes(summaryText.pointer, summaryText.length);
  }
  return true;
}

function takeToken(t: Translation, encrypted: Value): bool {
  const read = readReasoningToken(encrypted, token.reset()) && block.read(token.pointer, token.length);
  if (!read) return t.refuseType("encrypted_content", "as this gateway gave it");
  const signature = blockSignature.isString;
  if (signature && blockType.is("call_signature")) {
    callSignature.reset().writeBytes(blockSignature.pointer, blockSignature.length);
  } else if (signature && blockType.is("message_signature")) {
    turnSignature.reset().writeBytes(blockSignature.pointer, blockSignature.length);
  } else if (blockType.is("thinking") || blockType.is("redacted_thinking")) {
    if (blocks.length > 0) blocks.writeAscii(",");
    blocks.writeBytes(token.pointer, token.length);
  } else {
    return t.refuseType("encrypted_content", "as this gateway gave it");
  }
  return true;
}

/** Writes the message, if there is anything to say: thoughts alone are no turn. */
export function endTurn(t: Translation): bool {
  if (!hasText && callCount == 0 && refusal.length == 0) {
    beginTurn();
    return true;
  }
  if (overflows()) return t.refuse(ErrorCode.OVERLOADED);
  const json = t.json;
  json.objectBegin();
  json.key("role");
  json.ascii("assistant");
  json.key("content");
  if (hasText) json.rawString(text.pointer, text.length);
  else json.nil();
  if (refusal.length > 0) {
    json.key("refusal");
    json.rawString(refusal.pointer, refusal.length);
  }
  if (reasoning.length > 0) {
    json.key("reasoning_content");
    json.rawString(reasoning.pointer, reasoning.length);
  }
  if (blocks.length > 0) {
    json.key("thinking_blocks");
    json.arrayBegin();
    json.raw(blocks.pointer, blocks.length);
    json.arrayEnd();
  }
  if (callCount > 0) {
    callsJson.arrayEnd();
    json.key("tool_calls");
    json.raw(calls.pointer, calls.length);
  }
  if (turnSignature.length > 0) writeSignature(json, turnSignature);
  json.objectEnd();
  beginTurn();
  return true;
}

function writeSignature(json: JsonWriter, signature: ByteWriter): void {
  json.key("extra_content");
  json.objectBegin();
  json.key("google");
  json.objectBegin();
  json.key("thought_signature");
  json.rawString(signature.pointer, signature.length);
  json.objectEnd();
  json.objectEnd();
}

function overflows(): bool {
  if (text.overflow || refusal.overflow || reasoning.overflow || blocks.overflow || calls.overflow) return true;
  return callSignature.overflow || turnSignature.overflow;
}
