// The conversation, from chat to Gemini. System and developer messages leave it and become `systemInstruction`, in their
// order; messages of one role that follow one another become one turn, and so do the results of tools. Empty texts are left
// out, because Gemini refuses them.
//
//   chat     system · user · assistant(calls a, b) · tool(a) · tool(b) · user
//   Gemini   systemInstruction | user · model(call a, call b) · user(response a, response b) · user

import { JsonWriter } from "../../json/writer";
import { Plan } from "../plan";
import { Translation } from "../translation/translation";
import { Turn, Turns } from "../translation/turns";
import { Fields, Items, Use, Value } from "../translation/value";
import { findCall, resetCalls, toolCallFields, writeFunctionCall } from "./chat-to-gemini-calls";
import {
  dropPartRest,
  partFields,
  partIsEmpty,
  partIsText,
  readPart,
  resetResolution,
  writeImage,
  writePart,
} from "./chat-to-gemini-parts";
import { writeFunctionResponse } from "./chat-to-gemini-results";
import { Signatures, signatureFields } from "./chat-to-gemini-signatures";

const message = new Fields("messages[].");
const role = message.add("role", Use.MAPPED);
const content = message.add("content", Use.MAPPED);
const refusal = message.add("refusal", Use.MAPPED);
const reasoning = message.add("reasoning_content", Use.MAPPED);
const thinkingBlocks = message.add("thinking_blocks", Use.MAPPED);
const extraContent = message.add("extra_content", Use.MAPPED);
const images = message.add("images", Use.MAPPED);
const toolCalls = message.add("tool_calls", Use.MAPPED);
const toolCallId = message.add("tool_call_id", Use.MAPPED);
const isError = message.add("is_error", Use.MAPPED);
const functionCall = message.add("function_call", Use.REFUSED);
const audio = message.add("audio", Use.REFUSED);
const annotations = message.add("annotations", Use.DROPPED);
message.add("name", Use.DROPPED);
message.add("cache_control", Use.DROPPED);

const madeImage = new Fields("messages[].images[].");
const madeImageUrl = madeImage.add("image_url", Use.MAPPED);
const madeImageExtra = madeImage.add("extra_content", Use.MAPPED);
madeImage.add("type", Use.STRUCTURE);
madeImage.add("index", Use.STRUCTURE);

const items = new Items();
const parts = new Items();
const signatures = new Signatures();
/** Results of tools are a turn of their own: Gemini counts them against the calls. */
const turns = new Turns("model", "parts");

export function conversationFields(): Fields[] {
  return [message, madeImage].concat(partFields()).concat(toolCallFields()).concat(signatureFields());
}

/** `contents`, and `systemInstruction` when there is any. */
export function writeContents(t: Translation, plan: Plan, messages: Value): bool {
  if (!items.begin(messages)) return t.refuseType("messages", "an array");
  turns.reset();
  resetResolution();
  resetCalls();
  t.json.key("contents");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("messages", items.index);
    if (!message.readValue(items.value)) return t.refuseType("", "an object");
    // Clients send an answer back as they got it, with an empty list where there were none.
    if (annotations.isEmpty) annotations.clear();
    if (!writeMessage(t, plan)) return false;
    t.enter("messages", items.index);
    if (!t.dropRest(message)) return false;
  }
  t.leave();
  if (!turns.finish(t)) return false;
  if (!turns.hasSystem) return true;
  t.json.key("systemInstruction");
  t.json.objectBegin();
  if (!turns.writeSystem(t, "parts")) return false;
  t.json.objectEnd();
  return true;
}

function writeMessage(t: Translation, plan: Plan): bool {
  if (role.is("user")) return writeContent(t, Turn.USER);
  if (role.is("assistant")) return writeAssistant(t, plan);
  if (role.is("tool")) return writeToolResult(t);
  if (role.is("system") || role.is("developer")) return gatherSystem(t);
  if (!role.isString) return t.refuseType("role", "a string");
  return t.refuseValue("role", role, "use system, developer, user, assistant or tool.");
}

function gatherSystem(t: Translation): bool {
  if (!content.present) return true;
  if (content.isString) {
    if (content.length > 0) writeText(turns.systemJson, content);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (nextPart(t)) {
    if (!partIsText()) return t.refuseField("type", "system and developer messages are text.");
    if (partIsEmpty()) continue;
    turns.systemJson.objectBegin();
    if (!writePart(t, turns.systemJson)) return false;
    turns.systemJson.objectEnd();
  }
  return !t.refused;
}

/** Reads the next part of the content; false behind the last one, or when it was refused. */
function nextPart(t: Translation): bool {
  if (!parts.next()) return false;
  t.enterPart("content", parts.index);
  return readPart(t, parts.value) && dropPartRest(t);
}

function writeAssistant(t: Translation, plan: Plan): bool {
  if (functionCall.present) return t.refuseField("function_call", "use tool_calls.");
  if (audio.present) return t.refuseField("audio");
  const hasCalls = toolCalls.present && !toolCalls.isEmpty;
  if (!signatures.read(t, thinkingBlocks, extraContent, hasCalls)) return false;
  if (!writeThoughts(t) || !writeContent(t, Turn.MODEL)) return false;
  if (refusal.isText) {
    turns.begin(t.json, Turn.MODEL);
    writeText(t.json, refusal);
  }
  if (images.present && !writeImages(t)) return false;
  return !hasCalls || writeCalls(t, plan);
}

/** Thoughts go back as they came, because signatures are over what stood before them. */
function writeThoughts(t: Translation): bool {
  if (signatures.hasThoughts) {
    turns.begin(t.json, Turn.MODEL);
    signatures.writeThoughts(t, thinkingBlocks);
  } else if (reasoning.isText) {
    turns.begin(t.json, Turn.MODEL);
    t.json.objectBegin();
    t.json.key("text");
    reasoning.copyTo(t.json);
    t.json.key("thought");
    t.json.boolean(true);
    t.json.objectEnd();
  }
  return true;
}

function writeContent(t: Translation, to: Turn): bool {
  const signed = to == Turn.MODEL && signatures.ofText.present;
  if (content.isString && content.length > 0) {
    turns.begin(t.json, to);
    t.json.objectBegin();
    t.json.key("text");
    content.copyTo(t.json);
    if (signed) signatures.ofText.write(t.json);
    t.json.objectEnd();
    return true;
  }
  if (content.present && !content.isString) {
    if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
    while (nextPart(t)) if (!writeContentPart(t, to)) return false;
    if (t.refused) return false;
  }
  // A stream of Gemini's brings the signature of a text in an empty part behind it, too.
  if (signed) {
    turns.begin(t.json, to);
    t.json.objectBegin();
    t.json.key("text");
    t.json.ascii("");
    signatures.ofText.write(t.json);
    t.json.objectEnd();
  }
  return true;
}

/** The turn begins with its first part: a message that has none leaves no trace. */
function writeContentPart(t: Translation, to: Turn): bool {
  if (partIsEmpty()) return true;
  if (to == Turn.MODEL && !partIsText()) return t.refuseField("type", "assistant messages are text.");
  turns.begin(t.json, to);
  t.json.objectBegin();
  if (!writePart(t, t.json)) return false;
  t.json.objectEnd();
  return true;
}

/** Images that a model made, as this gateway's replies have them. */
function writeImages(t: Translation): bool {
  if (!parts.begin(images)) return t.refuseType("images", "an array");
  while (parts.next()) {
    t.enterPart("images", parts.index);
    if (!madeImage.readValue(parts.value)) return t.refuseType("", "an object");
    turns.begin(t.json, Turn.MODEL);
    t.json.objectBegin();
    if (!writeImage(t, t.json, madeImageUrl)) return false;
    signatures.own.read(madeImageExtra).write(t.json);
    t.json.objectEnd();
    if (!t.dropRest(madeImage)) return false;
  }
  return true;
}

function writeCalls(t: Translation, plan: Plan): bool {
  if (!parts.begin(toolCalls)) return t.refuseType("tool_calls", "an array");
  while (parts.next()) {
    t.enterPart("tool_calls", parts.index);
    turns.begin(t.json, Turn.MODEL);
    if (!writeFunctionCall(t, plan, parts.value, parts.index == 0, signatures)) return false;
  }
  return true;
}

function writeToolResult(t: Translation): bool {
  if (!toolCallId.isString) return t.refuseType("tool_call_id", "a string");
  const name = findCall(toolCallId);
  if (name == null) return t.refuseType("tool_call_id", "the id of a tool call before it");
  turns.begin(t.json, Turn.RESULTS);
  return writeFunctionResponse(t, toolCallId, name, content, isError.isTrue);
}

function writeText(json: JsonWriter, value: Value): void {
  json.objectBegin();
  json.key("text");
  value.copyTo(json);
  json.objectEnd();
}
