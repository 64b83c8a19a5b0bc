// The OpenAI dialect of a demo provider: POST /v1/chat/completions, /v1/responses and /v1/embeddings,
// GET /v1/models and that API's errors.
// https://platform.openai.com/docs/api-reference/chat
import { answerEmbeddings } from "./openai-embeddings.mjs";
import { reasoningTokens } from "./openai-quirks.mjs";
import { answerResponses } from "./openai-responses.mjs";
import { checkChat } from "./openai-rules.mjs";
import { countTokens, outputTokens, piecesOf, replyTo } from "./replies.mjs";
import { isText, nameAfter, Refusal } from "./rules.mjs";

const MODELS = ["gpt-demo", "gpt-4o", "gpt-4o-mini", "embedding-demo"];
const MODELS_CREATED = 1_715_367_049;
/** With no cap asked for, longer than any reply here. */
const OUTPUT_TOKENS_MAX = 1_000_000;
const FINISH_REASONS = { stop: "stop", "stop-sequence": "stop", length: "length", tools: "tool_calls" };
const NO_CACHE = { cached_tokens: 0, audio_tokens: 0 };
const NO_DETAIL = {
  reasoning_tokens: 0,
  audio_tokens: 0,
  accepted_prediction_tokens: 0,
  rejected_prediction_tokens: 0,
};

let sequence = 0;

export const openAiDialect = {
  credentialHeader: "authorization",
  foreignHeaders: ["anthropic-version", "anthropic-beta"],

  /** What OpenAI sends along; none of it is for the gateway's clients. */
  headers: () => ({
    "x-request-id": `req_demo${++sequence}`,
    "openai-organization": "demo-organization",
    "openai-processing-ms": "1",
    "x-ratelimit-remaining-requests": "4999",
    "set-cookie": "__cf_bm=demo; path=/; HttpOnly",
  }),

  answer(request, options) {
    checkCredential(request.headers, options.apiKey);
    if (request.path === "/v1/chat/completions") return answerChat(request, options);
    if (request.path === "/v1/responses") return answerResponses(request, options);
    if (request.path === "/v1/embeddings") return embeddings(request, options);
    if (request.path.startsWith("/v1/models")) return models(request, options);
    throw new Refusal(404, `Invalid URL (${request.method} ${request.path})`);
  },

  refusalReply: (refusal) => errorReply(refusal.status, refusal.message, refusal.detail),

  statusReply({ status, message, code, retryAfterSeconds }) {
    const type = status === 429 ? "requests" : status >= 500 ? "server_error" : "invalid_request_error";
    const known = { 401: "invalid_api_key", 429: "rate_limit_exceeded" };
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`, { type, code: code ?? known[status] });
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (message = "The server had an error while processing your request.") => ({
    data: { error: { message, type: "server_error", param: null, code: null } },
  }),
};

function errorReply(status, message, { type = "invalid_request_error", param = null, code = null }) {
  return { status, json: { error: { message, type, param, code } } };
}

function checkCredential(headers, apiKey) {
  const sent = headers.authorization;
  if (sent === undefined) {
    throw new Refusal(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
    );
  }
  const right = apiKey === undefined ? /^Bearer \S+$/.test(sent) : sent === `Bearer ${apiKey}`;
  if (!right) throw new Refusal(401, "Incorrect API key provided.", { code: "invalid_api_key" });
}

const modelObject = (id) => ({ id, object: "model", created: MODELS_CREATED, owned_by: "demo" });

function checkModel(model, { models: known = MODELS }) {
  if (known.includes(model)) return;
  throw new Refusal(404, `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: "model_not_found",
  });
}

function models({ method, path }, options) {
  if (method !== "GET") throw new Refusal(405, `Not allowed to ${method} on ${path}.`);
  const id = nameAfter("/v1/models/", path);
  if (id === "") return { status: 200, json: { object: "list", data: (options.models ?? MODELS).map(modelObject) } };
  checkModel(id, options);
  return { status: 200, json: modelObject(id) };
}

const textOf = (content) =>
  isText(content) ? content : (content ?? []).map((part) => part.text ?? part.refusal ?? "").join("");

function toolsToCall({ tools = [], tool_choice: choice = "auto", parallel_tool_calls: parallel = true, messages }) {
  if (choice === "none" || messages.at(-1).role === "tool") return [];
  const functions = tools.filter((tool) => tool.type === "function").map((tool) => tool.function);
  const asked = isText(choice) ? functions : functions.filter(({ name }) => name === choice.function.name);
  const called = asked.map(({ name, parameters }) => ({ name, schema: parameters ?? { type: "object" } }));
  return parallel ? called : called.slice(0, 1);
}

function schemaOf(format) {
  if (format?.type === "json_schema") return format.json_schema?.schema ?? { type: "object" };
  return format?.type === "json_object" ? { type: "object", properties: { reply: { type: "string" } } } : undefined;
}

function embeddings({ json }, options) {
  if (isText(json?.model)) checkModel(json.model, options);
  return answerEmbeddings(json, (param, message) => {
    throw new Refusal(400, message, { param });
  });
}

/** Also for dialects that are this one with other paths. */
export function answerChat(request, options) {
  if (request.method !== "POST") throw new Refusal(405, `Not allowed to ${request.method} on ${request.path}.`);
  const body = request.json;
  checkChat(body, options);
  checkModel(body.model, options);
  const reply = replyTo({
    model: body.model,
    question: textOf(body.messages.filter(({ role }) => role === "user").at(-1)?.content),
    stop: [body.stop ?? []].flat(),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? OUTPUT_TOKENS_MAX,
    schema: schemaOf(body.response_format),
    tools: toolsToCall(body),
  });
  reply.tokens.unshift(...reasoningTokens(options.quirks));
  const calls = reply.calls.map((call) => ({ id: `call_demo${++sequence}`, type: "function", function: call }));
  const completion = { id: `chatcmpl-demo${++sequence}`, created: Math.floor(Date.now() / 1000), model: body.model };
  const answer = { reply, calls, completion, count: body.n ?? 1, usage: usageOf(body, reply, body.n ?? 1) };
  return body.stream ? { status: 200, events: chunks(answer, body) } : { status: 200, json: whole(answer) };
}

function usageOf({ messages }, reply, count) {
  const input = messages.reduce((sum, { content }) => sum + countTokens(textOf(content)), 0);
  const output = outputTokens(reply) * count;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: NO_CACHE,
    completion_tokens_details: NO_DETAIL,
  };
}

function whole({ reply, calls, completion, count, usage }) {
  const message = {
    role: "assistant",
    content: calls.length > 0 ? null : reply.tokens.join(""),
    refusal: null,
    annotations: [],
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const choices = Array.from({ length: count }, (_, index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: FINISH_REASONS[reply.end],
  }));
  return {
    ...completion,
    object: "chat.completion",
    choices,
    usage,
    service_tier: "default",
    system_fingerprint: "fp_demo",
  };
}

function chunks({ reply, calls, completion, count, usage }, body) {
  const withUsage = body.stream_options?.include_usage === true;
  const frame = {
    ...completion,
    object: "chat.completion.chunk",
    service_tier: "default",
    system_fingerprint: "fp_demo",
  };
  const chunk = (index, delta, finish = null) => ({
    content: finish === null && delta.role === undefined,
    data: {
      ...frame,
      choices: [{ index, delta, logprobs: null, finish_reason: finish }],
      ...(withUsage ? { usage: null } : {}),
    },
  });
  const choice = (index) => [
    chunk(index, { role: "assistant", content: calls.length > 0 ? null : "", refusal: null }),
    ...reply.tokens.map((content) => chunk(index, { content })),
    ...calls.flatMap((call, at) => callDeltas(call, at).map((delta) => chunk(index, { tool_calls: [delta] }))),
    chunk(index, {}, FINISH_REASONS[reply.end]),
  ];
  const events = Array.from({ length: count }, (_, index) => choice(index)).flat();
  if (withUsage) events.push({ data: { ...frame, choices: [], usage } });
  return [...events, { data: "[DONE]" }];
}

/** The first piece names the call, the others only carry arguments. */
function callDeltas(call, index) {
  const first = { index, id: call.id, type: "function", function: { name: call.function.name, arguments: "" } };
  return [first, ...piecesOf(call.function.arguments).map((piece) => ({ index, function: { arguments: piece } }))];
}
