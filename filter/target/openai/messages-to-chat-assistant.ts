// An assistant turn, from Messages to chat: one message with its texts, its calls and, within a chain, what the model
// thought. Thinking without a signature was shown to the client by this gateway (messages-to-chat-content.ts): it goes back
// as text. To plain chat none goes back, because it belongs to the model that thought.
//
//   assistant(thinking, text, use a)  ─▶  {"content":"…","thinking_blocks":[…],"tool_calls":[…]}

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { writeCacheControl, writeTextPart } from "./messages-to-chat-parts";
import { readSignature, writeSignature } from "./messages-to-chat-signatures";

const block = new Fields("messages[].content[].");
const type = block.add("type");
const text = block.add("text", Use.NATIVE);
const id = block.add("id", Use.NATIVE);
const name = block.add("name", Use.NATIVE);
const input = block.add("input", Use.MAPPED);
const thinking = block.add("thinking", Use.DROPPED, "thinking_blocks");
const signature = block.add("signature", Use.STRUCTURE, "thinking_blocks");
const data = block.add("data", Use.DROPPED, "thinking_blocks");
const cacheControl = block.add("cache_control", Use.DROPPED, "cache_control");
// Another answer's citations are part of what was said, not of what is asked.
block.add("citations", Use.DROPPED);
block.add("caller");
block.add("toolset_name", Use.DROPPED);

export const assistantFields: Fields[] = [block];

const blocks = new Items();

let calls = 0;
let texts = 0;
let markedTexts = 0;
let signed = 0;
let unsigned = 0;
let messageSigned = false;

export function writeAssistantTurn(t: Translation, inChain: bool, content: Value): bool {
  if (!countBlocks(t, inChain, content)) return false;
  if (calls + texts == 0) return true;
  t.json.objectBegin();
  t.json.key("role");
  t.json.ascii("assistant");
  t.json.key("content");
  if (texts == 0) t.json.nil();
  else if (markedTexts > 0) writeTexts(t, content);
  else writeJoinedTexts(t, content);
  if (unsigned > 0) writeReasoning(t, content);
  if (signed > 0) writeThinkingBlocks(t, content);
  if (messageSigned) writeMessageSignature(t, content);
  if (calls > 0 && !writeToolCalls(t, inChain, content)) return false;
  t.json.objectEnd();
  return true;
}

/** Reads the next block of the turn; false behind the last one. */
function nextBlock(t: Translation): bool {
  if (!blocks.next()) return false;
  t.enterPart("content", blocks.index);
  return block.readValue(blocks.value) || t.refuseType("", "an object");
}

/** What there is to write; refuses what cannot be written. */
function countBlocks(t: Translation, inChain: bool, content: Value): bool {
  calls = 0;
  texts = 0;
  markedTexts = 0;
  signed = 0;
  unsigned = 0;
  messageSigned = false;
  blocks.begin(content);
  while (nextBlock(t)) {
    if (!countBlock(t, inChain)) return false;
    if (!t.dropRest(block, inChain)) return false;
  }
  return !t.refused;
}

function countBlock(t: Translation, inChain: bool): bool {
  if (type.is("tool_use")) {
    calls++;
    return true;
  }
  if (type.is("text")) {
    if (!text.isString) return t.refuseType("text", "a string");
    texts++;
    if (inChain && cacheControl.isObject) markedTexts++;
    return true;
  }
  if (type.is("thinking")) {
    if (signature.isText && inChain) signed++;
    else if (thinking.isText && inChain) unsigned++;
    // What this gateway has shown itself is no loss.
    if (!signature.isText) thinking.clear();
    return true;
  }
  if (!type.is("redacted_thinking")) return t.refuseValue("type", type);
  if (readSignature(data)) {
    messageSigned = messageSigned || inChain;
    data.clear();
  } else if (inChain) {
    signed++;
  } else if (data.present) {
    data.clear();
    return t.drop("redacted_thinking");
  }
  return true;
}

/** The model wrote its blocks as one text, with nothing between them. */
function writeJoinedTexts(t: Translation, content: Value): void {
  t.json.stringBegin();
  blocks.begin(content);
  while (nextBlock(t)) if (type.is("text")) t.out.writeBytes(text.pointer, text.length);
  t.json.stringEnd();
}

function writeTexts(t: Translation, content: Value): void {
  t.json.arrayBegin();
  blocks.begin(content);
  while (nextBlock(t)) if (type.is("text")) writeTextPart(t, text, cacheControl);
  t.json.arrayEnd();
}

function writeReasoning(t: Translation, content: Value): void {
  t.json.key("reasoning_content");
  t.json.stringBegin();
  blocks.begin(content);
  while (nextBlock(t)) {
    if (type.is("thinking") && !signature.isText && thinking.isString)
      t.out.writeBytes(thinking.pointer, thinking.length);
  }
  t.json.stringEnd();
}

function writeThinkingBlocks(t: Translation, content: Value): void {
  const json = t.json;
  json.key("thinking_blocks");
  json.arrayBegin();
  blocks.begin(content);
  while (nextBlock(t)) {
    const redacted = type.is("redacted_thinking");
    if (redacted ? readSignature(data) || !data.isText : !type.is("thinking") || !signature.isText) continue;
    json.objectBegin();
    json.key("type");
    type.copyTo(json);
    if (redacted) {
      json.key("data");
      data.copyTo(json);
    } else {
      json.key("thinking");
      if (thinking.isString) thinking.copyTo(json);
      else json.ascii("");
      json.key("signature");
      signature.copyTo(json);
    }
    json.objectEnd();
  }
  json.arrayEnd();
}

/** A signature that no call follows is the message's own. */
function writeMessageSignature(t: Translation, content: Value): void {
  let pending = -1;
  blocks.begin(content);
  while (nextBlock(t)) {
    if (type.is("redacted_thinking") && readSignature(data)) pending = blocks.index;
    else if (type.is("tool_use")) pending = -1;
  }
  if (pending < 0) return;
  blocks.begin(content);
  while (nextBlock(t)) {
    if (blocks.index == pending && readSignature(data)) writeSignature(t.json);
  }
}

function writeToolCalls(t: Translation, inChain: bool, content: Value): bool {
  const json = t.json;
  let hasSignature = false;
  let cacheAt = -1;
  json.key("tool_calls");
  json.arrayBegin();
  blocks.begin(content);
  while (nextBlock(t)) {
    if (type.is("redacted_thinking")) hasSignature = inChain && readSignature(data);
    if (!type.is("tool_use")) continue;
    if (!id.isText) return t.refuseType("id", "a string");
    if (!name.isText) return t.refuseType("name", "a string");
    if (!input.isObject) return t.refuseType("input", "an object");
    if (inChain && cacheControl.isObject) cacheAt = blocks.index;
    writeToolCall(t, hasSignature);
    hasSignature = false;
  }
  json.arrayEnd();
  if (cacheAt >= 0) writeMark(t, content, cacheAt);
  return true;
}

function writeToolCall(t: Translation, isSigned: bool): void {
  const json = t.json;
  json.objectBegin();
  json.key("id");
  id.copyTo(json);
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  name.copyTo(json);
  json.key("arguments");
  json.string(input.pointer, input.length);
  json.objectEnd();
  if (isSigned) writeSignature(json);
  json.objectEnd();
}

/** Chat has one mark for a message; of several in the same turn the last one holds the most. */
function writeMark(t: Translation, content: Value, at: i32): void {
  blocks.begin(content);
  while (nextBlock(t)) if (blocks.index == at) writeCacheControl(t, cacheControl);
}
