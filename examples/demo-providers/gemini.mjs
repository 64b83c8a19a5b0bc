// The Gemini dialect of a demo provider: generateContent, streamGenerateContent, countTokens, embedContent, models and that API's errors,
// as Google AI Studio has them, and under Vertex AI's path with a bearer token.
// https://ai.google.dev/api/generate-content
import { checkBatchEmbed, checkEmbed, checkPredict } from "./gemini-embed-rules.mjs";
import { checkGenerateContent, SIGNATURE } from "./gemini-rules.mjs";
import { countTokens, outputTokens, replyTo, vectorOf } from "./replies.mjs";
import { Refusal } from "./rules.mjs";

const MODELS = ["gemini-demo", "gemini-3-flash-preview", "gemini-2.5-flash", "gemini-embedding-demo"];
/** With no cap asked for, longer than any reply here. */
const OUTPUT_TOKENS_MAX = 1_000_000;
const AI_STUDIO = "/v1beta";
const VERTEX = "/v1/projects/demo/locations/global/publishers/google";
const FINISH_REASONS = { stop: "STOP", "stop-sequence": "STOP", length: "MAX_TOKENS", tools: "STOP" };
const STATUSES = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
const THOUGHTS = ["**Reading**\n\n", "The user said something. ", "I will say it again."];
const THOUGHT_TOKENS = 16;

let sequence = 0;

/** What Google does, whosever model it hosts. */
export const googleCommon = {
  foreignHeaders: ["anthropic-version", "anthropic-beta", "openai-beta"],

  /** What Google sends along; none of it is for the gateway's clients. */
  headers: () => ({
    "server-timing": "gfet4t7; dur=12",
    "x-gemini-service-tier": "standard",
    "alt-svc": 'h3=":443"; ma=2592000',
  }),

  refusalReply: ({ status, message, detail }) => errorReply(status, message, undefined, detail.reason),

  statusReply({ status, message, code, retryAfterSeconds }) {
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`, code);
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (message = "The model is overloaded. Please try again later.") => ({
    data: errorReply(503, message).json,
  }),
};

export const geminiDialect = {
  ...googleCommon,
  basePath: AI_STUDIO,
  credentialHeader: "x-goog-api-key",
  answer(request, options) {
    checkKey(request.headers, options.apiKey);
    return answer(request, options, AI_STUDIO);
  },
};

export const vertexDialect = {
  ...googleCommon,
  basePath: VERTEX,
  credentialHeader: "authorization",
  answer(request, options) {
    checkToken(request.headers, options.apiKey);
    return answer(request, options, VERTEX);
  },
};

function errorReply(status, message, code, reason) {
  const name = code ?? STATUSES[status] ?? (status < 500 ? "FAILED_PRECONDITION" : "INTERNAL");
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" };
  return { status, json: { error: { code: status, message, status: name, ...(reason ? { details: [info] } : {}) } } };
}

function checkKey(headers, apiKey) {
  const sent = headers["x-goog-api-key"];
  if (sent === undefined) {
    throw new Refusal(
      403,
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
    );
  }
  if (sent === "" || (apiKey !== undefined && sent !== apiKey)) {
    throw new Refusal(400, "API key not valid. Please pass a valid API key.", { reason: "API_KEY_INVALID" });
  }
}

/** Google Cloud's access token, not an API key. */
export function checkToken(headers, apiKey) {
  const sent = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  if (sent === undefined || (apiKey !== undefined && sent !== apiKey)) {
    throw new Refusal(401, "Request had invalid authentication credentials. Expected OAuth 2 access token.");
  }
}

function answer({ method, path, query, json: body }, options, base) {
  const known = options.models ?? MODELS;
  if (method === "GET" && path === `${base}/models`) return { status: 200, json: { models: known.map(modelObject) } };
  const [, name, verb] = /\/models\/([^/:]+)(?::(\w+))?$/.exec(path) ?? [];
  if (!path.startsWith(`${base}/models/`) || name === undefined)
    throw new Refusal(404, "Requested entity was not found.");
  const model = decodeURIComponent(name);
  if (!known.includes(model)) {
    throw new Refusal(
      404,
      `models/${model} is not found for API version v1beta, or is not supported for generateContent.`,
    );
  }
  if (verb === undefined) return { status: 200, json: modelObject(model) };
  if (method !== "POST") throw new Refusal(404, "Requested entity was not found.");
  if (verb === "countTokens") return { status: 200, json: { totalTokens: inputTokens(body) } };
  const embeds = base === AI_STUDIO;
  if (!embeds && verb === "predict") return { status: 200, json: predict(body) };
  if (embeds && verb === "embedContent") return { status: 200, json: { embedding: embed(body, "") } };
  if (embeds && verb === "batchEmbedContents") {
    checkBatchEmbed(body, model);
    return { status: 200, json: { embeddings: body.requests.map((one, index) => embed(one, `requests[${index}].`)) } };
  }
  if (verb !== "generateContent" && verb !== "streamGenerateContent") {
    throw new Refusal(404, `models/${model} is not supported for ${verb}.`);
  }
  checkGenerateContent(body, model);
  const reply = generate(body, model);
  if (verb === "generateContent") return { status: 200, json: whole(reply) };
  const chunks = chunksOf(reply);
  // Without SSE a stream is one long array.
  if (new URLSearchParams(query).get("alt") !== "sse") return { status: 200, json: chunks };
  return { status: 200, events: chunks.map((data) => ({ data, content: true })) };
}

const modelObject = (id) => ({
  name: `models/${id}`,
  displayName: id,
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods: ["generateContent", "countTokens"],
});

/** Vertex AI's way to vectors. */
function predict(body) {
  checkPredict(body);
  const predictions = body.instances.map(({ content }) => ({
    embeddings: { values: vectorOf(content), statistics: { truncated: false, token_count: countTokens(content) } },
  }));
  return { predictions, metadata: { billableCharacterCount: 1 } };
}

function embed(request, path) {
  checkEmbed(request, path);
  return { values: vectorOf(spoken(request.content)) };
}

const spoken = ({ parts }) => parts.map(({ text, thought }) => (thought ? "" : (text ?? ""))).join("");
const inputTokens = ({ contents, systemInstruction }) =>
  [...contents, ...(systemInstruction ? [systemInstruction] : [])].reduce(
    (sum, content) => sum + countTokens(spoken(content)),
    0,
  );

function toolsToCall({ tools = [], toolConfig, contents }) {
  const { mode = "AUTO", allowedFunctionNames: allowed } = toolConfig?.functionCallingConfig ?? {};
  if (mode === "NONE" || contents.at(-1).parts.some(({ functionResponse }) => functionResponse)) return [];
  return tools
    .flatMap(({ functionDeclarations = [] }) => functionDeclarations)
    .filter(({ name }) => allowed === undefined || allowed.includes(name))
    .map(({ name, parametersJsonSchema, parameters }) => ({
      name,
      schema: parametersJsonSchema ?? parameters ?? { type: "object" },
    }));
}

function generate(body, model) {
  const config = body.generationConfig ?? {};
  const said = body.contents.filter(({ role, parts }) => role === "user" && parts.some(({ text }) => text));
  const json = config.responseMimeType === "application/json";
  const reply = replyTo({
    model,
    question: said.length > 0 ? spoken(said.at(-1)) : "",
    stop: config.stopSequences ?? [],
    maxTokens: config.maxOutputTokens ?? OUTPUT_TOKENS_MAX,
    schema: json ? (config.responseJsonSchema ?? { type: "object", properties: { reply: {} } }) : undefined,
    tools: toolsToCall(body),
  });
  return {
    reply,
    thoughts: config.thinkingConfig?.includeThoughts ? THOUGHTS : [],
    calls: reply.calls.map(({ name, arguments: text }) => ({
      id: `fc_demo${++sequence}`,
      name,
      args: JSON.parse(text),
    })),
    count: config.candidateCount ?? 1,
    logprobs: config.responseLogprobs === true,
    frame: { modelVersion: model, responseId: `demo${++sequence}` },
    usage: usageOf(body, reply, config),
    grounded: (body.tools ?? []).some(({ googleSearch }) => googleSearch),
  };
}

function usageOf(body, reply, { thinkingConfig, candidateCount = 1 }) {
  const prompt = inputTokens(body);
  const output = outputTokens(reply) * candidateCount;
  const thoughts = thinkingConfig?.includeThoughts ? THOUGHT_TOKENS : 0;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: output,
    totalTokenCount: prompt + output + thoughts,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
  };
}

const thought = (text) => ({ text, thought: true });
/** Of calls side by side only the first one is signed. */
const callParts = (calls) =>
  calls.map((functionCall, index) => ({ functionCall, ...(index === 0 ? { thoughtSignature: SIGNATURE } : {}) }));
const indices = (count) => Array.from({ length: count }, (_, index) => index);

function endOf({ reply, logprobs, grounded }) {
  const text = reply.tokens.join("");
  const supports = [{ segment: { endIndex: Buffer.byteLength(text), text }, groundingChunkIndices: [0] }];
  const chosenCandidates = reply.tokens.map((token) => ({ token, logProbability: -0.5 }));
  return {
    finishReason: FINISH_REASONS[reply.end],
    ...(logprobs ? { logprobsResult: { chosenCandidates } } : {}),
    ...(grounded && text !== ""
      ? {
          groundingMetadata: {
            webSearchQueries: ["demo"],
            groundingChunks: [{ web: { uri: "https://example.com/demo", title: "Demo" } }],
            groundingSupports: supports,
          },
        }
      : {}),
  };
}

function whole(answer) {
  const { reply, thoughts, calls, count, frame, usage } = answer;
  const text = reply.tokens.join("");
  const signed = thoughts.length > 0 ? { thoughtSignature: SIGNATURE } : {};
  const parts = [
    ...(thoughts.length > 0 ? [thought(thoughts.join(""))] : []),
    ...(text === "" ? [] : [{ text, ...signed }]),
    ...callParts(calls),
  ];
  const candidates = indices(count).map((index) => ({ content: { parts, role: "model" }, ...endOf(answer), index }));
  return { candidates, usageMetadata: usage, ...frame };
}

function chunksOf(answer) {
  const { reply, thoughts, calls, count, frame, usage } = answer;
  const prompt = { promptTokenCount: usage.promptTokenCount, totalTokenCount: usage.promptTokenCount };
  const chunk = (parts, index, end) => ({
    candidates: [{ content: { parts, role: "model" }, ...end, index }],
    usageMetadata: end ? usage : prompt,
    ...frame,
  });
  return indices(count).flatMap((index) => [
    ...thoughts.map((text) => chunk([thought(text)], index)),
    ...reply.tokens.map((text) => chunk([{ text }], index)),
    ...(calls.length > 0 ? [chunk(callParts(calls), index)] : []),
    chunk(
      [{ text: "", ...(thoughts.length > 0 && calls.length === 0 ? { thoughtSignature: SIGNATURE } : {}) }],
      index,
      endOf(answer),
    ),
  ]);
}
