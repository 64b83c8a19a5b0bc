// The Cohere dialect of a demo provider: POST /v2/chat, /v2/rerank, /v2/embed and that API's errors.
// https://docs.cohere.com/reference/chat
import { checkChat, checkEmbed, checkRerank } from "./cohere-rules.mjs";
import { countTokens, outputTokens, piecesOf, replyTo, vectorOf } from "./replies.mjs";
import { isText, Refusal } from "./rules.mjs";

const MODELS = ["command-demo", "command-a-03-2025", "rerank-demo", "embed-demo"];
/** With no cap asked for, longer than any reply here. */
const OUTPUT_TOKENS_MAX = 1_000_000;
const FINISH_REASONS = { stop: "COMPLETE", "stop-sequence": "STOP_SEQUENCE", length: "MAX_TOKENS", tools: "TOOL_CALL" };
/** Cohere's own preamble counts as input, but is not billed. */
const PREAMBLE_TOKENS = 66;

let sequence = 0;

export const cohereDialect = {
  basePath: "/v2",
  credentialHeader: "authorization",
  foreignHeaders: ["anthropic-version", "anthropic-beta", "openai-beta", "x-api-key", "x-dashscope-sse"],

  /** What Cohere sends along; none of it is for the gateway's clients. */
  headers: () => ({
    "x-debug-trace-id": `demo${++sequence}`,
    "x-trial-endpoint-call-remaining": "39",
    "x-api-warning": "demo",
  }),

  answer(request, options) {
    checkCredential(request.headers, options.apiKey);
    if (request.method !== "POST") throw new Refusal(405, "method not allowed");
    if (request.path === "/v2/chat") return chat(request.json, options);
    if (request.path === "/v2/embed") return embed(request.json, options);
    if (request.path === "/v2/rerank") return rerank(request.json, options);
    throw new Refusal(404, "the requested path was not found");
  },

  refusalReply: ({ status, message }) => errorReply(status, message),

  statusReply({ status, message, retryAfterSeconds }) {
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`);
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (error = "internal server error") =>
    named({ type: "message-end", delta: { error, finish_reason: "ERROR" } }),
};

const errorReply = (status, message) => ({ status, json: { id: `demo-${++sequence}`, message } });

function checkCredential(headers, apiKey) {
  const sent = headers.authorization;
  if (sent === undefined) throw new Refusal(401, "no api key supplied");
  const right = apiKey === undefined ? /^Bearer \S+$/i.test(sent) : sent === `Bearer ${apiKey}`;
  if (!right) throw new Refusal(401, "invalid api token");
}

function checkModel(model, { models: known = MODELS }) {
  if (known.includes(model)) return;
  throw new Refusal(404, `model '${model}' not found, make sure the correct model ID was used`);
}

const textOf = (content) =>
  isText(content) ? content : (content ?? []).map((part) => part.text ?? part.thinking ?? "").join("");

function chat(body, options) {
  checkChat(body);
  checkModel(body.model, options);
  const answered = body.messages.at(-1).role === "tool";
  const tools = answered || body.tool_choice === "NONE" ? [] : (body.tools ?? []);
  const format = body.response_format;
  const reply = replyTo({
    model: body.model,
    question: textOf(body.messages.filter(({ role }) => role === "user").at(-1)?.content),
    stop: body.stop_sequences ?? [],
    maxTokens: body.max_tokens ?? OUTPUT_TOKENS_MAX,
    schema:
      format?.type === "json_object"
        ? (format.json_schema ?? { type: "object", properties: { reply: {} } })
        : undefined,
    tools: tools.map(({ function: { name, parameters: schema } }) => ({ name, schema })),
  });
  const calls = reply.calls.map((call) => ({ id: `${call.name}_demo${++sequence}`, type: "function", function: call }));
  const answer = {
    id: `demo-${++sequence}`,
    reply,
    calls,
    thinking: body.thinking?.type === "enabled" ? "Demo thought." : undefined,
    citations: citationsOf(body, reply),
    usage: usageOf(body, reply),
  };
  return body.stream ? { status: 200, events: events(answer) } : { status: 200, json: whole(answer) };
}

/** The whole answer cites the first document, if there is one. */
function citationsOf({ documents = [] }, reply) {
  const first = documents[0];
  if (first === undefined || reply.calls.length > 0) return [];
  const id = first.id ?? "doc:0";
  const document = { id, ...(isText(first) ? { text: first } : first.data) };
  const text = reply.tokens.join("");
  const sources = [{ type: "document", id, document }];
  return [{ start: 0, end: [...text].length, text, sources, type: "TEXT_CONTENT" }];
}

function usageOf({ messages }, reply) {
  const input = messages.reduce((sum, { content }) => sum + countTokens(textOf(content)), 0);
  const output = outputTokens(reply);
  return {
    billed_units: { input_tokens: input, output_tokens: output },
    tokens: { input_tokens: input + PREAMBLE_TOKENS, output_tokens: output },
    cached_tokens: 0,
  };
}

function whole({ id, reply, calls, thinking, citations, usage }) {
  const content = [
    ...(thinking ? [{ type: "thinking", thinking }] : []),
    ...(reply.tokens.length > 0 ? [{ type: "text", text: reply.tokens.join("") }] : []),
  ];
  const message = {
    role: "assistant",
    ...(content.length > 0 ? { content } : {}),
    ...(calls.length > 0 ? { tool_plan: "I will use the tools.", tool_calls: calls } : {}),
    ...(citations.length > 0 ? { citations } : {}),
  };
  return { id, finish_reason: FINISH_REASONS[reply.end], message, usage };
}

const named = (data, content = false) => ({ event: data.type, data, content });
const delta = (type, message, index) =>
  named({ type, ...(index === undefined ? {} : { index }), delta: { message } }, true);

function events({ id, reply, calls, thinking, citations, usage }) {
  const role = { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] };
  const blocks = [
    ...(thinking ? [{ type: "thinking", thinking: [thinking] }] : []),
    ...(reply.tokens.length > 0 ? [{ type: "text", text: reply.tokens }] : []),
  ];
  return [
    named({ type: "message-start", id, delta: { message: role } }),
    ...(calls.length > 0
      ? ["I will", " use the tools."].map((plan) => delta("tool-plan-delta", { tool_plan: plan }))
      : []),
    ...blocks.flatMap((block, index) => blockEvents(block, index)),
    ...calls.flatMap((call, index) => callEvents(call, index)),
    ...citations.flatMap((citation, index) => [
      delta("citation-start", { citations: citation }, index),
      named({ type: "citation-end", index }),
    ]),
    named({ type: "message-end", delta: { finish_reason: FINISH_REASONS[reply.end], usage } }),
  ];
}

function blockEvents({ type, [type]: pieces }, index) {
  return [
    named({ type: "content-start", index, delta: { message: { content: { type, [type]: "" } } } }),
    ...pieces.map((piece) => delta("content-delta", { content: { [type]: piece } }, index)),
    named({ type: "content-end", index }),
  ];
}

function callEvents({ id, type, function: { name, arguments: json } }, index) {
  return [
    delta("tool-call-start", { tool_calls: { id, type, function: { name, arguments: "" } } }, index),
    ...piecesOf(json).map((piece) =>
      delta("tool-call-delta", { tool_calls: { function: { arguments: piece } } }, index),
    ),
    named({ type: "tool-call-end", index }),
  ];
}

function embed(body, options) {
  checkEmbed(body);
  checkModel(body.model, options);
  const input = body.texts.reduce((sum, text) => sum + countTokens(text), 0);
  return {
    status: 200,
    json: {
      id: `demo-${++sequence}`,
      texts: body.texts,
      embeddings: { float: body.texts.map(vectorOf) },
      meta: { api_version: { version: "2" }, billed_units: { input_tokens: input } },
      response_type: "embeddings_by_type",
    },
  };
}

/** Documents that share more words with the query come first. */
function rerank(body, options) {
  checkRerank(body);
  checkModel(body.model, options);
  const words = new Set(body.query.toLowerCase().split(/\s+/));
  const results = body.documents.map((text, index) => {
    const shared = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => words.has(word)).length;
    return { index, relevance_score: shared / (shared + 1) };
  });
  results.sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index);
  const meta = { api_version: { version: "2" }, billed_units: { search_units: 1 } };
  return { status: 200, json: { id: `demo-${++sequence}`, results: results.slice(0, body.top_n), meta } };
}
