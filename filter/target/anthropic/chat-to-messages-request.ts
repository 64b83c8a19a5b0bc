// An OpenAI chat request as an Anthropic Messages request. What changes the answer and has no counterpart is refused by
// name; what only tunes or labels is dropped; docs/translation.md lists both. Members may come in any order.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { exceeds, isZero } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items } from "../translation/value";
import { writeMessages } from "./chat-to-messages-conversation";
import { writeTools } from "./chat-to-messages-tools";

/** Used when neither the request nor the target says how long the answer may be; Messages requires a cap. */
const DEFAULT_MAX_TOKENS: i64 = 4096;
/** Messages takes temperatures from 0 to 1, chat from 0 to 2. */
const TEMPERATURE_MAX: f64 = 1;

const request = new Fields();
const messages = request.add("messages");
const maxTokens = request.add("max_tokens");
const maxCompletionTokens = request.add("max_completion_tokens");
const temperature = request.add("temperature");
const topP = request.add("top_p");
const stop = request.add("stop");
const user = request.add("user");
const safetyIdentifier = request.add("safety_identifier");
const tools = request.add("tools");
const toolChoice = request.add("tool_choice");
const parallelToolCalls = request.add("parallel_tool_calls");
const reasoningEffort = request.add("reasoning_effort");
const responseFormat = request.add("response_format");
const thinking = request.add("thinking");
// Refused unless they say what is the default anyway.
const choices = request.add("n");
const logprobs = request.add("logprobs");
const topLogprobs = request.add("top_logprobs");
const logitBias = request.add("logit_bias");
const frequencyPenalty = request.add("frequency_penalty");
const presencePenalty = request.add("presence_penalty");
const modalities = request.add("modalities");
const audio = request.add("audio");
const functions = request.add("functions");
const functionCall = request.add("function_call");
const webSearch = request.add("web_search_options");
const moderation = request.add("moderation");

const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("json_schema");
const schemaFormat = new Fields();
const schema = schemaFormat.add("schema");

const items = new Items();
const t = new Translation();

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
  if (!writeSampling() || !writeStop() || !writeUser() || !writeOutput()) return;
  if (!writeTools(t, tools, toolChoice, parallelToolCalls)) return;
  if (!writeMessages(t, messages)) return;
  json.objectEnd();
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
  return checkModalities();
}

function checkModalities(): bool {
  if (!modalities.present) return true;
  if (!items.begin(modalities)) return t.refuseType("modalities", "an array");
  while (items.next()) {
    if (!items.value.is("text")) return t.refuseValue("modalities", items.value);
  }
  return true;
}

function writeMaxTokens(plan: Plan): bool {
  const given = maxCompletionTokens.present ? maxCompletionTokens : maxTokens;
  t.json.key("max_tokens");
  if (given.present) {
    if (!given.isNumber) return t.refuseType(given.name, "a number");
    given.copyTo(t.json);
  } else {
    t.json.integer(plan.defaultMaxTokens > 0 ? <i64>plan.defaultMaxTokens : DEFAULT_MAX_TOKENS);
  }
  return true;
}

function writeSampling(): bool {
  if (temperature.present) {
    if (!temperature.isNumber) return t.refuseType("temperature", "a number");
    t.json.key("temperature");
    if (exceeds(temperature, TEMPERATURE_MAX)) t.json.integer(1);
    else temperature.copyTo(t.json);
  }
  if (topP.present) {
    if (!topP.isNumber) return t.refuseType("top_p", "a number");
    t.json.key("top_p");
    topP.copyTo(t.json);
  }
  return true;
}

function writeStop(): bool {
  if (!stop.present) return true;
  t.json.key("stop_sequences");
  t.json.arrayBegin();
  if (stop.isString) {
    stop.copyTo(t.json);
  } else {
    if (!items.begin(stop)) return t.refuseType("stop", "a string or an array of strings");
    while (items.next()) {
      if (!items.value.isString) return t.refuseType("stop", "a string or an array of strings");
      items.value.copyTo(t.json);
    }
  }
  t.json.arrayEnd();
  return true;
}

function writeUser(): bool {
  const id = safetyIdentifier.present ? safetyIdentifier : user;
  if (!id.present) return true;
  if (!id.isString) return t.refuseType(id.name, "a string");
  t.json.key("metadata");
  t.json.objectBegin();
  t.json.key("user_id");
  id.copyTo(t.json);
  t.json.objectEnd();
  return true;
}

/** How hard to think, and in which format to answer: `thinking` and `output_config`. */
function writeOutput(): bool {
  const noEffort = reasoningEffort.is("none");
  if (thinking.isObject) {
    t.json.key("thinking");
    thinking.copyTo(t.json);
  } else if (noEffort) {
    t.json.key("thinking");
    t.json.objectBegin();
    writeMember("type", "disabled");
    t.json.objectEnd();
  }
  const hasEffort = reasoningEffort.present && !noEffort;
  const hasFormat = responseFormat.present;
  if (hasFormat && !readFormat()) return false;
  if (!hasEffort && !schema.present) return true;
  t.json.key("output_config");
  t.json.objectBegin();
  if (hasEffort && !writeEffort()) return false;
  if (hasFormat && schema.present) writeFormat();
  t.json.objectEnd();
  return true;
}

function writeEffort(): bool {
  if (!reasoningEffort.isString) return t.refuseType("reasoning_effort", "a string");
  t.json.key("effort");
  if (reasoningEffort.is("minimal")) t.json.ascii("low");
  else reasoningEffort.copyTo(t.json);
  return true;
}

/** Leaves the schema in `schema`; absent for plain text. */
function readFormat(): bool {
  schema.clear();
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

function writeFormat(): void {
  t.json.key("format");
  t.json.objectBegin();
  writeMember("type", "json_schema");
  t.json.key("schema");
  schema.copyTo(t.json);
  t.json.objectEnd();
}

function writeMember(name: string, text: string): void {
  t.json.key(name);
  t.json.ascii(text);
}
