// A generateContent request as a chat completion request. What changes the answer and has no counterpart is refused by
// name; what only tunes or labels is dropped; docs/translation.md lists both. Members may come in any order, and their
// names as `topP` or `top_p`.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Use } from "../translation/value";
import { configFields, includesThoughts, writeConfig } from "./generate-content-to-chat-config";
import { conversationFields, writeConversation } from "./generate-content-to-chat-conversation";
import { toolFields, writeTools } from "./generate-content-to-chat-tools";

export { includesThoughts };

const request = new Fields("", true);
// The path names the model.
request.add("model");
const contents = request.add("contents");
const systemInstruction = request.add("systemInstruction", Use.MAPPED);
const tools = request.add("tools", Use.MAPPED);
const toolConfig = request.add("toolConfig", Use.MAPPED);
const generationConfig = request.add("generationConfig");
const safetySettings = request.add("safetySettings", Use.DROPPED, "safety_settings");
const labels = request.add("labels", Use.MAPPED);
const serviceTier = request.add("serviceTier", Use.MAPPED);
const store = request.add("store", Use.NATIVE);
const cachedContent = request.add("cachedContent", Use.REFUSED);

export const requestFields: Fields[] = [request].concat(configFields).concat(conversationFields).concat(toolFields);

const t = new Translation();

/** `TRANSLATED`, or the `ErrorCode` for the client, with its reason in `notes`. */
export function writeChatRequest(
  plan: Plan,
  inChain: bool,
  body: usize,
  length: i32,
  out: ByteWriter,
  notes: Notes,
): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (cachedContent.present) {
    t.refuseField("cachedContent", "send the content itself.");
  } else {
    writeRequest(plan, inChain);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan, inChain: bool): void {
  const json = t.json;
  json.objectBegin();
  json.key("model");
  json.rawString(plan.modelPointer, plan.modelLength);
  if (!writeConfig(t, generationConfig, inChain) || !writeLabels() || !writeSafety(inChain)) return;
  if (!writeTools(t, tools, toolConfig)) return;
  if (!writeConversation(t, systemInstruction, contents, inChain)) return;
  if (plan.streaming) writeStreaming();
  if (!t.dropRest(request, inChain)) return;
  json.objectEnd();
}

function writeLabels(): bool {
  const json = t.json;
  if (labels.present && !labels.isEmpty) {
    if (!labels.isObject) return t.refuseType("labels", "an object");
    json.key("metadata");
    labels.copyTo(json);
  }
  if (store.present) {
    json.key("store");
    store.copyTo(json);
  }
  return !serviceTier.present || writeServiceTier();
}

/** Gemini's standard is OpenAI's default; the others have the same names. */
function writeServiceTier(): bool {
  const standard = serviceTier.is("standard") || serviceTier.is("STANDARD");
  const flex = serviceTier.is("flex") || serviceTier.is("FLEX");
  const priority = serviceTier.is("priority") || serviceTier.is("PRIORITY");
  if (!standard && !flex && !priority) return t.drop("serviceTier");
  t.json.key("service_tier");
  t.json.ascii(standard ? "default" : flex ? "flex" : "priority");
  return true;
}

/** Only a provider behind a chain may know them. */
function writeSafety(inChain: bool): bool {
  if (!safetySettings.present || safetySettings.isEmpty) return true;
  if (!safetySettings.isArray) return t.refuseType("safetySettings", "an array");
  if (!inChain) return true;
  t.json.key("safety_settings");
  safetySettings.copyTo(t.json);
  return true;
}

/** The usage of a stream comes with its last event. */
function writeStreaming(): void {
  t.json.key("stream");
  t.json.boolean(true);
  t.json.key("stream_options");
  t.json.objectBegin();
  t.json.key("include_usage");
  t.json.boolean(true);
  t.json.objectEnd();
}
