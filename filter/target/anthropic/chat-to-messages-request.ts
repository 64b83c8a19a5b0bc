// A chat completion request as a Messages request. What changes the answer and has no counterpart is refused; hints that
// do not (seed, penalties, store, service_tier, …) are left out.
//
//   messages  system, developer ─▶ system[]        assistant ─▶ text, tool_use blocks
//             user ─▶ text, image blocks           tool ─▶ tool_result blocks of a user turn
//   Neighbours of one role become one turn: Messages wants all results of parallel calls in the turn behind them.

import { ByteWriter } from "../../bytes/byte-writer";
import { startsWithAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { Plan } from "../plan";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";

/** Messages wants a cap; this is what the oldest models that are still served can give. */
const MAX_TOKENS_DEFAULT: i64 = 4096;

const t = new Translation();
const json = t.json;
const checker = new JsonReader();

const request = new Fields();
const messages = request.add("messages");
const maxTokens = request.add("max_tokens");
const maxCompletionTokens = request.add("max_completion_tokens");
const temperature = request.add("temperature");
const topP = request.add("top_p");
const stop = request.add("stop");
const tools = request.add("tools");
const toolChoice = request.add("tool_choice");
const parallelToolCalls = request.add("parallel_tool_calls");
const user = request.add("user");
const responseFormat = request.add("response_format");
const choices = request.add("n");
const logprobs = request.add("logprobs");
const audio = request.add("audio");
const logitBias = request.add("logit_bias");
const functions = request.add("functions");
const functionCall = request.add("function_call");
const webSearch = request.add("web_search_options");

const message = new Fields();
const role = message.add("role");
const content = message.add("content");
const toolCalls = message.add("tool_calls");
const toolCallId = message.add("tool_call_id");

const part = new Fields();
const partType = part.add("type");
const partText = part.add("text");
const partRefusal = part.add("refusal");
const partImage = part.add("image_url");

const image = new Fields();
const imageUrl = image.add("url");

const call = new Fields();
const callId = call.add("id");
const callType = call.add("type");
const callFunction = call.add("function");

const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const tool = new Fields();
const toolType = tool.add("type");
const toolFunction = tool.add("function");

const definition = new Fields();
const definitionName = definition.add("name");
const definitionText = definition.add("description");
const definitionSchema = definition.add("parameters");

const choice = new Fields();
const choiceType = choice.add("type");
const choiceFunction = choice.add("function");

const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("json_schema");
const schemaHolder = new Fields();
const schema = schemaHolder.add("schema");

const messageItems = new Items();
const partItems = new Items();
const callItems = new Items();
const toolItems = new Items();
const stopItems = new Items();

/** Whose turn is open in `messages`. */
enum Turn {
  NONE = 0,
  USER = 1,
  ASSISTANT = 2,
}
let turn: Turn = Turn.NONE;

/** `TRANSLATED`, or the `ErrorCode` for the client, with its reason in `detail`. */
export function writeMessagesRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, detail: ByteWriter): i32 {
  t.begin(out, detail);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (refuseUntranslatable()) {
    json.objectBegin();
    json.key("model");
    json.rawString(plan.modelPointer, plan.modelLength);
    writeMaxTokens(plan.defaultMaxTokens);
    if (writeSystem()) writeTurns();
    writeSampling();
    writeTools();
    writeFormat();
    if (plan.streaming) {
      json.key("stream");
      json.boolean(true);
    }
    json.objectEnd();
  }
  return t.end(ErrorCode.OVERLOADED);
}

function refuseUntranslatable(): bool {
  if (choices.present && choices.count != 1) return t.refuseField("n", "ask for one choice.");
  if (logprobs.isTrue) return t.refuseField("logprobs");
  if (audio.present) return t.refuseField("audio");
  if (logitBias.present && !logitBias.isEmpty) return t.refuseField("logit_bias");
  if (functions.present) return t.refuseField("functions", "use tools.");
  if (functionCall.present) return t.refuseField("function_call", "use tool_choice.");
  return webSearch.present ? t.refuseField("web_search_options") : true;
}

function writeMaxTokens(targetDefault: u32): void {
  const asked = maxCompletionTokens.present ? maxCompletionTokens : maxTokens;
  json.key("max_tokens");
  if (!asked.present) {
    json.integer(targetDefault > 0 ? <i64>targetDefault : MAX_TOKENS_DEFAULT);
    return;
  }
  if (!asked.isNumber) t.refuseType(asked.name, "a number");
  asked.copyTo(json);
}

// Messages

/** System prompts from anywhere in the conversation, in their order. */
function writeSystem(): bool {
  if (!messageItems.begin(messages)) return t.refuseType("messages", "an array");
  let open = false;
  while (messageItems.next()) {
    t.enter("messages", messageItems.index);
    if (!message.readValue(messageItems.value)) return t.refuseType("", "an object");
    if (!role.is("system") && !role.is("developer")) continue;
    if (!open) {
      json.key("system");
      json.arrayBegin();
      open = true;
    }
    if (!writeTexts(content)) return false;
  }
  if (open) json.arrayEnd();
  t.leave();
  return true;
}

function writeTurns(): void {
  turn = Turn.NONE;
  json.key("messages");
  json.arrayBegin();
  messageItems.begin(messages);
  while (messageItems.next()) {
    t.enter("messages", messageItems.index);
    message.readValue(messageItems.value);
    if (!writeMessage()) return;
  }
  t.leave();
  closeTurn();
  json.arrayEnd();
}

function writeMessage(): bool {
  if (role.is("user")) return writeUser();
  if (role.is("assistant")) return writeAssistant();
  if (role.is("tool")) return writeToolResult();
  if (role.is("system") || role.is("developer")) return true;
  return role.isString ? t.refuseValue("role", role) : t.refuseType("role", "a string");
}

function openTurn(wanted: Turn): void {
  if (turn == wanted) return;
  closeTurn();
  turn = wanted;
  json.objectBegin();
  json.key("role");
  json.ascii(wanted == Turn.USER ? "user" : "assistant");
  json.key("content");
  json.arrayBegin();
}

function closeTurn(): void {
  if (turn == Turn.NONE) return;
  json.arrayEnd();
  json.objectEnd();
  turn = Turn.NONE;
}

function writeUser(): bool {
  if (content.isString) {
    writeText(Turn.USER, content);
    return true;
  }
  if (!partItems.begin(content)) return t.refuseType("content", "a string or an array");
  while (partItems.next()) {
    t.enterPart("content", partItems.index);
    if (!part.readValue(partItems.value)) return t.refuseType("", "an object");
    if (partType.is("text")) {
      if (!partText.isString) return t.refuseType("text", "a string");
      writeText(Turn.USER, partText);
    } else if (partType.is("image_url")) {
      if (!writeImage()) return false;
    } else {
      return partType.isString ? t.refuseValue("type", partType) : t.refuseType("type", "a string");
    }
  }
  return true;
}

function writeAssistant(): bool {
  if (content.isString) {
    writeText(Turn.ASSISTANT, content);
  } else if (content.present) {
    if (!partItems.begin(content)) return t.refuseType("content", "a string or an array");
    while (partItems.next()) {
      t.enterPart("content", partItems.index);
      if (!part.readValue(partItems.value)) return t.refuseType("", "an object");
      const text = partType.is("refusal") ? partRefusal : partText;
      if (!text.isString) return t.refuseType(text.name, "a string");
      writeText(Turn.ASSISTANT, text);
    }
  }
  return writeToolCalls();
}

/** Messages takes no empty text block; it would say nothing anyway. */
function writeText(whose: Turn, text: Value): void {
  if (text.length == 0) return;
  openTurn(whose);
  writeTextBlock(text);
}

function writeTextBlock(text: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("text");
  json.key("text");
  text.copyTo(json);
  json.objectEnd();
}

/** A string or text parts as text blocks, into an array that is open. */
function writeTexts(value: Value): bool {
  if (value.isString) {
    if (value.length > 0) writeTextBlock(value);
    return true;
  }
  if (!partItems.begin(value)) return t.refuseType("content", "a string or an array");
  while (partItems.next()) {
    t.enterPart("content", partItems.index);
    if (!part.readValue(partItems.value)) return t.refuseType("", "an object");
    if (!partType.is("text")) return t.refuseValue("type", partType, "only text can be here.");
    if (!partText.isString) return t.refuseType("text", "a string");
    if (partText.length > 0) writeTextBlock(partText);
  }
  return true;
}

function writeImage(): bool {
  if (!image.readValue(partImage) || !imageUrl.isString) return t.refuseType("image_url.url", "a string");
  if (!t.unescape(imageUrl)) return false;
  const url = t.textPointer;
  const length = t.textLength;
  const isData = startsWithAscii(url, length, "data:");
  if (!isData && !startsWithAscii(url, length, "https://") && !startsWithAscii(url, length, "http://")) {
    return t.refuseType("image_url.url", "an http(s): or data: URL");
  }
  openTurn(Turn.USER);
  json.objectBegin();
  json.key("type");
  json.ascii("image");
  json.key("source");
  json.objectBegin();
  json.key("type");
  if (isData) {
    if (!writeDataSource(url + 5, length - 5)) return t.refuseType("image_url.url", "a base64 data: URL of an image");
  } else {
    json.ascii("url");
    json.key("url");
    imageUrl.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}

/** `image/png;base64,AAAA`; its characters need no escapes in JSON, or it is no such thing. */
function writeDataSource(text: usize, length: i32): bool {
  let mark = 0;
  while (mark < length && load<u8>(text + <usize>mark) != 0x3b /* ; */) mark++;
  if (!startsWithAscii(text, mark, "image/") || !startsWithAscii(text + <usize>mark, length - mark, ";base64,"))
    return false;
  const data = text + <usize>mark + 8;
  const dataLength = length - mark - 8;
  json.ascii("base64");
  json.key("media_type");
  json.string(text, mark);
  json.key("data");
  json.string(data, dataLength);
  return true;
}

function writeToolCalls(): bool {
  if (!toolCalls.present) return true;
  if (!callItems.begin(toolCalls)) return t.refuseType("tool_calls", "an array");
  while (callItems.next()) {
    t.enterPart("tool_calls", callItems.index);
    if (!call.readValue(callItems.value)) return t.refuseType("", "an object");
    if (callType.present && !callType.is("function")) return t.refuseValue("type", callType);
    if (!callId.isText) return t.refuseType("id", "a string");
    if (!callee.readValue(callFunction) || !calleeName.isText) return t.refuseType("function.name", "a string");
    if (!calleeArguments.isString) return t.refuseType("function.arguments", "a string");
    openTurn(Turn.ASSISTANT);
    json.objectBegin();
    json.key("type");
    json.ascii("tool_use");
    json.key("id");
    callId.copyTo(json);
    json.key("name");
    calleeName.copyTo(json);
    json.key("input");
    if (!writeInput()) return false;
    json.objectEnd();
  }
  return true;
}

/** The arguments are JSON in a string; Messages wants the object itself. */
function writeInput(): bool {
  if (calleeArguments.length == 0) {
    json.objectBegin();
    json.objectEnd();
    return true;
  }
  if (!t.unescape(calleeArguments)) return false;
  if (!isJsonObject(t.textPointer, t.textLength))
    return t.refuseType("function.arguments", "a JSON object in a string");
  json.raw(t.textPointer, t.textLength);
  return true;
}

function isJsonObject(text: usize, length: i32): bool {
  checker.reset(text, length);
  return checker.next() == JsonToken.OBJECT_BEGIN && checker.skipRest() && checker.next() == JsonToken.END;
}

function writeToolResult(): bool {
  if (!toolCallId.isText) return t.refuseType("tool_call_id", "a string");
  openTurn(Turn.USER);
  json.objectBegin();
  json.key("type");
  json.ascii("tool_result");
  json.key("tool_use_id");
  toolCallId.copyTo(json);
  if (content.isString) {
    json.key("content");
    content.copyTo(json);
  } else if (content.present) {
    json.key("content");
    json.arrayBegin();
    if (!writeTexts(content)) return false;
    json.arrayEnd();
  }
  json.objectEnd();
  return true;
}

// Everything else

function writeSampling(): void {
  if (temperature.present) {
    if (!temperature.isNumber) t.refuseType("temperature", "a number");
    json.key("temperature");
    // OpenAI's scale ends at 2, Messages' at 1.
    if (isAboveOne(temperature)) json.integer(1);
    else temperature.copyTo(json);
  }
  if (topP.present) {
    if (!topP.isNumber) t.refuseType("top_p", "a number");
    json.key("top_p");
    topP.copyTo(json);
  }
  writeStop();
  if (user.isText) {
    json.key("metadata");
    json.objectBegin();
    json.key("user_id");
    user.copyTo(json);
    json.objectEnd();
  }
}

/** By its digits: no number type here holds every JSON number. */
function isAboveOne(number: Value): bool {
  let at = number.pointer;
  const end = at + <usize>number.length;
  const first: u32 = load<u8>(at);
  if (first == 0x2d /* - */ || first == 0x30) return false;
  let above = first != 0x31;
  for (at++; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if ((byte | 0x20) == 0x65 /* e */) return at + 1 < end && load<u8>(at + 1) != 0x2d;
    if (byte >= 0x30 && byte <= 0x39 && (byte != 0x30 || load<u8>(at - 1) != 0x2e)) {
      above = above || byte != 0x30 || !behindDot(number.pointer, at);
    }
  }
  return above;
}

function behindDot(start: usize, at: usize): bool {
  for (let before = start; before < at; before++) if (load<u8>(before) == 0x2e) return true;
  return false;
}

function writeStop(): void {
  if (!stop.present) return;
  json.key("stop_sequences");
  json.arrayBegin();
  if (stop.isString) {
    stop.copyTo(json);
  } else if (!stopItems.begin(stop)) {
    t.refuseType("stop", "a string or an array");
  } else {
    while (stopItems.next()) {
      if (!stopItems.value.isString) t.refuseType("stop", "a string or an array of strings");
      stopItems.value.copyTo(json);
    }
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
  writeToolChoice();
}

function writeTool(): bool {
  if (!tool.readValue(toolItems.value)) return t.refuseType("", "an object");
  if (!toolType.is("function")) return t.refuseValue("type", toolType, "only functions can.");
  if (!definition.readValue(toolFunction) || !definitionName.isText) return t.refuseType("function.name", "a string");
  json.objectBegin();
  json.key("name");
  definitionName.copyTo(json);
  if (definitionText.isText) {
    json.key("description");
    definitionText.copyTo(json);
  }
  json.key("input_schema");
  if (definitionSchema.isObject && !definitionSchema.isEmpty) {
    definitionSchema.copyTo(json);
  } else {
    json.objectBegin();
    json.key("type");
    json.ascii("object");
    json.objectEnd();
  }
  json.objectEnd();
  return true;
}

function writeToolChoice(): void {
  const oneAtATime = parallelToolCalls.token == JsonToken.FALSE;
  if (!toolChoice.present && !oneAtATime) return;
  json.key("tool_choice");
  json.objectBegin();
  json.key("type");
  if (!toolChoice.present || toolChoice.is("auto")) {
    json.ascii("auto");
  } else if (toolChoice.is("required")) {
    json.ascii("any");
  } else if (toolChoice.is("none")) {
    json.ascii("none");
  } else if (choice.readValue(toolChoice) && choiceType.is("function") && callee.readValue(choiceFunction)) {
    json.ascii("tool");
    json.key("name");
    if (!calleeName.isText) t.refuseType("tool_choice.function.name", "a string");
    calleeName.copyTo(json);
  } else {
    t.refuseType("tool_choice", "auto, none, required or a function");
  }
  if (oneAtATime && !toolChoice.is("none")) {
    json.key("disable_parallel_tool_use");
    json.boolean(true);
  }
  json.objectEnd();
}

function writeFormat(): void {
  if (!responseFormat.present || !format.readValue(responseFormat) || formatType.is("text")) return;
  if (!formatType.is("json_schema")) {
    t.refuseValue("response_format.type", formatType, "use json_schema.");
    return;
  }
  if (!schemaHolder.readValue(formatSchema) || !schema.isObject) {
    t.refuseType("response_format.json_schema.schema", "an object");
    return;
  }
  json.key("output_config");
  json.objectBegin();
  json.key("format");
  json.objectBegin();
  json.key("type");
  json.ascii("json_schema");
  json.key("schema");
  schema.copyTo(json);
  json.objectEnd();
  json.objectEnd();
}
