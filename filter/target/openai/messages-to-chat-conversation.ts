// The conversation, from Messages to chat. A user turn gives first a tool message for each tool_result, because chat wants
// them right behind the call, then one user message with the rest. Chat's tool messages are text alone: images in a
// result go to that user message. Thinking belongs to the model that thought and is left out.
//
//   Messages   system | assistant(text, use a, use b) · user(text, result a, result b + image)
//   chat       system · assistant(text, calls a, b) · tool(a) · tool(b) · user(text, image)

import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { writeDocument, writeImage, writeTextPart } from "./messages-to-chat-parts";

const message = new Fields();
const role = message.add("role");
const content = message.add("content");

const block = new Fields();
const type = block.add("type");
const text = block.add("text");
const source = block.add("source");
const title = block.add("title");
const id = block.add("id");
const name = block.add("name");
const input = block.add("input");
const toolUseId = block.add("tool_use_id");
const result = block.add("content");
const isError = block.add("is_error");

// A block within a tool_result.
const inner = new Fields();
const innerType = inner.add("type");
const innerText = inner.add("text");
const innerSource = inner.add("source");

const turns = new Items();
const blocks = new Items();
const inners = new Items();

export function writeConversation(t: Translation, system: Value, messages: Value): bool {
  t.json.key("messages");
  t.json.arrayBegin();
  if (system.present && !system.isEmpty && !writeSystem(t, "system", system)) return false;
  if (!turns.begin(messages)) return t.refuseType("messages", "an array");
  while (turns.next()) {
    t.enter("messages", turns.index);
    if (!writeTurn(t)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  return true;
}

function writeSystem(t: Translation, field: string, value: Value): bool {
  if (value.isString && value.length == 0) return true;
  beginMessage(t, "system");
  if (!writeJoined(t, field, value, false)) return false;
  t.json.objectEnd();
  return true;
}

function writeTurn(t: Translation): bool {
  if (!message.readValue(turns.value)) return t.refuseType("", "an object");
  if (role.is("system")) return writeSystem(t, "content", content);
  const assistant = role.is("assistant");
  if (!assistant && !role.is("user")) {
    return role.isString ? t.refuseValue("role", role) : t.refuseType("role", "a string");
  }
  if (content.isString) {
    beginMessage(t, assistant ? "assistant" : "user");
    content.copyTo(t.json);
    t.json.objectEnd();
    return true;
  }
  if (!content.isArray) return t.refuseType("content", "a string or an array");
  return assistant ? writeAssistantTurn(t) : writeUserTurn(t);
}

/** Up to the content's value. */
function beginMessage(t: Translation, who: string): void {
  t.json.objectBegin();
  t.json.key("role");
  t.json.ascii(who);
  t.json.key("content");
}

/** Reads the next block of the turn; false behind the last one, or when it was refused. */
function nextBlock(t: Translation): bool {
  if (!blocks.next()) return false;
  t.enterPart("content", blocks.index);
  return block.readValue(blocks.value) || t.refuseType("", "an object");
}

function writeAssistantTurn(t: Translation): bool {
  let calls = 0;
  let texts = 0;
  blocks.begin(content);
  while (nextBlock(t)) {
    if (type.is("tool_use")) calls++;
    else if (type.is("text")) texts++;
    else if (!type.is("thinking") && !type.is("redacted_thinking")) return t.refuseValue("type", type);
  }
  if (t.refused) return false;
  if (calls + texts == 0) return true;
  beginMessage(t, "assistant");
  if (texts == 0) t.json.nil();
  else if (!writeAssistantText(t)) return false;
  if (calls > 0 && !writeToolCalls(t)) return false;
  t.json.objectEnd();
  return true;
}

/** The model wrote its blocks as one text, with nothing between them. */
function writeAssistantText(t: Translation): bool {
  t.json.stringBegin();
  blocks.begin(content);
  while (nextBlock(t)) {
    if (!type.is("text")) continue;
    if (!text.isString) return t.refuseType("text", "a string");
    t.out.writeBytes(text.pointer, text.length);
  }
  t.json.stringEnd();
  return true;
}

function writeToolCalls(t: Translation): bool {
  const json = t.json;
  json.key("tool_calls");
  json.arrayBegin();
  blocks.begin(content);
  while (nextBlock(t)) {
    if (!type.is("tool_use")) continue;
    if (!id.isText) return t.refuseType("id", "a string");
    if (!name.isText) return t.refuseType("name", "a string");
    if (!input.isObject) return t.refuseType("input", "an object");
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
    json.objectEnd();
  }
  json.arrayEnd();
  return true;
}

function writeUserTurn(t: Translation): bool {
  let texts = 0;
  let others = 0;
  blocks.begin(content);
  while (nextBlock(t)) {
    if (type.is("tool_result")) {
      if (!writeToolResult(t)) return false;
      others += countImages();
    } else if (type.is("text")) {
      texts++;
    } else {
      others++;
    }
  }
  if (t.refused) return false;
  if (texts + others == 0) return true;
  beginMessage(t, "user");
  const written = texts == 1 && others == 0 ? writeOnlyText(t) : writeUserParts(t);
  t.json.objectEnd();
  return written;
}

function writeOnlyText(t: Translation): bool {
  blocks.begin(content);
  while (nextBlock(t)) {
    if (!type.is("text")) continue;
    if (!text.isString) return t.refuseType("text", "a string");
    text.copyTo(t.json);
  }
  return true;
}

function writeUserParts(t: Translation): bool {
  t.json.arrayBegin();
  blocks.begin(content);
  while (nextBlock(t)) {
    if (type.is("tool_result") ? !writeResultImages(t) : !writeUserPart(t)) return false;
  }
  t.json.arrayEnd();
  return true;
}

function writeUserPart(t: Translation): bool {
  if (type.is("image")) return writeImage(t, source);
  if (type.is("document")) return writeDocument(t, source, title);
  if (!type.is("text")) return type.isString ? t.refuseValue("type", type) : t.refuseType("type", "a string");
  if (!text.isString) return t.refuseType("text", "a string");
  writeTextPart(t, text);
  return true;
}

function writeToolResult(t: Translation): bool {
  if (!toolUseId.isText) return t.refuseType("tool_use_id", "a string");
  beginMessage(t, "tool");
  if (!writeJoined(t, "content", result, true)) return false;
  t.json.key("tool_call_id");
  toolUseId.copyTo(t.json);
  t.json.objectEnd();
  return true;
}

function countImages(): i32 {
  let images = 0;
  inners.begin(result);
  while (inners.next()) if (inner.readValue(inners.value) && innerType.is("image")) images++;
  return images;
}

function writeResultImages(t: Translation): bool {
  inners.begin(result);
  while (inners.next()) {
    if (inner.readValue(inners.value) && innerType.is("image") && !writeImage(t, innerSource)) return false;
  }
  return true;
}

/**
 * A string, or the texts of an array of blocks with an empty line between them: many providers take a string only. In a
 * tool's result images are passed over, as the caller sees to them; and chat has no flag for a failed tool, so the text
 * says it.
 */
function writeJoined(t: Translation, field: string, value: Value, isResult: bool): bool {
  t.json.stringBegin();
  if (isResult && isError.isTrue) t.out.writeAscii("Error: ");
  if (value.isString) {
    t.out.writeBytes(value.pointer, value.length);
  } else if (value.present) {
    if (!inners.begin(value)) return t.refuseType(field, "a string or an array");
    let texts = 0;
    while (inners.next()) {
      if (!inner.readValue(inners.value)) return t.refuseType(field, "an array of objects");
      if (isResult && innerType.is("image")) continue;
      if (!innerType.is("text")) return t.refuseValue(field, innerType);
      if (!innerText.isString) return t.refuseType(field, "an array of blocks with a text");
      if (texts++ > 0) t.out.writeAscii("\\n\\n");
      t.out.writeBytes(innerText.pointer, innerText.length);
    }
  }
  t.json.stringEnd();
  return true;
}
