// An OpenAI chat request as a Cohere v2 Chat request. What changes the answer and has no counterpart is refused by name;
// what only tunes or labels is dropped; docs/translation.md lists both. Members may come in any order.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { wantsTextOnly, writeStopTexts } from "../translation/chat-request";
import { Notes } from "../translation/notes";
import { exceeds, isBelow, isZero } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { conversationFields, writeMessages } from "./chat-to-cohere-conversation";
import { toolFields, writeTools } from "./chat-to-cohere-tools";

/** Cohere takes at most this many stop sequences. */
const STOP_MAX: i32 = 5;
/** What `reasoning_effort` may cost; "high" has no bound but the model's own. */
const BUDGET_LOW: i64 = 1024;
const BUDGET_MEDIUM: i64 = 8192;

const request = new Fields();
const messages = request.add("messages", Use.MAPPED);
request.add("model", Use.MAPPED);
request.add("stream", Use.NATIVE);
request.add("stream_options", Use.MAPPED);
const maxTokens = request.add("max_tokens", Use.NATIVE);
const maxCompletionTokens = request.add("max_completion_tokens", Use.MAPPED);
const temperature = request.add("temperature", Use.NATIVE);
const topP = request.add("top_p", Use.MAPPED);
const topK = request.add("top_k", Use.MAPPED);
const seed = request.add("seed", Use.NATIVE);
const stop = request.add("stop", Use.MAPPED);
const frequencyPenalty = request.add("frequency_penalty", Use.NATIVE);
const presencePenalty = request.add("presence_penalty", Use.NATIVE);
const logprobs = request.add("logprobs", Use.NATIVE);
const tools = request.add("tools", Use.NATIVE);
const toolChoice = request.add("tool_choice", Use.MAPPED);
const responseFormat = request.add("response_format", Use.MAPPED);
const reasoningEffort = request.add("reasoning_effort", Use.MAPPED);
const thinking = request.add("thinking", Use.MAPPED);
const safetySettings = request.add("safety_settings", Use.MAPPED);
// Cohere's own, as extensions.
const safetyMode = request.add("safety_mode", Use.NATIVE);
const documents = request.add("documents", Use.NATIVE);
const citationOptions = request.add("citation_options", Use.NATIVE);
const priority = request.add("priority", Use.NATIVE);
// Refused unless they say what is the default anyway.
const choices = request.add("n", Use.REFUSED);
const topLogprobs = request.add("top_logprobs", Use.REFUSED);
const logitBias = request.add("logit_bias", Use.REFUSED);
// No provider of this dialect can forbid several calls at once; refusing would shut out the SDKs that always ask for it.
const parallelToolCalls = request.add("parallel_tool_calls", Use.DROPPED);
const modalities = request.add("modalities", Use.REFUSED);
const audio = request.add("audio", Use.REFUSED);
const functions = request.add("functions", Use.REFUSED);
const functionCall = request.add("function_call", Use.REFUSED);
const webSearch = request.add("web_search_options", Use.REFUSED);
const moderation = request.add("moderation", Use.REFUSED);
request.add("user", Use.DROPPED);
request.add("safety_identifier", Use.DROPPED);
request.add("metadata", Use.DROPPED);
request.add("store", Use.DROPPED);
request.add("service_tier", Use.DROPPED);
request.add("verbosity", Use.DROPPED);
request.add("prediction", Use.DROPPED);
request.add("prompt_cache_key", Use.DROPPED);
request.add("prompt_cache_retention", Use.DROPPED);

const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("json_schema");
const schemaFormat = new Fields();
const schema = schemaFormat.add("schema");

const thought = new Fields();
const thoughtType = thought.add("type");
const budgetTokens = thought.add("budget_tokens");

const safety = new Fields();
const threshold = safety.add("threshold");

const items = new Items();
const t = new Translation();

export const requestFields: Fields[] = [request].concat(conversationFields).concat(toolFields);

export function writeCohereRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (checkUntranslatable() && t.dropRest(request)) {
    writeRequest(plan);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan): void {
  const json = t.json;
  json.objectBegin();
  json.key("model");
  json.rawString(plan.modelPointer, plan.modelLength);
  json.key("stream");
  json.boolean(plan.streaming);
  if (!writeMessages(t, messages) || !writeTools(t, tools, toolChoice)) return;
  if (!writeSampling() || !writeStop() || !writeFormat() || !writeThinking() || !writeSafety()) return;
  if (!writeOwn()) return;
  json.objectEnd();
}

function checkUntranslatable(): bool {
  if (choices.present && !(choices.isNumber && choices.count == 1)) return t.refuseValue("n", choices, "send 1.");
  if (topLogprobs.present && !isZero(topLogprobs)) return t.refuseField("top_logprobs", "send logprobs alone.");
  if (logitBias.present && !logitBias.isEmpty) return t.refuseField("logit_bias");
  if (parallelToolCalls.isTrue || !tools.present || tools.isEmpty) parallelToolCalls.clear();
  if (audio.present) return t.refuseField("audio");
  if (functions.present) return t.refuseField("functions", "use tools.");
  if (functionCall.present) return t.refuseField("function_call", "use tool_choice.");
  if (webSearch.present) return t.refuseField("web_search_options");
  if (moderation.present) return t.refuseField("moderation");
  if (!isPenalty(frequencyPenalty)) return t.refuseValue("frequency_penalty", frequencyPenalty, "send 0 to 1.");
  if (!isPenalty(presencePenalty)) return t.refuseValue("presence_penalty", presencePenalty, "send 0 to 1.");
  return wantsTextOnly(t, modalities);
}

/** Cohere's penalties go from 0 to 1, chat's from -2 to 2. */
function isPenalty(value: Value): bool {
  return !value.present || (!isBelow(value, 0) && !exceeds(value, 1));
}

function writeSampling(): bool {
  const cap = maxCompletionTokens.present ? maxCompletionTokens : maxTokens;
  if (!writeNumber("max_tokens", cap) || !writeNumber("temperature", temperature) || !writeTopP()) return false;
  if (!writeNumber("k", topK) || !writeNumber("seed", seed)) return false;
  if (!writeNumber("frequency_penalty", frequencyPenalty) || !writeNumber("presence_penalty", presencePenalty)) {
    return false;
  }
  if (logprobs.isTrue) {
    t.json.key("logprobs");
    t.json.boolean(true);
  }
  return true;
}

/** Cohere's range is 0.01 to 0.99; what chat's ends mean beyond that is nothing to tell apart. */
function writeTopP(): bool {
  if (isBelow(topP, 0.01) || exceeds(topP, 0.99)) {
    t.json.key("p");
    const low = isBelow(topP, 0.01);
    t.json.raw(changetype<usize>(low ? LOWEST_P : HIGHEST_P), LOWEST_P.length);
    return true;
  }
  return writeNumber("p", topP);
}

const LOWEST_P: StaticArray<u8> = [0x30, 0x2e, 0x30, 0x31]; // 0.01
const HIGHEST_P: StaticArray<u8> = [0x30, 0x2e, 0x39, 0x39]; // 0.99

function writeNumber(name: string, value: Value): bool {
  if (!value.present) return true;
  if (!value.isNumber) return t.refuseType(value.name, "a number");
  t.json.key(name);
  value.copyTo(t.json);
  return true;
}

function writeStop(): bool {
  if (!stop.present) return true;
  t.json.key("stop_sequences");
  return writeStopTexts(t, stop, STOP_MAX, "send at most 5.");
}

function writeFormat(): bool {
  if (!responseFormat.present) return true;
  if (!format.readValue(responseFormat)) return t.refuseType("response_format", "an object");
  if (formatType.is("text")) return true;
  const hasSchema = formatType.is("json_schema");
  if (!hasSchema && !formatType.is("json_object")) {
    return t.refuseValue("response_format.type", formatType, "use text, json_object or json_schema.");
  }
  if (hasSchema && (!schemaFormat.readValue(formatSchema) || !schema.isObject)) {
    return t.refuseType("response_format.json_schema.schema", "an object");
  }
  t.json.key("response_format");
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii("json_object");
  if (hasSchema) {
    t.json.key("json_schema");
    schema.copyTo(t.json);
  }
  t.json.objectEnd();
  return true;
}

/** `thinking` as in Anthropic's API goes before `reasoning_effort`. */
function writeThinking(): bool {
  if (thinking.present) {
    if (!thought.readValue(thinking)) return t.refuseType("thinking", "an object");
    const off = thoughtType.is("disabled");
    if (off || !budgetTokens.isNumber) writeThought(off, 0);
    else writeThought(false, budgetTokens.count);
    return true;
  }
  if (!reasoningEffort.present) return true;
  if (!reasoningEffort.isString) return t.refuseType("reasoning_effort", "a string");
  if (reasoningEffort.is("low") || reasoningEffort.is("minimal")) writeThought(false, BUDGET_LOW);
  else if (reasoningEffort.is("medium")) writeThought(false, BUDGET_MEDIUM);
  else writeThought(reasoningEffort.is("none"), 0);
  return true;
}

/** A budget of 0 is none. */
function writeThought(off: bool, budget: i64): void {
  t.json.key("thinking");
  t.json.objectBegin();
  t.json.key("type");
  if (off) t.json.ascii("disabled");
  else t.json.ascii("enabled");
  if (budget > 0) {
    t.json.key("token_budget");
    t.json.integer(budget);
  }
  t.json.objectEnd();
}

/**
 * Cohere has one mode for all kinds of harm, and none beside tools or documents. Of Gemini's settings the strictest
 * counts; all of them off is off.
 */
function writeSafety(): bool {
  if (safetyMode.present) {
    if (!safetyMode.isString) return t.refuseType("safety_mode", "a string");
    t.json.key("safety_mode");
    safetyMode.copyTo(t.json);
    return true;
  }
  if (!safetySettings.present || safetySettings.isEmpty) return true;
  if (!items.begin(safetySettings)) return t.refuseType("safety_settings", "an array");
  if ((tools.present && !tools.isEmpty) || documents.present) return t.drop("safety_settings");
  let strict = false;
  let off = true;
  while (items.next()) {
    if (!safety.readValue(items.value)) return t.refuseType("safety_settings[]", "an object");
    if (threshold.is("BLOCK_LOW_AND_ABOVE")) strict = true;
    if (!threshold.is("OFF") && !threshold.is("BLOCK_NONE")) off = false;
  }
  t.json.key("safety_mode");
  if (strict) t.json.ascii("STRICT");
  else if (off) t.json.ascii("OFF");
  else t.json.ascii("CONTEXTUAL");
  return true;
}

function writeOwn(): bool {
  if (documents.present) {
    if (!documents.isArray) return t.refuseType("documents", "an array");
    t.json.key("documents");
    documents.copyTo(t.json);
  }
  if (citationOptions.present) {
    if (!citationOptions.isObject) return t.refuseType("citation_options", "an object");
    t.json.key("citation_options");
    citationOptions.copyTo(t.json);
  }
  return writeNumber("priority", priority);
}
