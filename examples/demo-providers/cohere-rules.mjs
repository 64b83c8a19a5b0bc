// What Cohere's v2 Chat, Rerank and Embed accept, from their public reference. Throws Refusal in that API's words.
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const isDocument = (value) => is.isText(value) || (is.isObject(value) && is.isObject(value.data));

const CHAT_FIELDS = {
  stream: [is.isFlag, "a boolean"],
  model: [is.isText, "a string"],
  messages: [is.isListOf(is.isObject), "a list of messages"],
  tools: [is.isListOf(is.isObject), "a list of tools"],
  strict_tools: [is.isFlag, "a boolean"],
  documents: [is.isListOf(isDocument), "a list of strings or documents"],
  citation_options: [
    (value) =>
      is.isObject(value) && is.isOneOf(undefined, "ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF")(value.mode),
    "an object with a known mode",
  ],
  response_format: [
    (value) =>
      is.isObject(value) &&
      is.isOneOf("text", "json_object")(value.type) &&
      (value.json_schema === undefined || (value.type === "json_object" && is.isObject(value.json_schema))),
    "text or json_object, the latter with or without a json_schema",
  ],
  safety_mode: [is.isOneOf("CONTEXTUAL", "STRICT", "OFF"), "CONTEXTUAL, STRICT or OFF"],
  max_tokens: [is.isCount(0), "an integer from 0"],
  stop_sequences: [(value) => is.isListOf(is.isText)(value) && value.length <= 5, "at most 5 strings"],
  temperature: [is.isNumberIn(0, Number.MAX_VALUE), "a number from 0"],
  seed: [is.isCount(0), "an integer from 0"],
  frequency_penalty: [is.isNumberIn(0, 1), "a number from 0 to 1"],
  presence_penalty: [is.isNumberIn(0, 1), "a number from 0 to 1"],
  k: [is.isNumberIn(0, 500), "a number from 0 to 500"],
  p: [is.isNumberIn(0.01, 0.99), "a number from 0.01 to 0.99"],
  logprobs: [is.isFlag, "a boolean"],
  tool_choice: [is.isOneOf("REQUIRED", "NONE"), "REQUIRED or NONE"],
  thinking: [
    (value) =>
      is.isObject(value) &&
      is.isOneOf("enabled", "disabled")(value.type) &&
      (value.token_budget === undefined || is.isCount(1)(value.token_budget)),
    "an object with a type and perhaps a token_budget",
  ],
  priority: [is.isCount(0, 999), "an integer from 0 to 999"],
};

const EMBED_FIELDS = {
  model: [is.isText, "a string"],
  input_type: [
    is.isOneOf("search_document", "search_query", "classification", "clustering", "image"),
    "a known input type",
  ],
  texts: [(value) => is.isListOf(is.isText)(value) && value.length <= 96, "at most 96 strings"],
  embedding_types: [
    is.isListOf(is.isOneOf("float", "int8", "uint8", "binary", "ubinary", "base64")),
    "a list of types",
  ],
  output_dimension: [is.isOneOf(256, 512, 1024, 1536), "256, 512, 1024 or 1536"],
  max_tokens: [is.isCount(1), "an integer from 1"],
  truncate: [is.isOneOf("NONE", "START", "END"), "NONE, START or END"],
};

const RERANK_FIELDS = {
  model: [is.isText, "a string"],
  query: [is.isText, "a string"],
  documents: [is.isListOf(is.isText), "a list of strings"],
  top_n: [is.isCount(1), "an integer from 1"],
  max_tokens_per_doc: [is.isCount(1), "an integer from 1"],
  priority: [is.isCount(0, 999), "an integer from 0 to 999"],
};

const MESSAGE_FIELDS = {
  system: ["role", "content"],
  user: ["role", "content"],
  assistant: ["role", "content", "tool_calls", "tool_plan", "citations"],
  tool: ["role", "content", "tool_call_id"],
};

const PARTS = {
  text: (part) => is.isText(part.text) && only(part, "type", "text"),
  image_url: ({ image_url: image }) =>
    is.isObject(image) && is.isText(image.url) && is.isOneOf(undefined, "auto", "low", "high")(image.detail),
  thinking: (part) => is.isText(part.thinking) && only(part, "type", "thinking"),
  document: (part) => is.isObject(part.document) && is.isObject(part.document.data),
};
const PARTS_OF = {
  system: ["text"],
  user: ["text", "image_url"],
  assistant: ["text", "thinking"],
  tool: ["text", "document"],
};

const only = (object, ...known) => is.unknownField(object, known) === undefined;

function refuse(message, status = 400) {
  throw new Refusal(status, `invalid request: ${message}`);
}

function checkKnown(body, fields, required) {
  if (!is.isObject(body)) refuse("body is not JSON");
  for (const name of required) if (body[name] === undefined) refuse(`${name} is required`);
  const unknown = is.unknownField(body, Object.keys(fields));
  if (unknown) throw new Refusal(422, `unknown field: parameter '${unknown}' is not a valid field`);
  is.checkFields(body, fields, "", (name, wanted) => refuse(`${name} must be ${wanted}`));
}

export function checkEmbed(body) {
  checkKnown(body, EMBED_FIELDS, ["model", "input_type", "texts"]);
}

export function checkRerank(body) {
  checkKnown(body, RERANK_FIELDS, ["model", "query", "documents"]);
}

export function checkChat(body) {
  checkKnown(body, CHAT_FIELDS, ["model", "messages"]);
  if (body.messages.length === 0) refuse("messages must not be empty");
  for (const [index, message] of body.messages.entries()) checkMessage(message, `messages[${index}]`);
  checkToolTurns(body.messages);
  checkTools(body);
  if (body.safety_mode !== undefined && (body.tools !== undefined || body.documents !== undefined)) {
    refuse("safety_mode is not configurable in combination with tools and documents");
  }
}

function checkMessage(message, path) {
  const { role, content } = message;
  if (!Object.hasOwn(MESSAGE_FIELDS, role)) refuse(`${path}.role '${role}' is not a valid role`);
  const unknown = is.unknownField(message, MESSAGE_FIELDS[role]);
  if (unknown) throw new Refusal(422, `unknown field: parameter '${path}.${unknown}' is not a valid field`);
  if (content === undefined) {
    if (role !== "assistant" || message.tool_calls === undefined) refuse(`${path} must have content`);
  } else if (!is.isText(content)) {
    checkParts(content, role, path);
  }
  if (role === "tool" && !is.isText(message.tool_call_id)) refuse(`${path}.tool_call_id is required`);
  if (message.tool_plan !== undefined && !is.isText(message.tool_plan)) refuse(`${path}.tool_plan must be a string`);
  for (const call of message.tool_calls ?? []) checkCall(call, path);
}

function checkParts(content, role, path) {
  if (!Array.isArray(content) || content.length === 0) refuse(`${path}.content must be a string or a list`);
  for (const part of content) {
    const known = is.isObject(part) && PARTS_OF[role].includes(part.type);
    if (!known || !PARTS[part.type](part)) refuse(`${path}.content has a part that ${role} messages cannot have`);
  }
}

function checkCall(call, path) {
  const named = is.isObject(call) && is.isText(call.id) && call.type === "function" && is.isText(call.function?.name);
  if (!named || !is.isText(call.function.arguments)) refuse(`${path}.tool_calls has an invalid call`);
  try {
    JSON.parse(call.function.arguments);
  } catch {
    refuse(`${path}.tool_calls has arguments that are not JSON`);
  }
}

/** Results follow their calls, every call has one. */
function checkToolTurns(messages) {
  let open = [];
  for (const { role, tool_calls: calls, tool_call_id: id } of messages) {
    if (role === "tool") {
      if (!open.includes(id)) refuse(`cannot find a tool call with id '${id}' in the preceding messages`);
      open = open.filter((other) => other !== id);
    } else if (open.length > 0) {
      refuse(`tool call id not found in the tool messages: ${open.join(", ")}`);
    }
    if (calls) open = calls.map((call) => call.id);
  }
  if (open.length > 0) refuse(`tool call id not found in the tool messages: ${open.join(", ")}`);
}

function checkTools({ tools, tool_choice: choice }) {
  if (choice !== undefined && (tools ?? []).length === 0) refuse("tool_choice needs tools");
  for (const tool of tools ?? []) {
    const { type, function: definition } = tool;
    if (type !== "function" || !is.isObject(definition) || !is.isText(definition.name)) refuse("invalid tool");
    if (!only(tool, "type", "function") || !only(definition, "name", "description", "parameters")) {
      throw new Refusal(422, `unknown field: in tool '${definition.name}'`);
    }
    if (!is.isObject(definition.parameters)) refuse(`parameters of tool '${definition.name}' are required`);
  }
}
