// An OpenAI chat request as a Converse request; model and streaming stand in its path. What changes the answer and has no
// counterpart is refused by name; what only tunes or labels is dropped. Members may come in any order.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { wantsTextOnly, writeStopTexts } from "../translation/chat-request";
import { Notes } from "../translation/notes";
import { exceeds, isZero } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { writeMessages } from "./chat-to-converse-conversation";
import { thinksByEffort, writeModelFields } from "./chat-to-converse-model-fields";
import { writeTools } from "./chat-to-converse-tools";
import { fitsMetadata } from "./request-metadata";

/** Converse takes temperatures from 0 to 1, chat from 0 to 2. */
const TEMPERATURE_MAX: f64 = 1;

export const requestFields = new Fields("");
const messages = requestFields.add("messages");
requestFields.add("model");
requestFields.add("stream");
requestFields.add("stream_options");
const maxTokens = requestFields.add("max_tokens", Use.MAPPED);
const maxCompletionTokens = requestFields.add("max_completion_tokens", Use.MAPPED);
const temperature = requestFields.add("temperature", Use.NATIVE);
const topP = requestFields.add("top_p", Use.NATIVE);
const topK = requestFields.add("top_k", Use.MAPPED);
const stop = requestFields.add("stop", Use.MAPPED);
const tools = requestFields.add("tools", Use.MAPPED);
const toolChoice = requestFields.add("tool_choice", Use.MAPPED);
const parallelToolCalls = requestFields.add("parallel_tool_calls", Use.DROPPED);
const reasoningEffort = requestFields.add("reasoning_effort", Use.MAPPED);
const responseFormat = requestFields.add("response_format", Use.MAPPED);
const thinking = requestFields.add("thinking", Use.MAPPED);
const metadata = requestFields.add("metadata", Use.MAPPED);
const serviceTier = requestFields.add("service_tier", Use.MAPPED);
// Converse's own, for clients that know whom they speak to.
const guardrailConfig = requestFields.add("guardrailConfig", Use.NATIVE);
const performanceConfig = requestFields.add("performanceConfig", Use.NATIVE);
const additionalModelFields = requestFields.add("additionalModelRequestFields", Use.NATIVE);
// Refused unless they say what is the default anyway.
const choices = requestFields.add("n", Use.REFUSED);
const logprobs = requestFields.add("logprobs", Use.REFUSED);
const topLogprobs = requestFields.add("top_logprobs", Use.REFUSED);
const logitBias = requestFields.add("logit_bias", Use.REFUSED);
const frequencyPenalty = requestFields.add("frequency_penalty", Use.REFUSED);
const presencePenalty = requestFields.add("presence_penalty", Use.REFUSED);
const modalities = requestFields.add("modalities", Use.REFUSED);
const audio = requestFields.add("audio", Use.REFUSED);
const functions = requestFields.add("functions", Use.REFUSED);
const functionCall = requestFields.add("function_call", Use.REFUSED);
const webSearch = requestFields.add("web_search_options", Use.REFUSED);
const moderation = requestFields.add("moderation", Use.REFUSED);
requestFields.add("seed", Use.DROPPED);
requestFields.add("user", Use.DROPPED);
requestFields.add("safety_identifier", Use.DROPPED);
requestFields.add("safety_settings", Use.DROPPED);
requestFields.add("prompt_cache_key", Use.DROPPED);
requestFields.add("prompt_cache_retention", Use.DROPPED);
requestFields.add("store", Use.DROPPED);
requestFields.add("prediction", Use.DROPPED);
requestFields.add("verbosity", Use.DROPPED);

const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("json_schema");
const schemaFormat = new Fields("response_format.json_schema.");
const schema = schemaFormat.add("schema");
const schemaName = schemaFormat.add("name");
const schemaDescription = schemaFormat.add("description");

const items = new Items();
const t = new Translation();

export function writeConverseRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (!requestFields.read(body, length)) {
    t.refuseJson(requestFields.error);
  } else if (checkUntranslatable() && t.dropRest(requestFields)) {
    writeRequest(plan);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan): void {
  const json = t.json;
  json.objectBegin();
  if (!writeMessages(t, messages)) return;
  const adapts = thinksByEffort(plan, reasoningEffort, thinking, toolChoice);
  if (adapts && !dropSampling()) return;
  if (!writeInference(plan)) return;
  if (!writeTools(t, tools, toolChoice)) return;
  if (!writeModelFields(t, plan, additionalModelFields, thinking, reasoningEffort, topK, adapts)) return;
  if (!writeOutput() || !writeMetadata() || !writeTier()) return;
  if (guardrailConfig.isObject) {
    json.key("guardrailConfig");
    guardrailConfig.copyTo(json);
  }
  if (performanceConfig.isObject) {
    json.key("performanceConfig");
    performanceConfig.copyTo(json);
  }
  json.objectEnd();
}

function checkUntranslatable(): bool {
  if (choices.present && !(choices.isNumber && choices.count == 1)) return t.refuseValue("n", choices, "send 1.");
  if (logprobs.isTrue) return t.refuseField("logprobs");
  if (topLogprobs.present && !isZero(topLogprobs)) return t.refuseField("top_logprobs");
  if (logitBias.present && !logitBias.isEmpty) return t.refuseField("logit_bias");
  if (frequencyPenalty.present && !isZero(frequencyPenalty)) return t.refuseField("frequency_penalty", "send 0.");
  if (presencePenalty.present && !isZero(presencePenalty)) return t.refuseField("presence_penalty", "send 0.");
  // Converse cannot forbid several calls at once; refusing would shut out the SDKs that always ask for it.
  if (parallelToolCalls.isTrue || !tools.present || tools.isEmpty) parallelToolCalls.clear();
  if (audio.present) return t.refuseField("audio");
  if (functions.present) return t.refuseField("functions", "use tools.");
  if (functionCall.present) return t.refuseField("function_call", "use tool_choice.");
  if (webSearch.present) return t.refuseField("web_search_options");
  if (moderation.present) return t.refuseField("moderation");
  return wantsTextOnly(t, modalities);
}

/** A Claude that thinks samples by its own measure and refuses another. */
function dropSampling(): bool {
  return dropNumber(temperature) && dropNumber(topP) && dropNumber(topK);
}

function dropNumber(value: Value): bool {
  if (!value.present) return true;
  if (!value.isNumber) return t.refuseType(value.name, "a number");
  value.clear();
  return t.drop(value.name);
}

function writeInference(plan: Plan): bool {
  const json = t.json;
  const given = maxCompletionTokens.present ? maxCompletionTokens : maxTokens;
  if (given.present && !given.isNumber) return t.refuseType(given.name, "a number");
  if (temperature.present && !temperature.isNumber) return t.refuseType("temperature", "a number");
  if (topP.present && !topP.isNumber) return t.refuseType("top_p", "a number");
  const cap = <i64>plan.defaultMaxTokens;
  if (!given.present && cap == 0 && !temperature.present && !topP.present && !stop.present) return true;
  json.key("inferenceConfig");
  json.objectBegin();
  if (given.present || cap > 0) {
    json.key("maxTokens");
    if (given.present) given.copyTo(json);
    else json.integer(cap);
  }
  if (temperature.present) {
    json.key("temperature");
    if (exceeds(temperature, TEMPERATURE_MAX)) json.integer(1);
    else temperature.copyTo(json);
  }
  if (topP.present) {
    json.key("topP");
    topP.copyTo(json);
  }
  if (!writeStop()) return false;
  json.objectEnd();
  return true;
}

function writeStop(): bool {
  if (!stop.present) return true;
  t.json.key("stopSequences");
  return writeStopTexts(t, stop);
}

/** How hard to think, and in which format to answer: `outputConfig`. */
function writeOutput(): bool {
  schema.clear();
  if (responseFormat.present && !readFormat()) return false;
  const hasEffort = reasoningEffort.present && !reasoningEffort.is("none");
  if (!hasEffort && !schema.present) return true;
  t.json.key("outputConfig");
  t.json.objectBegin();
  if (hasEffort) {
    if (!reasoningEffort.isString) return t.refuseType("reasoning_effort", "a string");
    t.json.key("effort");
    if (reasoningEffort.is("minimal")) t.json.ascii("low");
    else reasoningEffort.copyTo(t.json);
  }
  if (schema.present) writeFormat();
  t.json.objectEnd();
  return true;
}

/** Leaves the schema in `schema`; absent for plain text. */
function readFormat(): bool {
  if (!format.readValue(responseFormat)) return t.refuseType("response_format", "an object");
  if (formatType.is("text")) return true;
  if (!formatType.is("json_schema")) {
    return t.refuseValue("response_format.type", formatType, "use json_schema with a schema.");
  }
  if (!schemaFormat.readValue(formatSchema) || !schema.isObject) {
    return t.refuseType("response_format.json_schema.schema", "an object");
  }
  return true;
}

/** Converse carries the schema as a string that holds JSON. */
function writeFormat(): void {
  const json = t.json;
  json.key("textFormat");
  json.objectBegin();
  json.key("type");
  json.ascii("json_schema");
  json.key("structure");
  json.objectBegin();
  json.key("jsonSchema");
  json.objectBegin();
  json.key("schema");
  json.string(schema.pointer, schema.length);
  if (schemaName.isText) {
    json.key("name");
    schemaName.copyTo(json);
  }
  if (schemaDescription.isText) {
    json.key("description");
    schemaDescription.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
  json.objectEnd();
}

/** Labels only: what Converse would refuse is left out rather than lose the answer. */
function writeMetadata(): bool {
  if (!metadata.isObject || metadata.isEmpty) return true;
  if (!fitsMetadata(metadata)) return t.drop("metadata");
  t.json.key("requestMetadata");
  metadata.copyTo(t.json);
  return true;
}

function writeTier(): bool {
  if (!serviceTier.present || serviceTier.is("auto")) return true;
  const isReserved = serviceTier.is("scale");
  if (!isReserved && !serviceTier.is("default") && !serviceTier.is("flex") && !serviceTier.is("priority")) {
    return t.refuseValue("service_tier", serviceTier, "use auto, default, flex, scale or priority.");
  }
  t.json.key("serviceTier");
  t.json.objectBegin();
  t.json.key("type");
  if (isReserved) t.json.ascii("reserved");
  else serviceTier.copyTo(t.json);
  t.json.objectEnd();
  return true;
}
