// generationConfig as the members of a chat request. What asks for another kind of answer (speech, images) is refused.
//
//   thinkingBudget   0 ─▶ none   … 1024 ─▶ low   … 8192 ─▶ medium   more ─▶ high      as Google's own OpenAI endpoint has it

import { parseInteger } from "../../json/text";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { writeJsonSchema } from "./generate-content-to-chat-schema";

/** More than that is an error at OpenAI. */
const STOP_SEQUENCES_MAX: i32 = 4;
const BUDGET_LOW: i64 = 1024;
const BUDGET_MEDIUM: i64 = 8192;

const config = new Fields("generationConfig.", true);
const candidateCount = config.add("candidateCount", Use.MAPPED);
const stopSequences = config.add("stopSequences", Use.MAPPED);
const maxOutputTokens = config.add("maxOutputTokens", Use.MAPPED);
const temperature = config.add("temperature", Use.NATIVE);
const topP = config.add("topP", Use.NATIVE);
const topK = config.add("topK", Use.DROPPED, "top_k");
const seed = config.add("seed", Use.NATIVE);
const presencePenalty = config.add("presencePenalty", Use.NATIVE);
const frequencyPenalty = config.add("frequencyPenalty", Use.NATIVE);
const responseLogprobs = config.add("responseLogprobs", Use.MAPPED);
const logprobs = config.add("logprobs", Use.MAPPED);
const responseMimeType = config.add("responseMimeType", Use.MAPPED);
const responseSchema = config.add("responseSchema", Use.MAPPED);
const responseJsonSchema = config.add("responseJsonSchema", Use.MAPPED);
const previewJsonSchema = config.add("_responseJsonSchema", Use.MAPPED);
const thinkingConfig = config.add("thinkingConfig");
const responseModalities = config.add("responseModalities", Use.REFUSED);
const speechConfig = config.add("speechConfig", Use.REFUSED);
const imageConfig = config.add("imageConfig", Use.REFUSED);
config.add("mediaResolution", Use.DROPPED);
config.add("audioTimestamp", Use.DROPPED);
config.add("enableEnhancedCivicAnswers", Use.DROPPED);
config.add("routingConfig", Use.DROPPED);
config.add("modelSelectionConfig", Use.DROPPED);

const thinking = new Fields("generationConfig.thinkingConfig.", true);
const includeThoughts = thinking.add("includeThoughts", Use.MAPPED);
const thinkingBudget = thinking.add("thinkingBudget", Use.MAPPED);
const thinkingLevel = thinking.add("thinkingLevel", Use.MAPPED);

export const configFields: Fields[] = [config, thinking];

const items = new Items();

/** Whether the last request wants to see what the model thought. */
export function includesThoughts(): bool {
  return includeThoughts.isTrue;
}

export function writeConfig(t: Translation, generationConfig: Value, inChain: bool): bool {
  thinking.readValue(thinkingConfig);
  includeThoughts.clear();
  if (!config.readValue(generationConfig)) {
    return !generationConfig.present || t.refuseType("generationConfig", "an object");
  }
  t.scope = config.path;
  const written = writeMembers(t, inChain);
  t.scope = "";
  return written;
}

function writeMembers(t: Translation, inChain: bool): bool {
  if (speechConfig.present) return t.refuseField("speechConfig");
  if (imageConfig.present) return t.refuseField("imageConfig");
  if (!checkModalities(t)) return false;
  if (!copyNumber(t, "max_completion_tokens", maxOutputTokens) || !copyNumber(t, "temperature", temperature))
    return false;
  if (!copyNumber(t, "top_p", topP) || !writeTopK(t, inChain) || !copyNumber(t, "seed", seed)) return false;
  if (!copyNumber(t, "presence_penalty", presencePenalty)) return false;
  if (!copyNumber(t, "frequency_penalty", frequencyPenalty) || !writeCandidates(t) || !writeLogprobs(t)) return false;
  if (!writeStop(t, inChain) || !writeFormat(t) || !writeThinking(t)) return false;
  return t.dropRest(config, inChain) && t.dropRest(thinking);
}

function copyNumber(t: Translation, name: string, value: Value): bool {
  if (!value.present) return true;
  if (!value.isNumber) return t.refuseType(value.name, "a number");
  t.json.key(name);
  value.copyTo(t.json);
  return true;
}

function checkModalities(t: Translation): bool {
  if (!responseModalities.present) return true;
  if (!items.begin(responseModalities)) return t.refuseType(responseModalities.name, "an array");
  while (items.next()) {
    if (!items.value.is("TEXT") && !items.value.is("MODALITY_UNSPECIFIED")) {
      return t.refuseValue("responseModalities", items.value, "ask for TEXT.");
    }
  }
  return true;
}

/** Chat has no such member; some providers behind a chain do. */
function writeTopK(t: Translation, inChain: bool): bool {
  return !inChain || copyNumber(t, "top_k", topK);
}

function writeCandidates(t: Translation): bool {
  if (candidateCount.isNumber && candidateCount.count == 1) return true;
  return copyNumber(t, "n", candidateCount);
}

function writeLogprobs(t: Translation): bool {
  if (!responseLogprobs.isTrue) return true;
  t.json.key("logprobs");
  t.json.boolean(true);
  return copyNumber(t, "top_logprobs", logprobs);
}

function writeStop(t: Translation, inChain: bool): bool {
  if (!stopSequences.present || stopSequences.isEmpty) return true;
  if (!items.begin(stopSequences)) return t.refuseType(stopSequences.name, "an array of strings");
  t.json.key("stop");
  t.json.arrayBegin();
  while (items.next()) {
    if (!items.value.isString) return t.refuseType(stopSequences.name, "an array of strings");
    if (!inChain && items.index >= STOP_SEQUENCES_MAX) {
      return t.refuseField("stopSequences", "give at most 4.");
    }
    items.value.copyTo(t.json);
  }
  t.json.arrayEnd();
  return true;
}

function writeFormat(t: Translation): bool {
  const schema = responseJsonSchema.present ? responseJsonSchema : previewJsonSchema;
  const hasSchema = schema.present || responseSchema.present;
  const isJson = responseMimeType.is("application/json");
  if (responseMimeType.present && !isJson && !responseMimeType.is("text/plain")) {
    const mend = "use text/plain or application/json.";
    return t.refuseValue("responseMimeType", responseMimeType, mend);
  }
  if (!hasSchema && !isJson) return true;
  const json = t.json;
  json.key("response_format");
  json.objectBegin();
  json.key("type");
  json.ascii(hasSchema ? "json_schema" : "json_object");
  if (hasSchema) {
    // Not strict: that would demand a schema in which every property is required and no other allowed.
    json.key("json_schema");
    json.objectBegin();
    json.key("name");
    json.ascii("answer");
    json.key("schema");
    if (schema.present) schema.copyTo(json);
    else if (!writeJsonSchema(t, "responseSchema", responseSchema)) return false;
    json.objectEnd();
  }
  json.objectEnd();
  return true;
}

function writeThinking(t: Translation): bool {
  if (!thinking.readValue(thinkingConfig)) {
    return !thinkingConfig.present || t.refuseType(thinkingConfig.name, "an object");
  }
  const effort = effortOf();
  if (effort.length == 0) return true;
  t.json.key("reasoning_effort");
  t.json.ascii(effort);
  return true;
}

/** Empty where the model decides: a budget of -1, or no word about it. */
function effortOf(): string {
  if (thinkingLevel.is("MINIMAL") || thinkingLevel.is("minimal")) return "minimal";
  if (thinkingLevel.is("LOW") || thinkingLevel.is("low")) return "low";
  if (thinkingLevel.is("MEDIUM") || thinkingLevel.is("medium")) return "medium";
  if (thinkingLevel.is("HIGH") || thinkingLevel.is("high")) return "high";
  if (!thinkingBudget.isNumber) return "";
  const budget = parseInteger(thinkingBudget.pointer, thinkingBudget.length);
  if (budget < 0) return "";
  if (budget == 0) return "none";
  return budget <= BUDGET_LOW ? "low" : budget <= BUDGET_MEDIUM ? "medium" : "high";
}
