// What the Anthropic Messages API accepts, from its public reference, in the versions 2023-06-01 and 2026-10-21. Throws Refusal in that API's words.
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const ID = /^[a-zA-Z0-9_-]+$/;

/** Version 2026-10-21 took these away: naming one is an error, whatever its value. */
const SAMPLING_FIELDS = ["temperature", "top_p", "top_k"];

const FIELDS = {
  model: [is.isText, "Input should be a valid string"],
  messages: [is.isListOf(is.isObject), "Input should be a valid list"],
  max_tokens: [is.isCount(1), "Input should be greater than or equal to 1"],
  system: [(system) => is.isText(system) || Array.isArray(system), "Input should be a valid string or list"],
  stream: [is.isFlag, "Input should be a valid boolean"],
  temperature: [is.isNumberIn(0, 1), "range: 0..1"],
  top_p: [is.isNumberIn(0, 1), "range: 0..1"],
  top_k: [is.isCount(0), "Input should be a valid integer"],
  stop_sequences: [
    is.isListOf((text) => is.isText(text) && text.trim() !== ""),
    "each stop sequence must contain non-whitespace",
  ],
  tools: [is.isListOf(is.isObject), "Input should be a valid list"],
  tool_choice: [is.isObject, "Input should be a valid dictionary"],
  metadata: [is.isObject, "Input should be a valid dictionary"],
  thinking: [is.isObject, "Input should be a valid dictionary"],
  service_tier: [is.isOneOf("auto", "standard_only"), "Input should be 'auto' or 'standard_only'"],
  container: [is.isNullOr(is.isText), "Input should be a valid string"],
  context_management: [is.isNullOr(is.isObject), "Input should be a valid dictionary"],
  mcp_servers: [is.isListOf(is.isObject), "Input should be a valid list"],
  cache_control: [is.isNullOr(is.isObject), "Input should be a valid dictionary"],
  inference_geo: [is.isNullOr(is.isText), "Input should be a valid string"],
  speed: [is.isNullOr(is.isOneOf("standard", "fast")), "Input should be 'standard' or 'fast'"],
  output_config: [is.isObject, "Input should be a valid dictionary"],
};

const invalid = (path, message) => new Refusal(400, `${path}: ${message}`);

function refuse(path, message) {
  throw invalid(path, message);
}

/**
 * @param {{ version?: string, strictFields?: boolean, requireAlternation?: boolean }} options  Anthropic refuses unknown fields, and joins
 *   neighbouring turns of one role; `requireAlternation` refuses these, as some who speak its dialect do
 */
export function checkMessages(body, { version, strictFields = true, requireAlternation = false }) {
  if (!is.isObject(body)) throw new Refusal(400, "The request body is not valid JSON");
  for (const name of ["model", "max_tokens", "messages"]) if (body[name] === undefined) refuse(name, "Field required");
  is.checkFields(body, FIELDS, "", refuse);
  const unknown = is.unknownField(body, Object.keys(FIELDS));
  if (strictFields && unknown) refuse(unknown, "Extra inputs are not permitted");
  if (body.messages.length === 0) refuse("messages", "at least one message is required");
  if (Array.isArray(body.system))
    for (const [index, block] of body.system.entries()) checkText(block, `system.${index}`);
  for (const [index, message] of body.messages.entries()) {
    checkMessage(message, `messages.${index}`, index === body.messages.length - 1);
  }
  checkTurns(body.messages, requireAlternation);
  if (body.thinking?.type === "enabled") checkThoughts(body.messages);
  if (version === "2026-10-21") checkVersion2026(body);
  checkTools(body);
}

function checkMessage({ role, content, ...rest }, path, isLast) {
  if (role !== "user" && role !== "assistant")
    refuse(
      path,
      `Unexpected role "${role}". The Messages API accepts a top-level \`system\` parameter; roles are "user" and "assistant".`,
    );
  const extra = Object.keys(rest)[0];
  if (extra) refuse(`${path}.${extra}`, "Extra inputs are not permitted");
  const mayBeEmpty = isLast && role === "assistant";
  if (content === undefined) refuse(`${path}.content`, "Field required");
  if (!is.isText(content) && !Array.isArray(content))
    refuse(`${path}.content`, "Input should be a valid string or list");
  if (content.length === 0 && !mayBeEmpty)
    refuse(path, "all messages must have non-empty content except for the optional final assistant message");
  if (is.isText(content)) {
    if (mayBeEmpty && /\s$/.test(content))
      refuse("messages", "final assistant content cannot end with trailing whitespace");
    return;
  }
  for (const [index, block] of content.entries()) checkBlock(block, `${path}.content.${index}`, role);
}

/** Whoever thinks goes on from its own thoughts while tools are at work. */
function checkThoughts(messages) {
  const results = messages.at(-1).content;
  const [first] = messages.at(-2)?.content ?? [];
  if (!Array.isArray(results) || !results.some(({ type }) => type === "tool_result")) return;
  if (first.type === "thinking" || first.type === "redacted_thinking") return;
  refuse(
    `messages.${messages.length - 2}.content.0.type`,
    `Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block`,
  );
}

const BLOCKS = {
  text: { roles: ["user", "assistant"], check: checkText },
  image: { roles: ["user"], check: checkImage },
  document: {
    roles: ["user", "assistant"],
    check: (block, path) => is.isObject(block.source) || refuse(`${path}.source`, "Field required"),
  },
  tool_use: { roles: ["assistant"], check: checkToolUse },
  tool_result: { roles: ["user"], check: checkToolResult },
  thinking: {
    roles: ["assistant"],
    check: (block, path) => is.isText(block.signature) || refuse(`${path}.signature`, "Field required"),
  },
  redacted_thinking: {
    roles: ["assistant"],
    check: (block, path) => is.isText(block.data) || refuse(`${path}.data`, "Field required"),
  },
};

function checkBlock(block, path, role) {
  const kind = is.isObject(block) && Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : undefined;
  if (!kind) refuse(path, `Input tag '${block?.type}' found using 'type' does not match any of the expected tags`);
  if (!kind.roles.includes(role)) refuse(path, `\`${block.type}\` blocks can only be in \`${kind.roles[0]}\` messages`);
  kind.check(block, path);
}

function checkText(block, path) {
  if (!is.isObject(block) || block.type !== "text" || !is.isText(block.text)) refuse(`${path}.text`, "Field required");
  if (block.text === "") refuse(path, "text content blocks must be non-empty");
}

function checkImage({ source }, path) {
  if (source?.type === "url" && is.isText(source.url)) return;
  if (source?.type === "file" && is.isText(source.file_id)) return;
  if (source?.type !== "base64")
    refuse(`${path}.source`, "Input tag does not match any of the expected tags: 'base64', 'url'");
  if (!IMAGE_TYPES.includes(source.media_type))
    refuse(`${path}.source.media_type`, `Input should be ${IMAGE_TYPES.join(", ")}`);
  if (!is.isText(source.data) || !/^[A-Za-z0-9+/]+={0,2}$/.test(source.data))
    refuse(`${path}.source.base64`, "invalid base64 data");
}

function checkToolUse({ id, name, input }, path) {
  if (!is.isText(id) || !ID.test(id)) refuse(`${path}.id`, "String should match pattern '^[a-zA-Z0-9_-]+$'");
  if (!is.isText(name) || !NAME.test(name))
    refuse(`${path}.name`, "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
  if (!is.isObject(input)) refuse(`${path}.input`, "Input should be a valid dictionary");
}

function checkToolResult({ tool_use_id: id, content }, path) {
  if (!is.isText(id)) refuse(`${path}.tool_use_id`, "Field required");
  if (content === undefined || is.isText(content)) return;
  if (!Array.isArray(content)) refuse(`${path}.content`, "Input should be a valid string or list");
  for (const [index, block] of content.entries()) checkBlock(block, `${path}.content.${index}`, "user");
}

function checkVersion2026(body) {
  const gone = SAMPLING_FIELDS.find((name) => body[name] !== undefined);
  if (gone) refuse(gone, "Extra inputs are not permitted");
  for (const [index, { role, content }] of body.messages.entries()) {
    const refused = (block) => (role === "assistant" ? block.type === "document" : block.citations?.length > 0);
    if (!is.isText(content) && content.some(refused)) {
      refuse(
        `messages.${index}.content`,
        role === "assistant" ? "`document` blocks are not permitted" : "`citations` are not permitted",
      );
    }
  }
}

/** Neighbours of one role count as one turn; calls are answered in the very next turn, before anything else in it. */
function checkTurns(messages, requireAlternation) {
  if (messages[0].role !== "user") refuse("messages", 'first message must use the "user" role');
  const turns = [];
  for (const { role, content } of messages) {
    const blocks = is.isText(content) ? [{ type: "text", text: content }] : content;
    if (turns.at(-1)?.role !== role) turns.push({ role, blocks: [...blocks] });
    else if (requireAlternation) refuse("messages", 'roles must alternate between "user" and "assistant"');
    else turns.at(-1).blocks.push(...blocks);
  }
  for (const [index, { blocks }] of turns.entries()) {
    checkResults(blocks, turns[index - 1]?.blocks ?? [], `messages.${index}`);
    if (blocks.some(({ type }) => type === "tool_use") && turns[index + 1] === undefined) {
      refuse(`messages.${index}`, "`tool_use` ids were found without `tool_result` blocks immediately after");
    }
  }
}

function checkResults(blocks, previous, path) {
  const called = previous.filter(({ type }) => type === "tool_use").map(({ id }) => id);
  const answered = blocks.filter(({ type }) => type === "tool_result").map(({ tool_use_id: id }) => id);
  const missing = called.filter((id) => !answered.includes(id));
  const stray = answered.find((id) => !called.includes(id));
  if (stray)
    refuse(
      path,
      `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
    );
  if (missing.length > 0)
    refuse(
      path,
      `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  if (new Set(answered).size < answered.length) refuse(path, "each tool_use must have a single result");
  const tail = blocks.findLastIndex(({ type }) => type === "tool_result");
  if (blocks.slice(0, tail + 1).some(({ type }) => type !== "tool_result")) {
    refuse(path, "`tool_result` blocks must come first in the content of a message");
  }
}

function checkTools({ tools, tool_choice: choice }) {
  for (const [index, tool] of (tools ?? []).entries()) {
    if (tool.type !== undefined && tool.type !== "custom") continue; // tools that the provider runs itself
    if (!is.isText(tool.name) || !NAME.test(tool.name))
      refuse(`tools.${index}.custom.name`, "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
    if (!is.isObject(tool.input_schema)) refuse(`tools.${index}.custom.input_schema`, "Field required");
    if (tool.input_schema.type !== "object")
      refuse(`tools.${index}.custom.input_schema.type`, "Input should be 'object'");
  }
  const names = (tools ?? []).map(({ name }) => name);
  if (new Set(names).size < names.length) refuse("tools", "Tool names must be unique.");
  if (choice === undefined) return;
  if (!["auto", "any", "tool", "none"].includes(choice.type))
    refuse("tool_choice", "Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'");
  if (names.length === 0) refuse("tool_choice", "tool_choice may only be specified while providing tools");
  if (choice.type === "tool" && !names.includes(choice.name))
    refuse("tool_choice", `Tool '${choice.name}' not found in provided tools`);
}
