// A Messages request as a chat completion request. What changes the answer and has no counterpart is refused by name; what
// only tunes or labels is dropped; docs/translation.md lists both. Members may come in any order.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { writeConversation } from "./messages-to-chat-conversation";
import { writeTools } from "./messages-to-chat-tools";

/** More than that is an error at OpenAI. */
const STOP_SEQUENCES_MAX: i32 = 4;

const request = new Fields();
const messages = request.add("messages");
const system = request.add("system");
const maxTokens = request.add("max_tokens");
const temperature = request.add("temperature");
const topP = request.add("top_p");
const stopSequences = request.add("stop_sequences");
const tools = request.add("tools");
const toolChoice = request.add("tool_choice");
const metadata = request.add("metadata");
const outputConfig = request.add("output_config");
// Refused: they name things that only the other provider has, or promise where data is worked on.
const container = request.add("container");
const mcpServers = request.add("mcp_servers");
const inferenceGeo = request.add("inference_geo");

const owner = new Fields();
const userId = owner.add("user_id");
const config = new Fields();
const configEffort = config.add("effort");
const configFormat = config.add("format");
const format = new Fields();
const formatType = format.add("type");
const formatSchema = format.add("schema");

const items = new Items();
const t = new Translation();

/** `TRANSLATED`, or the `ErrorCode` for the client, with its reason in `detail`. */
export function writeChatRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
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
  if (!writeMaxTokens()) return;
  if (!copyNumber(temperature) || !copyNumber(topP) || !writeStop() || !writeUser() || !writeOutput()) return;
  if (!writeTools(t, tools, toolChoice)) return;
  if (!writeConversation(t, system, messages)) return;
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
  if (!owner.readValue(metadata) || !userId.isText) return true;
  t.json.key("user");
  userId.copyTo(t.json);
  return true;
}

function writeOutput(): bool {
  if (!config.readValue(outputConfig)) return !outputConfig.present || t.refuseType("output_config", "an object");
  if (configEffort.present) {
    if (!configEffort.isString) return t.refuseType("output_config.effort", "a string");
    t.json.key("reasoning_effort");
    configEffort.copyTo(t.json);
  }
  return !configFormat.present || writeFormat();
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
