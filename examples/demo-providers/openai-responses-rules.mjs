// What the OpenAI Responses API accepts, from its public reference. Throws Refusal in that API's words.
// https://platform.openai.com/docs/api-reference/responses/create
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const text = [is.isNullOr(is.isText), "a string"];
const flag = [is.isNullOr(is.isFlag), "a boolean"];
const object = [is.isNullOr(is.isObject), "an object"];
const FIELDS = {
  model: [is.isText, "a string"],
  input: [(input) => is.isText(input) || is.isListOf(is.isObject)(input), "a string or an array of objects"],
  instructions: text,
  previous_response_id: text,
  stream: flag,
  stream_options: object,
  max_output_tokens: [is.isNullOr(is.isCount(16)), "an integer above or equal to 16"],
  max_tool_calls: [is.isNullOr(is.isCount(1)), "an integer above or equal to 1"],
  temperature: [is.isNullOr(is.isNumberIn(0, 2)), "a decimal from 0 to 2"],
  top_p: [is.isNullOr(is.isNumberIn(0, 1)), "a decimal from 0 to 1"],
  top_logprobs: [is.isNullOr(is.isCount(0, 20)), "an integer from 0 to 20"],
  tools: [is.isListOf(is.isObject), "an array of objects"],
  tool_choice: [(choice) => is.isText(choice) || is.isObject(choice), "a string or an object"],
  parallel_tool_calls: flag,
  text: object,
  reasoning: object,
  include: [is.isNullOr(is.isListOf(is.isText)), "an array of strings"],
  metadata: object,
  store: flag,
  background: flag,
  truncation: [is.isNullOr(is.isOneOf("auto", "disabled")), "auto or disabled"],
  service_tier: text,
  user: text,
  safety_identifier: text,
  prompt_cache_key: text,
  prompt_cache_retention: text,
  conversation: [() => true, "a conversation"],
  prompt: object,
};
const ROLES = ["user", "assistant", "system", "developer"];
const PARTS = {
  input_text: (part) => is.isText(part.text),
  output_text: (part) => is.isText(part.text),
  refusal: (part) => is.isText(part.refusal),
  input_image: (part) => is.isText(part.image_url) || is.isText(part.file_id),
  input_file: (part) => is.isText(part.file_data) || is.isText(part.file_id) || is.isText(part.file_url),
  input_audio: (part) => is.isObject(part.input_audio),
};
const ITEMS = {
  message: (item) => ROLES.includes(item.role) && isContent(item.content),
  function_call: (item) => is.isText(item.call_id) && is.isText(item.name) && is.isText(item.arguments),
  function_call_output: (item) => is.isText(item.call_id) && isContent(item.output),
  reasoning: (item) => Array.isArray(item.summary),
  item_reference: (item) => is.isText(item.id),
};
const ID_CHARACTERS_MAX = 64;
const SECRET = /^gAAAA/;

const isPart = (part) => is.isObject(part) && Object.hasOwn(PARTS, part.type) && PARTS[part.type](part);
const isContent = (content) => is.isText(content) || is.isListOf(isPart)(content);
const invalid = (param, message, code = null) => new Refusal(400, message, { param, code });

/** An array of items, whatever form the input has. */
export const itemsOf = (input) =>
  is.isText(input) ? [{ type: "message", role: "user", content: input }] : (input ?? []);

export function checkResponses(body) {
  if (!is.isObject(body)) throw invalid(null, "We could not parse the JSON body of your request.");
  if (body.model === undefined)
    throw invalid("model", "Missing required parameter: 'model'.", "missing_required_parameter");
  is.checkFields(body, FIELDS, "", (param, wanted) => {
    throw invalid(param, `Invalid type for '${param}': expected ${wanted}.`, "invalid_type");
  });
  const unknown = is.unknownField(body, Object.keys(FIELDS));
  if (unknown) throw invalid(unknown, `Unknown parameter: '${unknown}'.`, "unknown_parameter");
  for (const [index, item] of itemsOf(body.input).entries()) checkItem(item, `input[${index}]`);
  for (const [index, tool] of (body.tools ?? []).entries()) {
    if (tool.type === "function" && !is.isText(tool.name))
      throw invalid(
        `tools[${index}].name`,
        `Missing required parameter: 'tools[${index}].name'.`,
        "missing_required_parameter",
      );
  }
}

function checkItem(item, path) {
  const type = item.type ?? "message";
  if (!Object.hasOwn(ITEMS, type)) throw invalid(path, `Invalid value: '${type}'.`, "invalid_value");
  if (item.id != null && !(is.isText(item.id) && item.id.length <= ID_CHARACTERS_MAX)) {
    throw invalid(`${path}.id`, `Invalid '${path}.id': string too long.`, "string_above_max_length");
  }
  if (!ITEMS[type](item)) throw invalid(path, `Invalid '${path}': no valid ${type}.`, "invalid_value");
  if (type === "reasoning" && item.encrypted_content != null && !SECRET.test(item.encrypted_content)) {
    throw invalid(path, "The encrypted content could not be verified.", "invalid_encrypted_content");
  }
}

/** Every output of a function answers a call of this conversation. */
export function checkCalls(items) {
  const calls = new Set(items.filter(({ type }) => type === "function_call").map(({ call_id: id }) => id));
  for (const { type, call_id: id } of items) {
    if (type === "function_call_output" && !calls.has(id))
      throw invalid("input", `No tool call found for function call output with call_id ${id}.`);
  }
}
