// A Responses request as a chat completion request. Whatever refers to state that the provider holds is refused, because
// no provider of chat holds any; what only tunes, labels or stores is dropped. Members may come in any order.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { conversationFields, writeConversation } from "./responses-to-chat-conversation";
import { writeEcho } from "./responses-to-chat-echo";
import { toolFields, writeTools } from "./responses-to-chat-tools";

const request = new Fields();
const input = request.add("input", Use.MAPPED);
const instructions = request.add("instructions", Use.MAPPED, "messages");
const maxOutputTokens = request.add("max_output_tokens", Use.MAPPED, "max_completion_tokens");
const tools = request.add("tools", Use.MAPPED);
const toolChoice = request.add("tool_choice", Use.MAPPED);
const parallelToolCalls = request.add("parallel_tool_calls", Use.NATIVE);
const text = request.add("text", Use.MAPPED);
const reasoning = request.add("reasoning", Use.MAPPED);
const temperature = request.add("temperature", Use.NATIVE);
const topP = request.add("top_p", Use.NATIVE);
const topLogprobs = request.add("top_logprobs", Use.MAPPED);
const include = request.add("include", Use.MAPPED);
const user = request.add("user", Use.NATIVE);
const safetyIdentifier = request.add("safety_identifier", Use.NATIVE);
const promptCacheKey = request.add("prompt_cache_key", Use.NATIVE);
const promptCacheRetention = request.add("prompt_cache_retention", Use.NATIVE);
const serviceTier = request.add("service_tier", Use.NATIVE);
// Chat has it for what is stored only; a back behind this front may have a place for it.
const metadata = request.add("metadata", Use.DROPPED);
const store = request.add("store", Use.DROPPED);
const truncation = request.add("truncation", Use.DROPPED);
request.add("max_tool_calls", Use.DROPPED);
const previousResponseId = request.add("previous_response_id", Use.REFUSED);
const conversation = request.add("conversation", Use.REFUSED);
const prompt = request.add("prompt", Use.REFUSED);
const background = request.add("background", Use.REFUSED);
request.add("model");
request.add("stream");
request.add("stream_options");

const output = new Fields("text.");
const format = output.add("format", Use.MAPPED, "response_format");
const verbosity = output.add("verbosity", Use.MAPPED, "verbosity");
const schema = new Fields("text.format.");
const schemaType = schema.add("type");
const schemaName = schema.add("name", Use.MAPPED);
const schemaText = schema.add("description", Use.MAPPED);
const schemaItself = schema.add("schema", Use.MAPPED);
const schemaStrict = schema.add("strict", Use.MAPPED);

const thought = new Fields("reasoning.");
const effort = thought.add("effort", Use.MAPPED, "reasoning_effort");
// What a provider of chat shows of its thoughts is always given as the summary.
thought.add("summary");
thought.add("generate_summary");

const items = new Items();
const t = new Translation();

export const requestFields: Fields[] = [request, output, schema, thought, conversationFields, toolFields];

/** `TRANSLATED`, or the `ErrorCode` for the client; `echo` gets the members that the reply repeats. */
export function writeChatRequest(
  plan: Plan,
  inChain: bool,
  body: usize,
  length: i32,
  out: ByteWriter,
  notes: Notes,
  echo: ByteWriter,
): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (checkState()) {
    writeEcho(request, echo);
    writeRequest(plan, inChain);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function checkState(): bool {
  const mend = "send the whole conversation in input.";
  if (previousResponseId.present) return t.refuseField("previous_response_id", mend);
  if (conversation.present) return t.refuseField("conversation", mend);
  if (background.isTrue) return t.refuseField("background", "wait for the answer, or ask for a stream.");
  if (prompt.present) return t.refuseField("prompt", "send the prompt itself in instructions and input.");
  return true;
}

function writeRequest(plan: Plan, inChain: bool): void {
  const json = t.json;
  json.objectBegin();
  json.key("model");
  json.rawString(plan.modelPointer, plan.modelLength);
  if (!copyNumber(maxOutputTokens, "max_completion_tokens")) return;
  if (!copyNumber(temperature, "temperature") || !copyNumber(topP, "top_p")) return;
  if (!copyText(user) || !copyText(safetyIdentifier) || !copyText(promptCacheKey)) return;
  if (!copyText(promptCacheRetention) || !copyText(serviceTier)) return;
  if (!writeLogprobs() || !writeText() || !writeReasoning() || !writeMetadata(inChain)) return;
  if (!writeTools(t, tools, toolChoice)) return;
  if (!tools.isEmpty && tools.present && parallelToolCalls.present) {
    json.key("parallel_tool_calls");
    parallelToolCalls.copyTo(json);
  }
  if (!writeConversation(t, inChain, instructions, input)) return;
  if (plan.streaming) writeStreaming();
  // Nothing is stored and nothing is truncated: who asks for just that loses nothing.
  if (!store.isTrue) store.clear();
  if (truncation.is("disabled")) truncation.clear();
  if (t.dropRest(request)) json.objectEnd();
}

function copyNumber(value: Value, name: string): bool {
  if (!value.present) return true;
  if (!value.isNumber) return t.refuseType(value.name, "a number");
  t.json.key(name);
  value.copyTo(t.json);
  return true;
}

function copyText(value: Value): bool {
  if (!value.present) return true;
  if (!value.isString) return t.refuseType(value.name, "a string");
  t.json.key(value.name);
  value.copyTo(t.json);
  return true;
}

/** The number of alternatives, or the wish to see the probabilities at all, in `include`. */
function writeLogprobs(): bool {
  let wanted = topLogprobs.isNumber && topLogprobs.count > 0;
  if (topLogprobs.present && !topLogprobs.isNumber) return t.refuseType("top_logprobs", "a number");
  if (include.present && !items.begin(include)) return t.refuseType("include", "an array of strings");
  while (items.next()) {
    const value = items.value;
    if (!value.isString) return t.refuseType("include", "an array of strings");
    if (value.is("message.output_text.logprobs")) wanted = true;
    // Signatures come with every reasoning item; all others show what the provider's own tools did.
    else if (!value.is("reasoning.encrypted_content") && !t.drop("include")) return false;
  }
  if (!wanted) return true;
  t.json.key("logprobs");
  t.json.boolean(true);
  if (topLogprobs.count == 0) return true;
  t.json.key("top_logprobs");
  topLogprobs.copyTo(t.json);
  return true;
}

function writeText(): bool {
  if (!output.readValue(text)) return !text.present || t.refuseType("text", "an object");
  if (verbosity.present) {
    if (!verbosity.isString) return t.refuseType("text.verbosity", "a string");
    t.json.key("verbosity");
    verbosity.copyTo(t.json);
  }
  return t.dropRest(output) && (!format.present || writeFormat());
}

function writeFormat(): bool {
  if (!schema.readValue(format)) return t.refuseType("text.format", "an object");
  if (schemaType.is("text")) return true;
  const json = t.json;
  if (schemaType.is("json_object")) {
    json.key("response_format");
    json.objectBegin();
    json.key("type");
    json.ascii("json_object");
    json.objectEnd();
    return true;
  }
  if (!schemaType.is("json_schema")) return t.refuseValue("text.format.type", schemaType, "use json_schema.");
  if (!schemaName.isText) return t.refuseType("text.format.name", "a string");
  if (!schemaItself.isObject) return t.refuseType("text.format.schema", "an object");
  json.key("response_format");
  json.objectBegin();
  json.key("type");
  json.ascii("json_schema");
  json.key("json_schema");
  json.objectBegin();
  json.key("name");
  schemaName.copyTo(json);
  copyIfPresent(schemaText);
  copyIfPresent(schemaStrict);
  json.key("schema");
  schemaItself.copyTo(json);
  json.objectEnd();
  json.objectEnd();
  return t.dropRest(schema);
}

function copyIfPresent(value: Value): void {
  if (!value.present) return;
  t.json.key(value.name);
  value.copyTo(t.json);
}

function writeReasoning(): bool {
  if (!thought.readValue(reasoning)) return !reasoning.present || t.refuseType("reasoning", "an object");
  if (effort.present) {
    if (!effort.isString) return t.refuseType("reasoning.effort", "a string");
    t.json.key("reasoning_effort");
    effort.copyTo(t.json);
  }
  return t.dropRest(thought);
}

function writeMetadata(inChain: bool): bool {
  if (!metadata.present || metadata.isEmpty) {
    metadata.clear();
    return true;
  }
  if (!metadata.isObject) return t.refuseType("metadata", "an object");
  if (!inChain) return true;
  t.json.key("metadata");
  metadata.copyTo(t.json);
  metadata.clear();
  return true;
}

/** A response always tells its usage. */
function writeStreaming(): void {
  t.json.key("stream");
  t.json.boolean(true);
  t.json.key("stream_options");
  t.json.objectBegin();
  t.json.key("include_usage");
  t.json.boolean(true);
  t.json.objectEnd();
}
