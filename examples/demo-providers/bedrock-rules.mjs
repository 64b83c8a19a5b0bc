// What Bedrock's Converse accepts, from its public reference. Throws Refusal in that API's words.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const TOOL_USE_ID = /^[a-zA-Z0-9_.:-]{1,64}$/;
const LABEL = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;
const DOCUMENT_NAME = /^(?!.*\s\s)[a-zA-Z0-9\s()[\]-]{1,200}$/;
const FORMATS = {
  image: ["png", "jpeg", "gif", "webp"],
  document: ["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"],
  video: ["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"],
  audio: ["mp3", "opus", "wav", "aac", "flac", "mp4", "ogg"],
};
const FIELDS = [
  "messages",
  "system",
  "inferenceConfig",
  "toolConfig",
  "guardrailConfig",
  "additionalModelRequestFields",
  "promptVariables",
  "additionalModelResponseFieldPaths",
  "requestMetadata",
  "performanceConfig",
  "serviceTier",
  "outputConfig",
];

function refuse(path, message) {
  throw new Refusal(400, `${path}: ${message}`);
}

function expectFields(value, path, allowed, required = []) {
  if (!is.isObject(value)) refuse(path, "must be a structure");
  const unknown = is.unknownField(value, allowed);
  if (unknown) refuse(`${path}.${unknown}`, "extraneous key is not permitted");
  for (const name of required) if (value[name] === undefined) refuse(`${path}.${name}`, "must not be null");
}

/** Exactly one of a union's members; answers which. */
function unionOf(value, path, members) {
  expectFields(value, path, members);
  const names = Object.keys(value);
  if (names.length !== 1) refuse(path, "must set exactly one member of the union");
  return names[0];
}

export function checkConverse(body) {
  if (!is.isObject(body)) throw new Refusal(400, "Unable to parse the request body as JSON");
  expectFields(body, "request", FIELDS, ["messages"]);
  checkInference(body.inferenceConfig ?? {});
  for (const [index, block] of (body.system ?? []).entries()) checkSystem(block, `system.${index}`);
  const names = [];
  let role;
  for (const [index, message] of body.messages.entries()) {
    const path = `messages.${index}`;
    expectFields(message, path, ["role", "content"], ["role", "content"]);
    if (message.role !== "user" && message.role !== "assistant") refuse(`${path}.role`, "must be user or assistant");
    if (message.role === role) refuse(path, "roles must alternate between user and assistant");
    role = message.role;
    if (message.content.length === 0) refuse(`${path}.content`, "must not be empty");
    for (const [at, block] of message.content.entries()) checkBlock(block, `${path}.content.${at}`, names);
  }
  if (body.messages[0]?.role !== "user") refuse("messages", "A conversation must start with a user message.");
  checkTools(body);
  if (body.additionalModelRequestFields?.thinking?.type === "enabled") checkThoughts(body.messages);
  for (const [name, text] of Object.entries(body.requestMetadata ?? {})) {
    if (!LABEL.test(name) || !LABEL.test(text)) refuse(`requestMetadata.${name}`, "does not match the pattern");
  }
}

/** The model's own rule: it goes on from its thoughts while tools are at work. */
function checkThoughts(messages) {
  if (!messages.at(-1).content.some((block) => block.toolResult) || messages.at(-2)?.content[0]?.reasoningContent)
    return;
  throw new Refusal(
    400,
    `messages.${messages.length - 2}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`tool_use\``,
  );
}

function checkInference(config) {
  expectFields(config, "inferenceConfig", ["maxTokens", "temperature", "topP", "stopSequences"]);
  const { maxTokens = 1, temperature = 0, topP = 1, stopSequences = [] } = config;
  if (!Number.isInteger(maxTokens) || maxTokens < 1) refuse("inferenceConfig.maxTokens", "must be at least 1");
  if (!(temperature >= 0 && temperature <= 1)) refuse("inferenceConfig.temperature", "must be from 0 to 1");
  if (!(topP >= 0 && topP <= 1)) refuse("inferenceConfig.topP", "must be from 0 to 1");
  if (!stopSequences.every((text) => is.isText(text) && text !== ""))
    refuse("inferenceConfig.stopSequences", "must not be empty");
}

function checkSystem(block, path) {
  const kind = unionOf(block, path, ["text", "guardContent", "cachePoint"]);
  if (kind === "text" && block.text === "") refuse(`${path}.text`, "must have a length of at least 1");
  if (kind === "cachePoint") checkCachePoint(block.cachePoint, `${path}.cachePoint`);
}

function checkCachePoint(point, path) {
  expectFields(point, path, ["type", "ttl"], ["type"]);
  if (point.type !== "default") refuse(`${path}.type`, "must be default");
}

function checkBlock(block, path, names) {
  const members = ["text", ...Object.keys(FORMATS), "toolUse", "toolResult", "cachePoint", "reasoningContent"];
  const kind = unionOf(block, path, members);
  const value = block[kind];
  const at = `${path}.${kind}`;
  if (kind === "text" && value.trim() === "") refuse(at, "text content blocks must contain non-whitespace text");
  if (kind in FORMATS) checkMedia(kind, value, at, names);
  if (kind === "cachePoint") checkCachePoint(value, at);
  if (kind === "reasoningContent") checkReasoning(value, at);
  if (kind === "toolUse") {
    expectFields(value, at, ["toolUseId", "name", "input", "type"], ["toolUseId", "name", "input"]);
    if (!TOOL_USE_ID.test(value.toolUseId) || !NAME.test(value.name)) refuse(at, "does not match the pattern");
    if (!is.isObject(value.input)) refuse(`${at}.input`, "must be an object");
  }
  if (kind === "toolResult") {
    expectFields(value, at, ["toolUseId", "content", "status"], ["toolUseId", "content"]);
    for (const [index, part] of value.content.entries()) {
      const partPath = `${at}.content.${index}`;
      const partKind = unionOf(part, partPath, ["json", "text", "image", "document", "video"]);
      if (partKind in FORMATS) checkMedia(partKind, part[partKind], partPath, names);
    }
  }
}

function checkReasoning(value, path) {
  if (unionOf(value, path, ["reasoningText", "redactedContent"]) !== "reasoningText") return;
  expectFields(value.reasoningText, `${path}.reasoningText`, ["text", "signature"], ["text", "signature"]);
}

function checkMedia(kind, value, path, names) {
  const isDocument = kind === "document";
  expectFields(value, path, ["format", "source", ...(isDocument ? ["name"] : [])], ["format", "source"]);
  if (!FORMATS[kind].includes(value.format)) refuse(`${path}.format`, `must be one of ${FORMATS[kind].join(", ")}`);
  unionOf(value.source, `${path}.source`, ["bytes", "s3Location"]);
  if (!isDocument) return;
  if (!DOCUMENT_NAME.test(value.name ?? "")) refuse(`${path}.name`, "does not match the pattern");
  if (names.includes(value.name)) refuse(`${path}.name`, "document names must be unique");
  names.push(value.name);
}

function checkTools({ toolConfig, messages }) {
  const used = messages.some(({ content }) => content.some((block) => block.toolUse || block.toolResult));
  if (toolConfig === undefined) {
    if (used)
      throw new Refusal(400, "The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    return;
  }
  expectFields(toolConfig, "toolConfig", ["tools", "toolChoice"], ["tools"]);
  if (toolConfig.tools.length === 0) refuse("toolConfig.tools", "must have a length of at least 1");
  for (const [index, tool] of toolConfig.tools.entries()) {
    const path = `toolConfig.tools.${index}`;
    if (unionOf(tool, path, ["toolSpec", "cachePoint"]) === "cachePoint") continue;
    const spec = tool.toolSpec;
    expectFields(spec, path, ["name", "description", "inputSchema", "strict"], ["name", "inputSchema"]);
    if (!NAME.test(spec.name)) refuse(`${path}.name`, "does not match the pattern");
    if (spec.inputSchema.json?.type !== "object") refuse(`${path}.inputSchema.json.type`, "must be object");
  }
  if (toolConfig.toolChoice) unionOf(toolConfig.toolChoice, "toolConfig.toolChoice", ["auto", "any", "tool"]);
}
