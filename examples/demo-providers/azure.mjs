// The Azure dialect of a demo provider: the dated API with deployments in its paths, the v1 API, Azure's errors, and what its
// content filter adds to replies and streams. What is said and refused beyond that is the OpenAI dialect's.
// https://learn.microsoft.com/en-us/azure/foundry/openai/reference
import { answerChat, openAiDialect } from "./openai.mjs";
import { answerEmbeddings } from "./openai-embeddings.mjs";
import { answerResponses } from "./openai-responses.mjs";
import { isObject, isText, nameAfter, Refusal } from "./rules.mjs";

const DEPLOYMENTS = ["gpt-deployment", "embedding-deployment"];
const PREFIX = "/openai/deployments/";
const RESPONSES = "/openai/responses";
const RESPONSES_SINCE = "2025-03-01";
const V1 = "/openai/v1/";
const V1_VERSIONS = ["v1", "preview", "latest"];
const API_VERSION = /^\d{4}-\d{2}-\d{2}(-preview)?$/;
const PIXEL = "iVBORw0KGgo=";
const CATEGORIES = ["hate", "self_harm", "sexual", "violence"];
const SAFE = Object.fromEntries(CATEGORIES.map((name) => [name, { filtered: false, severity: "safe" }]));
const PROMPT_RESULTS = [{ prompt_index: 0, content_filter_results: SAFE }];
const MESSAGES = {
  401: "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.",
  404: "Resource not found",
};
const FILTERED = {
  message:
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
  type: null,
  param: "prompt",
  code: "content_filter",
  status: 400,
  innererror: {
    code: "ResponsibleAIPolicyViolation",
    content_filter_result: { ...SAFE, violence: { filtered: true, severity: "high" } },
  },
};

export const azureDialect = {
  ...openAiDialect,
  basePath: "/openai",
  credentialHeader: "api-key",

  headers: () => ({ ...openAiDialect.headers(), "apim-request-id": "demo", "x-ms-region": "Demo" }),

  answer(request, options) {
    checkCredential(request.headers, options);
    const answer = request.path.startsWith(V1) ? operationOfV1(request) : operationOfDated(request, options);
    if (answer === undefined) throw refusal(404, "404");
    if (request.method !== "POST") throw refusal(405, "405", "Method not allowed");
    return answer(request, options);
  },

  statusReply({ status, message, code, retryAfterSeconds }) {
    const filtered = code === "content_filter";
    const error = filtered ? FILTERED : { code: code ?? String(status), message: message ?? `Demo fault: ${status}` };
    const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    // The API management in front of Azure has a shape of its own.
    return { status, headers, json: code === "front" ? { statusCode: status, message } : { error } };
  },
};

const OPERATIONS = { "chat/completions": chat, embeddings, "images/generations": images };
const V1_OPERATIONS = {
  "chat/completions": named(chat),
  embeddings: named(embeddings),
  responses: named(answerResponses),
};

/** Deployments are in the path, but for responses, whose body names theirs. */
function operationOfDated({ path, query }, options) {
  const version = new URLSearchParams(query).get("api-version") ?? "";
  if (!API_VERSION.test(version)) return undefined;
  if (path === RESPONSES) return version >= RESPONSES_SINCE ? named(answerResponses) : undefined;
  if (!path.startsWith(PREFIX)) return undefined;
  const [deployment, ...operation] = nameAfter(PREFIX, path).split("/");
  const answer = OPERATIONS[operation.join("/")];
  if (answer !== undefined) checkDeployment(deployment, options);
  return answer;
}

function operationOfV1({ path, query }) {
  const version = new URLSearchParams(query).get("api-version");
  return version === null || V1_VERSIONS.includes(version) ? V1_OPERATIONS[path.slice(V1.length)] : undefined;
}

/** An operation whose body names the deployment. */
function named(operation) {
  return (request, options) => {
    checkDeployment(request.json?.model, options);
    return operation(request, options);
  };
}

function checkDeployment(deployment, { models = DEPLOYMENTS }) {
  if (models.includes(deployment)) return;
  throw refusal(404, "DeploymentNotFound", "The API deployment for this resource does not exist.");
}

const refusal = (status, code, message = MESSAGES[status]) => new Refusal(status, message, { code, type: null });

/** A key in `api-key`, or, where the options say so, an Entra ID token as bearer. */
function checkCredential(headers, { apiKey, credentialHeader = "api-key" }) {
  const sent = headers[credentialHeader];
  const key = credentialHeader === "authorization" ? sent?.replace(/^Bearer /, "") : sent;
  if (!key || (apiKey !== undefined && key !== apiKey)) throw refusal(401, "401");
}

/** The deployment decides, so the body may name any model, or none. */
function chat(request, options) {
  const json = isObject(request.json) ? { model: "gpt-4o", ...request.json } : request.json;
  const models = isText(json?.model) ? [json.model] : [];
  const reply = answerChat({ ...request, json }, { strictFields: true, ...options, models });
  if (reply.events === undefined) return { ...reply, json: filteredReply(reply.json) };
  return { ...reply, events: [FIRST_CHUNK, ...reply.events.map(filteredChunk)] };
}

const filteredReply = (reply) => ({
  ...reply,
  choices: reply.choices.map((choice) => ({ ...choice, content_filter_results: SAFE })),
  prompt_filter_results: PROMPT_RESULTS,
});

/** Before any choice, and with none: what the filter found in the prompt. */
const FIRST_CHUNK = {
  content: false,
  data: { choices: [], created: 0, id: "", model: "", object: "", prompt_filter_results: PROMPT_RESULTS },
};

function filteredChunk(event) {
  if (isText(event.data)) return event;
  const results = event.content ? SAFE : {};
  const choices = event.data.choices.map((choice) => ({ ...choice, content_filter_results: results }));
  return { ...event, data: { ...event.data, choices } };
}

function embeddings({ json }) {
  return answerEmbeddings(json, (_, message) => {
    throw refusal(400, "400", message);
  });
}

function images({ json }) {
  if (!isText(json?.prompt)) throw refusal(400, "400", "'$.prompt' is required.");
  const image = { b64_json: PIXEL, revised_prompt: json.prompt, content_filter_results: SAFE };
  return { status: 200, json: { created: 1, data: [image] } };
}
