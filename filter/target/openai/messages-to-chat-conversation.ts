// The conversation, from Messages to chat. A user turn gives first a tool message for each tool_result, because chat wants
// them right behind the call, then one user message with the rest. Plain chat's tool messages are text alone: images and
// files in a result go to that user message; within a chain they stay where they are.
//
//   Messages   system | assistant(text, use a, use b) · user(text, result a, result b + image)
//   chat       system · assistant(text, calls a, b) · tool(a) · tool(b) · user(text, image)

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { assistantFields, writeAssistantTurn } from "./messages-to-chat-assistant";
import {
  dropCitations,
  partFields,
  writeCacheControl,
  writeDocument,
  writeImage,
  writeTextPart,
} from "./messages-to-chat-parts";
import {
  countMedia,
  resultFields,
  writeJoined,
  writeResultContent,
  writeResultMedia,
} from "./messages-to-chat-results";

const message = new Fields("messages[].");
const role = message.add("role", Use.MAPPED);
const content = message.add("content", Use.MAPPED);

const block = new Fields("messages[].content[].");
const type = block.add("type");
const text = block.add("text", Use.NATIVE);
const source = block.add("source", Use.MAPPED);
const title = block.add("title", Use.MAPPED);
const context = block.add("context", Use.MAPPED);
const citations = block.add("citations", Use.DROPPED);
const toolUseId = block.add("tool_use_id", Use.MAPPED);
const result = block.add("content", Use.MAPPED);
const isError = block.add("is_error", Use.MAPPED);
const cacheControl = block.add("cache_control", Use.DROPPED, "cache_control");
block.add("transformations", Use.DROPPED);
block.add("toolset_name", Use.DROPPED);

// A block of a system prompt.
const instruction = new Fields("system[].");
const instructionType = instruction.add("type");
const instructionText = instruction.add("text", Use.NATIVE);
const instructionCache = instruction.add("cache_control", Use.DROPPED, "cache_control");
instruction.add("citations", Use.DROPPED);

export const conversationFields: Fields[] = [message, block, instruction]
  .concat(partFields)
  .concat(assistantFields)
  .concat(resultFields);

const turns = new Items();
const blocks = new Items();
const instructions = new Items();
let inChain: bool = false;

export function writeConversation(t: Translation, withinChain: bool, system: Value, messages: Value): bool {
  inChain = withinChain;
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
  const marked = inChain && hasMarks(value);
  if (!readInstructions(t, field, value) || !(marked ? writeInstructions(t, value) : writeJoined(t, value)))
    return false;
  t.json.objectEnd();
  return true;
}

function hasMarks(value: Value): bool {
  instructions.begin(value);
  while (instructions.next()) {
    if (instruction.readValue(instructions.value) && instructionCache.isObject) return true;
  }
  return false;
}

/** Refuses what is no text. */
function readInstructions(t: Translation, field: string, value: Value): bool {
  if (value.isString) return true;
  if (!instructions.begin(value)) return !value.present || t.refuseType(field, "a string or an array");
  while (instructions.next()) {
    if (!instruction.readValue(instructions.value)) return t.refuseType(field, "an array of objects");
    if (!instructionType.is("text")) return t.refuseValue(field, instructionType);
    if (!instructionText.isString) return t.refuseType(field, "an array of blocks with a text");
    if (!t.dropRest(instruction, inChain)) return false;
  }
  return true;
}

function writeInstructions(t: Translation, value: Value): bool {
  t.json.arrayBegin();
  instructions.begin(value);
  while (instructions.next()) {
    if (instruction.readValue(instructions.value)) writeTextPart(t, instructionText, instructionCache);
  }
  t.json.arrayEnd();
  return true;
}

function writeTurn(t: Translation): bool {
  if (!message.readValue(turns.value)) return t.refuseType("", "an object");
  if (!t.dropRest(message)) return false;
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
  return assistant ? writeAssistantTurn(t, inChain, content) : writeUserTurn(t);
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

function writeUserTurn(t: Translation): bool {
  let texts = 0;
  let others = 0;
  blocks.begin(content);
  while (nextBlock(t)) {
    if (!dropCitations(citations) || !t.dropRest(block, inChain)) return false;
    if (type.is("tool_result")) {
      if (!writeToolResult(t)) return false;
      if (!inChain) others += countMedia(result);
    } else if (type.is("text") && !(inChain && cacheControl.isObject)) {
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
    if (type.is("tool_result")) {
      if (!inChain && !writeResultMedia(t, result)) return false;
    } else if (!writeUserPart(t)) {
      return false;
    }
  }
  if (t.refused) return false;
  t.json.arrayEnd();
  return true;
}

function writeUserPart(t: Translation): bool {
  const cache = inChain ? cacheControl : null;
  if (type.is("image")) return writeImage(t, source, cache);
  if (type.is("document")) return writeDocument(t, inChain, source, title, context, cache);
  if (!type.is("text")) return type.isString ? t.refuseValue("type", type) : t.refuseType("type", "a string");
  if (!text.isString) return t.refuseType("text", "a string");
  writeTextPart(t, text, cache);
  return true;
}

function writeToolResult(t: Translation): bool {
  if (!toolUseId.isText) return t.refuseType("tool_use_id", "a string");
  beginMessage(t, "tool");
  if (!writeResultContent(t, inChain, result, isError)) return false;
  t.json.key("tool_call_id");
  toolUseId.copyTo(t.json);
  if (inChain) {
    if (isError.isTrue) {
      t.json.key("is_error");
      t.json.boolean(true);
    }
    writeCacheControl(t, cacheControl);
  }
  t.json.objectEnd();
  return true;
}
