// An OpenAI chat request as a Gemini one. What changes the answer and has no counterpart is refused by name; what only
// tunes or labels is dropped; docs/translation.md lists both. Members may come in any order.
//
//   chat     messages                        tools, tool_choice      everything that tunes
//   Gemini   contents, systemInstruction     tools, toolConfig       generationConfig

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { conversationFields, writeContents } from "./chat-to-gemini-conversation";
import { GenerationConfig, generationFields } from "./chat-to-gemini-generation";
import { toolFields, writeTools } from "./chat-to-gemini-tools";

const request = new Fields();
request.add("model", Use.MAPPED);
request.add("stream", Use.MAPPED);
request.add("stream_options", Use.MAPPED);
const messages = request.add("messages", Use.MAPPED);
const maxTokens = request.add("max_tokens", Use.MAPPED);
const maxCompletionTokens = request.add("max_completion_tokens", Use.MAPPED);
const temperature = request.add("temperature", Use.NATIVE);
const topP = request.add("top_p", Use.NATIVE);
const topK = request.add("top_k", Use.NATIVE);
const stop = request.add("stop", Use.MAPPED);
const choices = request.add("n", Use.NATIVE);
const seed = request.add("seed", Use.NATIVE);
const presencePenalty = request.add("presence_penalty", Use.NATIVE);
const frequencyPenalty = request.add("frequency_penalty", Use.NATIVE);
const logprobs = request.add("logprobs", Use.NATIVE);
const topLogprobs = request.add("top_logprobs", Use.NATIVE);
const responseFormat = request.add("response_format", Use.MAPPED);
const modalities = request.add("modalities", Use.MAPPED);
const audio = request.add("audio", Use.MAPPED);
const reasoningEffort = request.add("reasoning_effort", Use.MAPPED);
const thinking = request.add("thinking", Use.MAPPED);
const tools = request.add("tools", Use.MAPPED);
const toolChoice = request.add("tool_choice", Use.MAPPED);
const parallelToolCalls = request.add("parallel_tool_calls", Use.MAPPED);
const webSearch = request.add("web_search_options", Use.MAPPED);
const safetySettings = request.add("safety_settings", Use.NATIVE);
const serviceTier = request.add("service_tier", Use.MAPPED);
const logitBias = request.add("logit_bias", Use.REFUSED);
const functions = request.add("functions", Use.REFUSED);
const functionCall = request.add("function_call", Use.REFUSED);
const moderation = request.add("moderation", Use.REFUSED);
request.add("metadata", Use.DROPPED);
request.add("user", Use.DROPPED);
request.add("safety_identifier", Use.DROPPED);
request.add("store", Use.DROPPED);
request.add("verbosity", Use.DROPPED);
request.add("prediction", Use.DROPPED);
request.add("prompt_cache_key", Use.DROPPED);
request.add("prompt_cache_retention", Use.DROPPED);
request.add("prompt_cache_options", Use.DROPPED);
request.add("cache_control", Use.DROPPED);

const items = new Items();
const t = new Translation();
const config = new GenerationConfig(t);

export function geminiRequestFields(): Fields[] {
  return [request].concat(conversationFields()).concat(toolFields()).concat(generationFields());
}

export function writeGeminiRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (checkUntranslatable() && t.dropRest(request)) {
    writeRequest(plan);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan): void {
  t.json.objectBegin();
  if (!writeContents(t, plan, messages)) return;
  if (!writeTools(t, tools, toolChoice, webSearch)) return;
  if (!writeConfig(plan) || !writeSafety() || !writeServiceTier()) return;
  t.json.objectEnd();
}

function checkUntranslatable(): bool {
  if (logitBias.present && !logitBias.isEmpty) return t.refuseField("logit_bias");
  if (functions.present) return t.refuseField("functions", "use tools.");
  if (functionCall.present) return t.refuseField("function_call", "use tool_choice.");
  return !moderation.present || t.refuseField("moderation");
}

/** Whether the request read last wants no two calls in one answer. Gemini knows no such wish: its reply is cut to it. */
export function wantsOneCall(): bool {
  return parallelToolCalls.isFalse;
}

/** Each writes its members, and nothing where the request says nothing. */
function writeConfig(plan: Plan): bool {
  config.reset();
  if (!config.maxOutputTokens(maxCompletionTokens.present ? maxCompletionTokens : maxTokens, plan.defaultMaxTokens))
    return false;
  if (!config.number("temperature", temperature) || !config.number("topP", topP)) return false;
  if (!config.number("topK", topK) || !config.number("candidateCount", choices)) return false;
  if (!config.number("seed", seed) || !config.number("presencePenalty", presencePenalty)) return false;
  if (!config.number("frequencyPenalty", frequencyPenalty) || !config.stopSequences(stop)) return false;
  if (!config.logprobs(logprobs, topLogprobs) || !config.format(responseFormat)) return false;
  if (!config.thinking(plan, reasoningEffort, thinking) || !config.modalities(modalities, audio)) return false;
  config.mediaResolution();
  config.end();
  return true;
}

/** The same list as Gemini's: `[{"category":…,"threshold":…}]`. */
function writeSafety(): bool {
  if (!safetySettings.present) return true;
  if (!items.begin(safetySettings)) return t.refuseType("safety_settings", "an array");
  while (items.next()) if (!items.value.isObject) return t.refuseType("safety_settings", "an array of objects");
  t.json.key("safetySettings");
  safetySettings.copyTo(t.json);
  return true;
}

/** A tier that Gemini does not have only changes the price and the pace. */
function writeServiceTier(): bool {
  if (!serviceTier.present || serviceTier.is("auto")) return true;
  const name = serviceTier.is("default") ? "standard" : knownTier(serviceTier);
  if (name.length == 0) return t.drop("service_tier");
  t.json.key("serviceTier");
  t.json.ascii(name);
  return true;
}

function knownTier(value: Value): string {
  if (value.is("flex")) return "flex";
  return value.is("priority") ? "priority" : "";
}
