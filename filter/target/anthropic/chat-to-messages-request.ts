// An OpenAI chat request as an Anthropic Messages request. What changes the answer and has no counterpart is refused by
// name; what only tunes or labels is dropped; docs/translation.md lists both. Members may come in any order.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { wantsTextOnly, writeStopTexts } from "../translation/chat-request";
import { Notes } from "../translation/notes";
import { exceeds, isZero } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { conversationFields, writeMessages } from "./chat-to-messages-conversation";
import { outputFields, thinkingBudget, writeOutput } from "./chat-to-messages-output";
import { toolFields, writeTools } from "./chat-to-messages-tools";

/** Used when neither the request nor the target says how long the answer may be; Messages requires a cap. */
const DEFAULT_MAX_TOKENS: i64 = 4096;
/** Messages takes temperatures from 0 to 1, chat from 0 to 2. */
const TEMPERATURE_MAX: f64 = 1;

const request = new Fields("");
request.add("model");
const messages = request.add("messages");
const maxTokens = request.add("max_tokens", Use.NATIVE);
const maxCompletionTokens = request.add("max_completion_tokens", Use.MAPPED);
const temperature = request.add("temperature", Use.NATIVE);
const topP = request.add("top_p", Use.NATIVE);
const topK = request.add("top_k", Use.NATIVE);
const stop = request.add("stop", Use.MAPPED);
const user = request.add("user", Use.MAPPED);
const safetyIdentifier = request.add("safety_identifier", Use.MAPPED);
const tools = request.add("tools", Use.MAPPED);
const toolChoice = request.add("tool_choice", Use.MAPPED);
const parallelToolCalls = request.add("parallel_tool_calls", Use.MAPPED);
const reasoningEffort = request.add("reasoning_effort", Use.MAPPED);
const responseFormat = request.add("response_format", Use.MAPPED);
const thinking = request.add("thinking", Use.NATIVE);
const cacheControl = request.add("cache_control", Use.NATIVE);
const serviceTier = request.add("service_tier", Use.MAPPED);
request.add("stream", Use.NATIVE);
request.add("stream_options", Use.MAPPED);
// Refused unless they say what is the default anyway.
const choices = request.add("n", Use.REFUSED);
const logprobs = request.add("logprobs", Use.REFUSED);
const topLogprobs = request.add("top_logprobs", Use.REFUSED);
const logitBias = request.add("logit_bias", Use.REFUSED);
const frequencyPenalty = request.add("frequency_penalty", Use.REFUSED);
const presencePenalty = request.add("presence_penalty", Use.REFUSED);
const modalities = request.add("modalities", Use.REFUSED);
const audio = request.add("audio", Use.REFUSED);
const functions = request.add("functions", Use.REFUSED);
const functionCall = request.add("function_call", Use.REFUSED);
const webSearch = request.add("web_search_options", Use.REFUSED);
const moderation = request.add("moderation", Use.REFUSED);
// They tune, label or store.
request.add("seed", Use.DROPPED);
const store = request.add("store", Use.DROPPED);
const metadata = request.add("metadata", Use.DROPPED);
const verbosity = request.add("verbosity", Use.DROPPED);
request.add("prediction", Use.DROPPED);
request.add("prompt_cache_key", Use.DROPPED);
request.add("prompt_cache_options", Use.DROPPED);
request.add("prompt_cache_retention", Use.DROPPED);
request.add("safety_settings", Use.DROPPED);

const owner = new Fields();
const ownerId = owner.add("user_id");

export const requestFields: Fields[] = [request].concat(conversationFields).concat(toolFields).concat(outputFields);

const items = new Items();
const t = new Translation();
/** The cap that was written. */
let cap: i64 = 0;

export function writeMessagesRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (checkUntranslatable()) {
    writeRequest(plan);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan): void {
  const json = t.json;
  json.objectBegin();
  json.key("model");
  json.rawString(plan.modelPointer, plan.modelLength);
  if (!writeMaxTokens(plan)) return;
  if (plan.streaming) {
    json.key("stream");
    json.boolean(true);
  }
  if (!writeStop() || !writeUser() || !writeServiceTier()) return;
  if (cacheControl.isObject) {
    json.key("cache_control");
    cacheControl.copyTo(json);
  }
  if (!writeTools(t, tools, toolChoice, parallelToolCalls)) return;
  if (!writeMessages(t, messages)) return;
  // Behind the messages, because they decide whether a budget may be sent.
  const forced = toolChoice.is("required") || toolChoice.isObject;
  const budget = thinkingBudget(t, plan, reasoningEffort, thinking, cap, forced);
  if (!writeSampling(budget != 0)) return;
  if (!writeOutput(t, reasoningEffort, thinking, responseFormat, budget)) return;
  clearDefaults();
  if (!t.dropRest(request)) return;
  json.objectEnd();
}

/** What says no more than the default is not lost. */
function clearDefaults(): void {
  if (store.isFalse) store.clear();
  if (metadata.isEmpty) metadata.clear();
  if (verbosity.is("medium")) verbosity.clear();
}

function checkUntranslatable(): bool {
  if (choices.present && !(choices.isNumber && choices.count == 1)) return t.refuseValue("n", choices, "send 1.");
  if (logprobs.isTrue) return t.refuseField("logprobs");
  if (topLogprobs.present && !isZero(topLogprobs)) return t.refuseField("top_logprobs");
  if (logitBias.present && !logitBias.isEmpty) return t.refuseField("logit_bias");
  if (frequencyPenalty.present && !isZero(frequencyPenalty)) return t.refuseField("frequency_penalty", "send 0.");
  if (presencePenalty.present && !isZero(presencePenalty)) return t.refuseField("presence_penalty", "send 0.");
  if (audio.present) return t.refuseField("audio");
  if (functions.present) return t.refuseField("functions", "use tools.");
  if (functionCall.present) return t.refuseField("function_call", "use tool_choice.");
  if (webSearch.present) return t.refuseField("web_search_options");
  if (moderation.present) return t.refuseField("moderation");
  return wantsTextOnly(t, modalities);
}

function writeMaxTokens(plan: Plan): bool {
  const given = maxCompletionTokens.present ? maxCompletionTokens : maxTokens;
  t.json.key("max_tokens");
  if (given.present) {
    if (!given.isNumber) return t.refuseType(given.name, "a number");
    cap = given.count;
    given.copyTo(t.json);
  } else {
    cap = plan.defaultMaxTokens > 0 ? <i64>plan.defaultMaxTokens : DEFAULT_MAX_TOKENS;
    t.json.integer(cap);
  }
  return true;
}

/** A model that thinks samples by its own measure and refuses another. */
function writeSampling(thinks: bool): bool {
  if (!writeNumber(temperature, thinks, TEMPERATURE_MAX)) return false;
  return writeNumber(topP, thinks, f64.MAX_VALUE) && writeNumber(topK, thinks, f64.MAX_VALUE);
}

function writeNumber(value: Value, dropped: bool, bound: f64): bool {
  if (!value.present) return true;
  if (!value.isNumber) return t.refuseType(value.name, "a number");
  if (dropped) return t.drop(value.name);
  t.json.key(value.name);
  if (exceeds(value, bound)) t.json.integer(<i64>bound);
  else value.copyTo(t.json);
  return true;
}

function writeStop(): bool {
  if (!stop.present) return true;
  t.json.key("stop_sequences");
  return writeStopTexts(t, stop);
}

/** Chat has three names for who the user is; the first of them counts. */
function writeUser(): bool {
  let id = safetyIdentifier.present ? safetyIdentifier : user;
  if (!id.present && owner.readValue(metadata) && ownerId.isString) {
    id = ownerId;
    if (owner.unknownCount == 0) metadata.clear();
  }
  if (!id.present) return true;
  if (!id.isString) return t.refuseType(id.name, "a string");
  t.json.key("metadata");
  t.json.objectBegin();
  t.json.key("user_id");
  id.copyTo(t.json);
  t.json.objectEnd();
  return true;
}

/** Messages knows two: with bought capacity where there is any, or without. */
function writeServiceTier(): bool {
  if (!serviceTier.present) return true;
  if (serviceTier.is("default")) {
    t.json.key("service_tier");
    t.json.ascii("standard_only");
    return true;
  }
  if (!serviceTier.is("auto") && !serviceTier.is("priority") && !serviceTier.is("scale")) return t.drop("service_tier");
  t.json.key("service_tier");
  t.json.ascii("auto");
  return true;
}
