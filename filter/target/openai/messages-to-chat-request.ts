// A Messages request as a chat completion request. What changes the answer and has no counterpart is refused by name; what
// only tunes or labels is dropped; docs/translation.md lists both. Members may come in any order. Within a chain chat
// carries what plain chat has no member for.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { exceeds } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { conversationFields, writeConversation } from "./messages-to-chat-conversation";
import { toolFields, writeTools } from "./messages-to-chat-tools";

/** More than that is an error at OpenAI. */
const STOP_SEQUENCES_MAX: i32 = 4;
/** Thinking budgets from here on, in tokens, stand for medium and high effort. */
const BUDGET_MEDIUM: f64 = 4096;
const BUDGET_HIGH: f64 = 16384;

const request = new Fields("");
request.add("model");
const messages = request.add("messages");
const system = request.add("system", Use.MAPPED, "messages");
const maxTokens = request.add("max_tokens", Use.MAPPED, "max_completion_tokens");
const temperature = request.add("temperature", Use.NATIVE);
const topP = request.add("top_p", Use.NATIVE);
const topK = request.add("top_k", Use.DROPPED, "top_k");
const stopSequences = request.add("stop_sequences", Use.MAPPED, "stop");
const tools = request.add("tools", Use.MAPPED);
const toolChoice = request.add("tool_choice", Use.MAPPED);
const metadata = request.add("metadata");
const outputConfig = request.add("output_config");
const thinking = request.add("thinking", Use.MAPPED);
const serviceTier = request.add("service_tier", Use.MAPPED);
const cacheControl = request.add("cache_control", Use.DROPPED, "cache_control");
request.add("stream", Use.NATIVE);
// Refused: they name things that only the other provider has, or promise where data is worked on.
const container = request.add("container", Use.REFUSED);
const mcpServers = request.add("mcp_servers", Use.REFUSED);
const inferenceGeo = request.add("inference_geo", Use.REFUSED);
// They tune or label.
const speed = request.add("speed", Use.DROPPED);
request.add("diagnostics", Use.DROPPED);
request.add("context_management", Use.DROPPED);
request.add("user_profile_id", Use.DROPPED);
request.add("workspace_id", Use.DROPPED);

const owner = new Fields("metadata.");
const userId = owner.add("user_id", Use.MAPPED, "user");
const config = new Fields("output_config.");
const configEffort = config.add("effort", Use.MAPPED, "reasoning_effort");
const configFormat = config.add("format", Use.MAPPED, "response_format");
const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("schema");
const thought = new Fields();
const thoughtType = thought.add("type");
const thoughtBudget = thought.add("budget_tokens");

export const requestFields: Fields[] = [request, owner, config].concat(conversationFields).concat(toolFields);

const items = new Items();
const t = new Translation();

/** `TRANSLATED`, or the `ErrorCode` for the client, with its reason in `detail`. */
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
  } else if (checkUntranslatable()) {
    writeRequest(plan, inChain);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function writeRequest(plan: Plan, inChain: bool): void {
  const json = t.json;
  json.objectBegin();
  json.key("model");
  json.rawString(plan.modelPointer, plan.modelLength);
  if (!writeMaxTokens()) return;
  if (!copyNumber(temperature) || !copyNumber(topP) || !writeStop() || !writeUser() || !writeServiceTier()) return;
  if (!writeOutput() || !writeThinking(inChain)) return;
  if (inChain && !writeExtensions()) return;
  if (speed.is("standard")) speed.clear();
  if (!t.dropRest(request, inChain)) return;
  if (!writeTools(t, inChain, tools, toolChoice)) return;
  if (!writeConversation(t, inChain, system, messages)) return;
  if (plan.streaming) writeStreaming();
  json.objectEnd();
}

function checkUntranslatable(): bool {
  if (container.present) return t.refuseField("container");
  if (mcpServers.present && !mcpServers.isEmpty) return t.refuseField("mcp_servers");
  if (inferenceGeo.present) return t.refuseField("inference_geo");
  return true;
}

/** Today's name of the cap; `max_tokens` is refused by OpenAI's reasoning models. */
function writeMaxTokens(): bool {
  if (!maxTokens.isNumber) return t.refuseType("max_tokens", "a number");
  t.json.key("max_completion_tokens");
  maxTokens.copyTo(t.json);
  return true;
}

function copyNumber(value: Value): bool {
  if (!value.present) return true;
  if (!value.isNumber) return t.refuseType(value.name, "a number");
  t.json.key(value.name);
  value.copyTo(t.json);
  return true;
}

function writeStop(): bool {
  if (!stopSequences.present || stopSequences.isEmpty) return true;
  t.json.key("stop");
  t.json.arrayBegin();
  if (!items.begin(stopSequences)) return t.refuseType("stop_sequences", "an array of strings");
  while (items.next()) {
    if (!items.value.isString) return t.refuseType("stop_sequences", "an array of strings");
    if (items.index >= STOP_SEQUENCES_MAX) return t.refuseField("stop_sequences", "give at most 4.");
    items.value.copyTo(t.json);
  }
  t.json.arrayEnd();
  return true;
}

function writeUser(): bool {
  if (!owner.readValue(metadata)) return true;
  if (userId.isText) {
    t.json.key("user");
    userId.copyTo(t.json);
  }
  return t.dropRest(owner);
}

/** `auto` is what both do without being told. */
function writeServiceTier(): bool {
  if (!serviceTier.present || serviceTier.is("auto")) return true;
  if (!serviceTier.is("standard_only")) return t.drop("service_tier");
  t.json.key("service_tier");
  t.json.ascii("default");
  return true;
}

function writeOutput(): bool {
  if (!config.readValue(outputConfig)) return !outputConfig.present || t.refuseType("output_config", "an object");
  if (configEffort.present) {
    if (!configEffort.isString) return t.refuseType("output_config.effort", "a string");
    t.json.key("reasoning_effort");
    configEffort.copyTo(t.json);
  }
  return t.dropRest(config) && (!configFormat.present || writeFormat());
}

/**
 * As it is within a chain. Plain chat knows efforts: a budget becomes one, unless the client names an effort itself.
 * Whether to think at all is then up to the model, as it is with `adaptive`.
 */
function writeThinking(inChain: bool): bool {
  if (!thinking.present) return true;
  if (!thought.readValue(thinking)) return t.refuseType("thinking", "an object");
  if (inChain) {
    t.json.key("thinking");
    thinking.copyTo(t.json);
    return true;
  }
  if (!thoughtType.is("enabled") || !thoughtBudget.isNumber || configEffort.present) return true;
  t.json.key("reasoning_effort");
  if (exceeds(thoughtBudget, BUDGET_HIGH - 1)) t.json.ascii("high");
  else t.json.ascii(exceeds(thoughtBudget, BUDGET_MEDIUM - 1) ? "medium" : "low");
  return true;
}

function writeExtensions(): bool {
  if (!copyNumber(topK)) return false;
  if (cacheControl.isObject) {
    t.json.key("cache_control");
    cacheControl.copyTo(t.json);
  }
  return true;
}

/** A schema is always strict in Messages; OpenAI wants a name for it. */
function writeFormat(): bool {
  if (!format.readValue(configFormat)) return t.refuseType("output_config.format", "an object");
  if (!formatType.is("json_schema")) return t.refuseValue("output_config.format.type", formatType, "use json_schema.");
  if (!formatSchema.isObject) return t.refuseType("output_config.format.schema", "an object");
  const json = t.json;
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
  return true;
}

/** Messages always tells the usage of a stream. */
function writeStreaming(): void {
  t.json.key("stream");
  t.json.boolean(true);
  t.json.key("stream_options");
  t.json.objectBegin();
  t.json.key("include_usage");
  t.json.boolean(true);
  t.json.objectEnd();
}
