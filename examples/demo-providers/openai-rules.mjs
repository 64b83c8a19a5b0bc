// What the OpenAI chat completions API accepts, from its public reference. Throws Refusal in that API's words.
import { checkQuirks, quirkFields } from "./openai-quirks.mjs";
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const ROLES = ["developer", "system", "user", "assistant", "tool", "function"];
const PARTS = {
  text: (part) => is.isText(part.text),
  image_url: (part) => is.isObject(part.image_url) && is.isText(part.image_url.url),
  input_audio: (part) => is.isObject(part.input_audio) && is.isText(part.input_audio.data),
  file: (part) => is.isObject(part.file),
  refusal: (part) => is.isText(part.refusal),
};
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const FIELDS = {
  model: [is.isText, "a string"],
  messages: [is.isListOf(is.isObject), "an array of objects"],
  stream: [is.isNullOr(is.isFlag), "a boolean"],
  stream_options: [is.isNullOr(is.isObject), "an object"],
  max_tokens: [is.isNullOr(is.isCount(1)), "an integer above or equal to 1"],
  max_completion_tokens: [is.isNullOr(is.isCount(1)), "an integer above or equal to 1"],
  temperature: [is.isNullOr(is.isNumberIn(0, 2)), "a decimal from 0 to 2"],
  top_p: [is.isNullOr(is.isNumberIn(0, 1)), "a decimal from 0 to 1"],
  presence_penalty: [is.isNullOr(is.isNumberIn(-2, 2)), "a decimal from -2 to 2"],
  frequency_penalty: [is.isNullOr(is.isNumberIn(-2, 2)), "a decimal from -2 to 2"],
  n: [is.isNullOr(is.isCount(1, 128)), "an integer from 1 to 128"],
  seed: [is.isNullOr(Number.isInteger), "an integer"],
  stop: [
    is.isNullOr((stop) => is.isText(stop) || (is.isListOf(is.isText)(stop) && stop.length <= 4)),
    "at most 4 strings",
  ],
  tools: [is.isListOf(is.isObject), "an array of objects"],
  tool_choice: [(choice) => is.isText(choice) || is.isObject(choice), "a string or an object"],
  parallel_tool_calls: [is.isFlag, "a boolean"],
  response_format: [is.isObject, "an object"],
  user: [is.isText, "a string"],
  metadata: [is.isNullOr(is.isObject), "an object"],
  logprobs: [is.isNullOr(is.isFlag), "a boolean"],
  top_logprobs: [is.isNullOr(is.isCount(0, 20)), "an integer from 0 to 20"],
  logit_bias: [is.isNullOr(is.isObject), "an object"],
  reasoning_effort: [is.isNullOr(is.isText), "a string"],
  service_tier: [is.isNullOr(is.isText), "a string"],
  store: [is.isNullOr(is.isFlag), "a boolean"],
  modalities: [is.isNullOr(is.isListOf(is.isText)), "an array of strings"],
  audio: [is.isNullOr(is.isObject), "an object"],
  prediction: [is.isNullOr(is.isObject), "an object"],
  web_search_options: [is.isObject, "an object"],
  functions: [is.isListOf(is.isObject), "an array of objects"],
  function_call: [(choice) => is.isText(choice) || is.isObject(choice), "a string or an object"],
  prompt_cache_key: [is.isText, "a string"],
  safety_identifier: [is.isText, "a string"],
  verbosity: [is.isNullOr(is.isText), "a string"],
};

const invalid = (param, message, code = null) => new Refusal(400, message, { param, code });

function invalidType(param, wanted) {
  throw invalid(param, `Invalid type for '${param}': expected ${wanted}.`, "invalid_type");
}

/** `strictFields` also refuses what the reference does not list; OpenAI does, most who speak its dialect do not. */
export function checkChat(body, { strictFields = false, quirks }) {
  if (!is.isObject(body)) throw invalid(null, "We could not parse the JSON body of your request.");
  for (const name of ["model", "messages"]) {
    if (body[name] === undefined)
      throw invalid(name, `Missing required parameter: '${name}'.`, "missing_required_parameter");
  }
  is.checkFields(body, FIELDS, "", invalidType);
  const unknown = is.unknownField(body, [...Object.keys(FIELDS), ...quirkFields(quirks)]);
  if (strictFields && unknown) throw invalid(unknown, `Unknown parameter: '${unknown}'.`, "unknown_parameter");
  if (body.messages.length === 0) throw invalid("messages", "Invalid 'messages': empty array.", "empty_array");
  if (body.stream_options != null && body.stream !== true) {
    throw invalid("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
  for (const [index, message] of body.messages.entries()) checkMessage(message, `messages[${index}]`);
  checkToolTurns(body.messages);
  checkTools(body);
  checkQuirks(body, quirks);
}

function checkMessage(message, path) {
  if (!ROLES.includes(message.role))
    throw invalid(
      `${path}.role`,
      `Invalid value: '${message.role}'. Supported values are: ${ROLES.join(", ")}.`,
      "invalid_value",
    );
  const calls =
    message.tool_calls !== undefined || message.function_call !== undefined || message.refusal !== undefined;
  const mayBeEmpty = message.role === "assistant" && calls;
  if (message.content === undefined || message.content === null) {
    if (!mayBeEmpty) throw invalid(`${path}.content`, `Invalid value for 'content': expected a string, got null.`);
  } else if (!is.isText(message.content)) checkParts(message.content, `${path}.content`);
  if (message.tool_calls !== undefined) checkCalls(message.tool_calls, `${path}.tool_calls`);
  if (message.role === "tool" && !is.isText(message.tool_call_id)) {
    throw invalid(
      `${path}.tool_call_id`,
      `Missing required parameter: '${path}.tool_call_id'.`,
      "missing_required_parameter",
    );
  }
}

function checkParts(parts, path) {
  if (!Array.isArray(parts)) invalidType(path, "a string or an array of objects");
  for (const [index, part] of parts.entries()) {
    if (!is.isObject(part) || !Object.hasOwn(PARTS, part.type) || !PARTS[part.type](part)) {
      throw invalid(
        `${path}[${index}]`,
        `Invalid value: '${path}[${index}]' is no supported content part.`,
        "invalid_value",
      );
    }
  }
}

function checkCalls(calls, path) {
  if (!Array.isArray(calls) || calls.length === 0)
    throw invalid(path, `Invalid '${path}': empty array.`, "empty_array");
  for (const [index, call] of calls.entries()) {
    const good =
      is.isText(call?.id) &&
      call.type === "function" &&
      is.isText(call.function?.name) &&
      is.isText(call.function?.arguments);
    if (!good)
      throw invalid(
        `${path}[${index}]`,
        `Missing required parameter in '${path}[${index}]'.`,
        "missing_required_parameter",
      );
  }
}

/** Calls are answered at once: every call by one tool message, and no tool message without a call. */
function checkToolTurns(messages) {
  let open = new Set();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id)) {
        throw invalid(
          `messages[${index}].role`,
          "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        );
      }
      continue;
    }
    refuseOpenCalls(open, index);
    open = new Set((message.tool_calls ?? []).map((call) => call.id));
  }
  refuseOpenCalls(open, messages.length);
}

function refuseOpenCalls(open, index) {
  if (open.size === 0) return;
  const ids = [...open].join(", ");
  throw invalid(
    `messages.[${index}].role`,
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids}`,
  );
}

function checkTools({ tools, tool_choice: choice, parallel_tool_calls: parallel }) {
  for (const [index, tool] of (tools ?? []).entries()) {
    if (tool.type !== "function" && tool.type !== "custom")
      throw invalid(`tools[${index}].type`, `Invalid value: '${tool.type}'.`, "invalid_value");
    if (tool.type === "function" && !TOOL_NAME.test(tool.function?.name ?? "")) {
      throw invalid(
        `tools[${index}].function.name`,
        `Invalid 'tools[${index}].function.name': string does not match pattern.`,
        "invalid_value",
      );
    }
  }
  const none = tools === undefined || tools.length === 0;
  if (none && choice !== undefined && choice !== "none")
    throw invalid("tool_choice", "'tool_choice' is only allowed when 'tools' are specified.");
  if (none && parallel !== undefined)
    throw invalid("parallel_tool_calls", "'parallel_tool_calls' is only allowed when 'tools' are specified.");
  if (is.isText(choice) && !["none", "auto", "required"].includes(choice))
    throw invalid("tool_choice", `Invalid value: '${choice}'.`, "invalid_value");
  if (is.isObject(choice) && !tools?.some((tool) => tool.function?.name === choice.function?.name)) {
    throw invalid("tool_choice", "Invalid value for 'tool_choice': no such function in 'tools'.");
  }
}
