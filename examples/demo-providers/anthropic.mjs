// The Anthropic dialect of a demo provider: POST /v1/messages, GET /v1/models and that API's errors.
// https://docs.anthropic.com/en/api/messages
import { checkMessages } from "./anthropic-rules.mjs";
import { countTokens, outputTokens, piecesOf, replyTo } from "./replies.mjs";
import { isText, nameAfter, Refusal } from "./rules.mjs";

const MODELS = ["claude-demo", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-sonnet-4-5", "claude-haiku-4-5"];
const VERSIONS = ["2023-06-01", "2026-10-21"];
const MODELS_CREATED = "2025-02-19T00:00:00Z";
const STOP_REASONS = { stop: "end_turn", "stop-sequence": "stop_sequence", length: "max_tokens", tools: "tool_use" };
const ERROR_TYPES = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const THOUGHT = ["A demo", " thought."];
/** Under every thought, at whichever host. */
export const SIGNATURE = "ZGVtbyBzaWduYXR1cmU=";

let sequence = 0;

export const anthropicDialect = {
  credentialHeader: "x-api-key",
  foreignHeaders: ["openai-organization", "openai-project"],

  /** What Anthropic sends along; none of it is for the gateway's clients. */
  headers: () => ({
    "request-id": `req_demo${++sequence}`,
    "anthropic-organization-id": "demo-organization",
    "anthropic-ratelimit-requests-remaining": "4999",
    "set-cookie": "_cfuvid=demo; path=/; HttpOnly",
  }),

  answer(request, options) {
    checkHeaders(request.headers, options.apiKey);
    if (request.path === "/v1/messages") return messages(request, options);
    if (request.path.startsWith("/v1/models")) return models(request, options);
    throw new Refusal(404, "Not Found");
  },

  refusalReply: (refusal) => errorReply(refusal.status, refusal.message),

  statusReply({ status, message, code, retryAfterSeconds }) {
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`, code);
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (message = "Overloaded") => ({
    event: "error",
    data: { type: "error", error: { type: "overloaded_error", message } },
  }),
};

export function errorReply(status, message, code) {
  const type = code ?? ERROR_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { status, json: { type: "error", error: { type, message }, request_id: `req_demo${sequence}` } };
}

/** A key comes as `x-api-key`, or as a bearer token from SDKs of 2026-10-21 on; of both, `x-api-key` counts. */
function checkHeaders(headers, apiKey) {
  const sent = headers["x-api-key"] ?? /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  if (sent === undefined) throw new Refusal(401, "x-api-key header is required");
  if (sent === "" || (apiKey !== undefined && sent !== apiKey)) throw new Refusal(401, "invalid x-api-key");
  const version = headers["anthropic-version"];
  if (version === undefined) throw new Refusal(400, "anthropic-version: header is required");
  if (!VERSIONS.includes(version)) throw new Refusal(400, `anthropic-version: "${version}" is not a valid version`);
}

const modelObject = (id) => ({ type: "model", id, display_name: id, created_at: MODELS_CREATED });

function checkModel(model, { models: known = MODELS }) {
  if (!known.includes(model)) throw new Refusal(404, `model: ${model}`);
}

function models({ method, path }, options) {
  if (method !== "GET") throw new Refusal(405, "Method Not Allowed");
  const id = nameAfter("/v1/models/", path);
  const known = options.models ?? MODELS;
  if (id === "") {
    const page = { has_more: false, first_id: known[0] ?? null, last_id: known.at(-1) ?? null };
    return { status: 200, json: { data: known.map(modelObject), ...page } };
  }
  checkModel(id, options);
  return { status: 200, json: modelObject(id) };
}

function textOf(content) {
  if (isText(content)) return content;
  return (content ?? [])
    .map((block) => block.text ?? (block.type === "tool_result" ? textOf(block.content) : ""))
    .join("");
}

/** The last user turn that says something itself: a turn of tool results only asks for the answer to the one before. */
function questionOf(turns) {
  const said = turns
    .filter(({ role }) => role === "user")
    .map(({ content }) => (isText(content) ? content : textOf(content.filter(({ type }) => type === "text"))));
  return said.filter((text) => text !== "").at(-1) ?? "";
}

function toolsToCall({ tools = [], tool_choice: choice = { type: "auto" }, messages: turns }) {
  const last = turns.at(-1).content;
  const answered = !isText(last) && last.some(({ type }) => type === "tool_result");
  if (choice.type === "none" || answered) return [];
  const own = tools.filter(({ type = "custom" }) => type === "custom");
  const asked = choice.type === "tool" ? own.filter(({ name }) => name === choice.name) : own;
  const called = asked.map(({ name, input_schema: schema }) => ({ name, schema }));
  return choice.disable_parallel_tool_use === true ? called.slice(0, 1) : called;
}

function messages(request, options) {
  if (request.method !== "POST") throw new Refusal(405, "Method Not Allowed");
  return answerMessages(request.json, options, request.headers["anthropic-version"]);
}

/** The answer to a body of the Messages API, whoever hosts the model. */
export function answerMessages(body, options, version, idPrefix = "msg_demo") {
  checkMessages(body, { ...options, version });
  checkModel(body.model, options);
  const reply = replyTo({
    model: body.model,
    question: questionOf(body.messages),
    stop: body.stop_sequences ?? [],
    maxTokens: body.max_tokens,
    schema: body.output_config?.format?.schema,
    tools: toolsToCall(body),
  });
  const thinks = ["enabled", "adaptive"].includes(body.thinking?.type);
  const blocks = [
    ...(thinks ? [{ type: "thinking", thinking: THOUGHT.join(""), signature: SIGNATURE }] : []),
    ...(reply.tokens.length > 0 ? [{ type: "text", text: reply.tokens.join("") }] : []),
    ...reply.calls.map((call) => ({
      type: "tool_use",
      id: `toolu_demo${++sequence}`,
      name: call.name,
      input: JSON.parse(call.arguments),
    })),
  ];
  const message = {
    id: `${idPrefix}${++sequence}`,
    type: "message",
    role: "assistant",
    model: body.model,
    content: blocks,
    stop_reason: STOP_REASONS[reply.end],
    stop_sequence: reply.stopSequence ?? null,
    stop_details: null,
    container: null,
    usage: usageOf(body, reply),
  };
  return body.stream ? { status: 200, events: events(message, reply) } : { status: 200, json: message };
}

/** What `count_tokens` says of a body. */
export const inputTokens = ({ messages: turns, system }) =>
  turns.reduce((sum, { content }) => sum + countTokens(textOf(content)), system ? countTokens(textOf(system)) : 0);

function usageOf(body, reply) {
  return {
    input_tokens: inputTokens(body),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens(reply),
    server_tool_use: null,
    service_tier: "standard",
  };
}

const named = (data, content = false) => ({ event: data.type, data, content });

function events(message, reply) {
  const { stop_reason: reason, stop_sequence: stopSequence, usage } = message;
  const start = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  const blocks = message.content.map((block, index) => blockEvents(block, index, reply));
  const [first = [], ...others] = blocks;
  return [
    named({ type: "message_start", message: start }),
    ...first.slice(0, 1),
    named({ type: "ping" }),
    ...first.slice(1),
    ...others.flat(),
    named({
      type: "message_delta",
      delta: { stop_reason: reason, stop_sequence: stopSequence },
      usage: { output_tokens: usage.output_tokens },
    }),
    named({ type: "message_stop" }),
  ];
}

const EMPTY = { text: { text: "" }, thinking: { thinking: "", signature: "" }, tool_use: { input: {} } };

function deltasOf(block, reply) {
  switch (block.type) {
    case "thinking":
      return [
        ...THOUGHT.map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: SIGNATURE },
      ];
    case "tool_use":
      return ["", ...piecesOf(JSON.stringify(block.input))].map((piece) => ({
        type: "input_json_delta",
        partial_json: piece,
      }));
    default:
      return reply.tokens.map((text) => ({ type: "text_delta", text }));
  }
}

function blockEvents(block, index, reply) {
  const opened = { type: "content_block_start", index, content_block: { ...block, ...EMPTY[block.type] } };
  return [
    named(opened, block.type === "tool_use"),
    ...deltasOf(block, reply).map((delta) => named({ type: "content_block_delta", index, delta }, true)),
    named({ type: "content_block_stop", index }),
  ];
}
