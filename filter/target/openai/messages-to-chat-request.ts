// A Messages request as a chat completion request. Hints of Messages alone (cache_control, top_k, thinking and its blocks,
// service_tier, container) are left out; content that a chat model cannot get is refused.
//
//   system ─▶ a system message           assistant turn ─▶ one message: texts, tool_calls
//   user turn ─▶ first a tool message for every tool_result, then one user message with the rest

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonToken } from "../../json/token";
import { Plan } from "../plan";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";

/** More than that is an error at OpenAI. */
const STOP_SEQUENCES_MAX: i32 = 4;

const t = new Translation();
const json = t.json;

const request = new Fields();
const messages = request.add("messages");
const system = request.add("system");
const maxTokens = request.add("max_tokens");
const temperature = request.add("temperature");
const topP = request.add("top_p");
const stopSequences = request.add("stop_sequences");
const tools = request.add("tools");
const toolChoice = request.add("tool_choice");
const metadata = request.add("metadata");
const outputConfig = request.add("output_config");

const message = new Fields();
const role = message.add("role");
const content = message.add("content");

const block = new Fields();
const blockType = block.add("type");
const blockText = block.add("text");
const blockSource = block.add("source");
const blockId = block.add("id");
const blockName = block.add("name");
const blockInput = block.add("input");
const blockToolUseId = block.add("tool_use_id");
const blockContent = block.add("content");

const inner = new Fields();
const innerType = inner.add("type");
const innerText = inner.add("text");

const source = new Fields();
const sourceType = source.add("type");
const sourceUrl = source.add("url");
const sourceMediaType = source.add("media_type");
const sourceData = source.add("data");

const tool = new Fields();
const toolType = tool.add("type");
const toolName = tool.add("name");
const toolText = tool.add("description");
const toolSchema = tool.add("input_schema");

const choice = new Fields();
const choiceType = choice.add("type");
const choiceName = choice.add("name");
const choiceOneAtATime = choice.add("disable_parallel_tool_use");

const owner = new Fields();
const userId = owner.add("user_id");

const config = new Fields();
const configFormat = config.add("format");
const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("schema");

const messageItems = new Items();
const blockItems = new Items();
const innerItems = new Items();
const toolItems = new Items();
const stopItems = new Items();

/** `TRANSLATED`, or the `ErrorCode` for the client, with its reason in `detail`. */
export function writeChatRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, detail: ByteWriter): i32 {
  t.begin(out, detail);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else {
    json.objectBegin();
    json.key("model");
    json.rawString(plan.modelPointer, plan.modelLength);
    writeMaxTokens();
    writeMessages();
    writeSampling();
    writeTools();
    writeFormat();
    if (plan.streaming) writeStreaming();
    json.objectEnd();
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeMaxTokens(): void {
  if (!maxTokens.isNumber) {
    t.refuseType("max_tokens", "a number");
    return;
  }
  json.key("max_completion_tokens");
  maxTokens.copyTo(json);
}

/** Messages always tells the usage of a stream. */
function writeStreaming(): void {
  json.key("stream");
  json.boolean(true);
  json.key("stream_options");
  json.objectBegin();
  json.key("include_usage");
  json.boolean(true);
  json.objectEnd();
}

// Messages

function writeMessages(): void {
  json.key("messages");
  json.arrayBegin();
  if (!writeSystem()) return;
  if (!messageItems.begin(messages)) {
    t.refuseType("messages", "an array");
    return;
  }
  while (messageItems.next()) {
    t.enter("messages", messageItems.index);
    if (!writeTurn()) return;
  }
  t.leave();
  json.arrayEnd();
}

function writeSystem(): bool {
  if (!system.present || (system.isString && system.length == 0) || system.isEmpty) return true;
  beginMessage("system");
  if (system.isString) system.copyTo(json);
  else if (!writeTextParts(system, "system")) return false;
  json.objectEnd();
  return true;
}

/** Up to the content's value. */
function beginMessage(name: string): void {
  json.objectBegin();
  json.key("role");
  json.ascii(name);
  json.key("content");
}

function writeTurn(): bool {
  if (!message.readValue(messageItems.value)) return t.refuseType("", "an object");
  const assistant = role.is("assistant");
  if (!assistant && !role.is("user")) {
    return role.isString ? t.refuseValue("role", role) : t.refuseType("role", "a string");
  }
  if (content.isString) {
    beginMessage(assistant ? "assistant" : "user");
    content.copyTo(json);
    json.objectEnd();
    return true;
  }
  if (!content.isArray) return t.refuseType("content", "a string or an array");
  return assistant ? writeAssistantTurn() : writeUserTurn();
}

/** Reads the next block of the turn; false behind the last one, or when it was refused. */
function nextBlock(): bool {
  if (!blockItems.next()) return false;
  t.enterPart("content", blockItems.index);
  return block.readValue(blockItems.value) || t.refuseType("", "an object");
}

function writeAssistantTurn(): bool {
  let calls = 0;
  let texts = 0;
  blockItems.begin(content);
  while (nextBlock()) {
    if (blockType.is("tool_use")) calls++;
    else if (blockType.is("text")) texts++;
    else if (!blockType.is("thinking") && !blockType.is("redacted_thinking")) return t.refuseValue("type", blockType);
  }
  if (t.refused) return false;
  if (calls + texts == 0) return true;
  beginMessage("assistant");
  if (texts == 0) json.nil();
  else if (!writeJoinedTexts()) return false;
  if (calls > 0 && !writeToolCalls()) return false;
  json.objectEnd();
  return true;
}

function writeJoinedTexts(): bool {
  json.stringBegin();
  blockItems.begin(content);
  while (nextBlock()) {
    if (!blockType.is("text")) continue;
    if (!blockText.isString) return t.refuseType("text", "a string");
    t.out.writeBytes(blockText.pointer, blockText.length);
  }
  json.stringEnd();
  return true;
}

function writeToolCalls(): bool {
  json.key("tool_calls");
  json.arrayBegin();
  blockItems.begin(content);
  while (nextBlock()) {
    if (!blockType.is("tool_use")) continue;
    if (!blockId.isText) return t.refuseType("id", "a string");
    if (!blockName.isText) return t.refuseType("name", "a string");
    if (!blockInput.isObject) return t.refuseType("input", "an object");
    json.objectBegin();
    json.key("id");
    blockId.copyTo(json);
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    blockName.copyTo(json);
    json.key("arguments");
    json.string(blockInput.pointer, blockInput.length);
    json.objectEnd();
    json.objectEnd();
  }
  json.arrayEnd();
  return true;
}

function writeUserTurn(): bool {
  let others = 0;
  blockItems.begin(content);
  while (nextBlock()) {
    if (!blockType.is("tool_result")) others++;
    else if (!writeToolResult()) return false;
  }
  if (t.refused) return false;
  if (others == 0) return true;
  beginMessage("user");
  json.arrayBegin();
  blockItems.begin(content);
  while (nextBlock()) if (!blockType.is("tool_result") && !writeUserPart()) return false;
  json.arrayEnd();
  json.objectEnd();
  return true;
}

function writeToolResult(): bool {
  if (!blockToolUseId.isText) return t.refuseType("tool_use_id", "a string");
  json.objectBegin();
  json.key("role");
  json.ascii("tool");
  json.key("tool_call_id");
  blockToolUseId.copyTo(json);
  json.key("content");
  if (!blockContent.present) json.ascii("");
  else if (blockContent.isString) blockContent.copyTo(json);
  else if (!writeTextParts(blockContent, "content")) return false;
  json.objectEnd();
  return true;
}

function writeUserPart(): bool {
  if (blockType.is("text")) {
    if (!blockText.isString) return t.refuseType("text", "a string");
    writeTextPart(blockText);
    return true;
  }
  if (blockType.is("image")) return writeImage();
  return blockType.isString ? t.refuseValue("type", blockType) : t.refuseType("type", "a string");
}

function writeTextPart(text: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("text");
  json.key("text");
  text.copyTo(json);
  json.objectEnd();
}

/** An array of text blocks as text parts. */
function writeTextParts(value: Value, name: string): bool {
  if (!innerItems.begin(value)) return t.refuseType(name, "a string or an array");
  json.arrayBegin();
  while (innerItems.next()) {
    if (!inner.readValue(innerItems.value)) return t.refuseType(name, "an array of objects");
    if (!innerType.is("text")) return t.refuseValue(name, innerType, "only text can be here.");
    if (!innerText.isString) return t.refuseType(name, "an array of text blocks");
    writeTextPart(innerText);
  }
  json.arrayEnd();
  return true;
}

function writeImage(): bool {
  if (!source.readValue(blockSource)) return t.refuseType("source", "an object");
  const inline = sourceType.is("base64");
  if (!inline && !sourceType.is("url")) return t.refuseValue("source.type", sourceType, "use base64 or url.");
  if (inline ? !sourceMediaType.isText || !sourceData.isText : !sourceUrl.isText) {
    return t.refuseType("source", "an image with media_type and data, or with a url");
  }
  json.objectBegin();
  json.key("type");
  json.ascii("image_url");
  json.key("image_url");
  json.objectBegin();
  json.key("url");
  if (inline) {
    json.stringBegin();
    t.out.writeAscii("data:");
    t.out.writeBytes(sourceMediaType.pointer, sourceMediaType.length);
    t.out.writeAscii(";base64,");
    t.out.writeBytes(sourceData.pointer, sourceData.length);
    json.stringEnd();
  } else {
    sourceUrl.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}

// Everything else

function writeSampling(): void {
  copyNumber(temperature);
  copyNumber(topP);
  writeStop();
  if (owner.readValue(metadata) && userId.isText) {
    json.key("user");
    userId.copyTo(json);
  }
}

function copyNumber(value: Value): void {
  if (!value.present) return;
  if (!value.isNumber) t.refuseType(value.name, "a number");
  json.key(value.name);
  value.copyTo(json);
}

function writeStop(): void {
  if (!stopSequences.present || stopSequences.isEmpty) return;
  json.key("stop");
  json.arrayBegin();
  if (!stopItems.begin(stopSequences)) t.refuseType("stop_sequences", "an array");
  while (stopItems.next()) {
    if (!stopItems.value.isString) t.refuseType("stop_sequences", "an array of strings");
    if (stopItems.index >= STOP_SEQUENCES_MAX) t.refuseField("stop_sequences", "give at most 4.");
    stopItems.value.copyTo(json);
  }
  json.arrayEnd();
}

function writeTools(): void {
  if (!tools.present || tools.isEmpty) return;
  if (!toolItems.begin(tools)) {
    t.refuseType("tools", "an array");
    return;
  }
  json.key("tools");
  json.arrayBegin();
  while (toolItems.next()) {
    t.enter("tools", toolItems.index);
    if (!writeTool()) return;
  }
  t.leave();
  json.arrayEnd();
  if (toolChoice.present) writeToolChoice();
}

function writeTool(): bool {
  if (!tool.readValue(toolItems.value)) return t.refuseType("", "an object");
  if (toolType.present && !toolType.is("custom")) return t.refuseValue("type", toolType, "the provider runs no tools.");
  if (!toolName.isText) return t.refuseType("name", "a string");
  json.objectBegin();
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  toolName.copyTo(json);
  if (toolText.isText) {
    json.key("description");
    toolText.copyTo(json);
  }
  if (toolSchema.isObject) {
    json.key("parameters");
    toolSchema.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}

function writeToolChoice(): void {
  if (!choice.readValue(toolChoice)) {
    t.refuseType("tool_choice", "an object");
    return;
  }
  json.key("tool_choice");
  if (choiceType.is("auto")) {
    json.ascii("auto");
  } else if (choiceType.is("any")) {
    json.ascii("required");
  } else if (choiceType.is("none")) {
    json.ascii("none");
  } else if (choiceType.is("tool") && choiceName.isText) {
    json.objectBegin();
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    choiceName.copyTo(json);
    json.objectEnd();
    json.objectEnd();
  } else {
    t.refuseType("tool_choice.type", "auto, any, none or tool with a name");
  }
  if (choiceOneAtATime.token == JsonToken.TRUE) {
    json.key("parallel_tool_calls");
    json.boolean(false);
  }
}

/** A schema for the answer is strict in Messages; OpenAI wants a name for it. */
function writeFormat(): void {
  if (!config.readValue(outputConfig) || !format.readValue(configFormat)) return;
  if (!formatType.is("json_schema") || !formatSchema.isObject) {
    t.refuseValue("output_config.format.type", formatType, "use json_schema.");
    return;
  }
  json.key("response_format");
  json.objectBegin();
  json.key("type");
  json.ascii("json_schema");
  json.key("json_schema");
  json.objectBegin();
  json.key("name");
  json.ascii("answer");
  json.key("strict");
  json.boolean(true);
  json.key("schema");
  formatSchema.copyTo(json);
  json.objectEnd();
  json.objectEnd();
}
