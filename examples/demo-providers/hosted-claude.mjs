// Claude at AWS Bedrock (InvokeModel) and at Google's Vertex AI as demo providers: Anthropic's Messages but for the few
// members that differ, with each host's credential, path, framing and errors.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude
import { answerMessages, errorReply, inputTokens, SIGNATURE } from "./anthropic.mjs";
import { bedrockDialect } from "./bedrock.mjs";
import { checkCredential, operationOf } from "./bedrock-account.mjs";
import { eventFrame, exceptionFrame } from "./event-stream.mjs";
import { checkToken, googleCommon } from "./gemini.mjs";
import { isListOf, isObject, isText, Refusal } from "./rules.mjs";

const BEDROCK_MODELS = ["us.anthropic.claude-demo-v1:0"];
const VERTEX_MODELS = ["claude-demo@20260101"];
const BEDROCK_VERSION = "bedrock-2023-05-31";
const VERTEX_VERSION = "vertex-2023-10-16";
/** Vertex refuses betas that it does not know; Bedrock reads its own out of the body. */
const BETAS = ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"];
const VERTEX = "/v1/projects/demo/locations/global/publishers/anthropic";

/** Both hosts refuse a thought that was not signed by a Claude, wherever that ran. */
function checkSignatures({ messages }) {
  if (!isListOf(isObject)(messages)) return;
  for (const [turn, { content }] of messages.entries()) {
    for (const [index, block] of (Array.isArray(content) ? content : []).entries()) {
      if (block?.type !== "thinking" || block.signature === SIGNATURE) continue;
      throw new Refusal(400, `messages.${turn}.content.${index}: Invalid \`signature\` in \`thinking\` block`);
    }
  }
}

const malformed = (what) =>
  new Refusal(400, `Malformed input request: #: ${what}, please reformat your input and try again.`);

/** The members that make a body one for Bedrock, and none that the path says already. */
function checkBedrockBody(body) {
  if (!isObject(body)) throw malformed("expected type: JSONObject");
  const { anthropic_version: version, anthropic_beta: betas } = body;
  if (version === undefined) throw malformed("required key [anthropic_version] not found");
  if (version !== BEDROCK_VERSION) throw malformed(`${version} is not a valid anthropic_version`);
  for (const name of ["model", "stream"])
    if (name in body) throw malformed(`extraneous key [${name}] is not permitted`);
  if (betas !== undefined && !isListOf((beta) => BETAS.includes(beta))(betas)) {
    throw new Refusal(400, "invalid beta flag");
  }
}

export const bedrockClaudeDialect = {
  ...bedrockDialect,

  wire: ({ data, exception }) =>
    exception
      ? exceptionFrame(exception, data)
      : eventFrame("chunk", { bytes: Buffer.from(JSON.stringify(data)).toString("base64"), p: "abcd" }),

  answer(request, options) {
    const models = options.models ?? BEDROCK_MODELS;
    const operations = ["invoke", "invoke-with-response-stream", "count-tokens"];
    checkCredential(request, options);
    const { model, operation } = operationOf(request, models, operations);
    if (operation === "count-tokens") return countOnBedrock(request.json, model, models);
    const stream = operation === "invoke-with-response-stream";
    const { status, json, events } = invoke(request.json, { model, models, stream });
    return stream ? { status, events: [...events.slice(0, -1), withMetrics(events.at(-1))] } : { status, json };
  },
};

function invoke(json, { model, models, stream }) {
  checkBedrockBody(json);
  checkSignatures(json);
  const { anthropic_version: _, anthropic_beta: __, ...body } = json;
  return answerMessages({ ...body, model, stream }, { models }, "2023-06-01", "msg_bdrk_demo");
}

/** Takes what `invoke` would take, in base64. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html */
function countOnBedrock(json, model, models) {
  const encoded = json?.input?.invokeModel?.body;
  if (!isText(encoded)) throw malformed("required key [input] not found");
  const body = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  invoke(body, { model, models, stream: false });
  return { status: 200, json: { inputTokens: inputTokens(body) } };
}

const withMetrics = ({ data, ...event }) => ({
  ...event,
  data: {
    ...data,
    "amazon-bedrock-invocationMetrics": {
      inputTokenCount: 1,
      outputTokenCount: 1,
      invocationLatency: 1,
      firstByteLatency: 1,
    },
  },
});

/** Google answers for the path and the token, Anthropic for the body. */
class GoogleRefusal extends Refusal {}

export const vertexClaudeDialect = {
  ...googleCommon,
  basePath: VERTEX,
  credentialHeader: "authorization",
  foreignHeaders: ["anthropic-version", "openai-beta"],

  answer(request, options) {
    try {
      checkToken(request.headers, options.apiKey);
    } catch (error) {
      throw new GoogleRefusal(error.status, error.message);
    }
    return onVertex(request, options.models ?? VERTEX_MODELS);
  },

  refusalReply(refusal) {
    const { status, message } = refusal;
    return refusal instanceof GoogleRefusal ? googleCommon.refusalReply(refusal) : errorReply(status, message);
  },

  errorEvent: (message = "Overloaded") => ({
    event: "error",
    data: { type: "error", error: { type: "overloaded_error", message } },
  }),
};

function onVertex({ method, path, headers, json }, models) {
  const [, segment, verb] = /\/models\/([^/:]+):(\w+)$/.exec(path) ?? [];
  const isKnown = verb === "rawPredict" || verb === "streamRawPredict";
  if (method !== "POST" || !path.startsWith(`${VERTEX}/models/`) || !isKnown) {
    throw new GoogleRefusal(404, "Requested entity was not found.");
  }
  checkBetas(headers["anthropic-beta"]);
  const model = decodeURIComponent(segment);
  if (model === "count-tokens") return countOnVertex(json, models);
  if (!models.includes(model)) {
    throw new GoogleRefusal(404, `Publisher Model \`${VERTEX.slice(4)}/models/${model}\` was not found.`);
  }
  const { anthropic_version: version, ...body } = checkVertexBody(json);
  const stream = verb === "streamRawPredict";
  if (version === undefined) throw new Refusal(400, "anthropic_version: Field required");
  if (version !== VERTEX_VERSION) throw new Refusal(400, `anthropic_version: "${version}" is not a valid version`);
  if (body.model !== undefined) throw new Refusal(400, "model: Extra inputs are not permitted");
  if (stream !== (body.stream === true)) throw new Refusal(400, "stream: does not fit the method that was called");
  return answerMessages({ ...body, model }, { models }, "2023-06-01", "msg_vrtx_demo");
}

function checkVertexBody(json) {
  if (!isObject(json)) throw new Refusal(400, "The request body is not valid JSON");
  checkSignatures(json);
  return json;
}

function checkBetas(header) {
  const unknown = (header?.split(",") ?? []).map((beta) => beta.trim()).filter((beta) => !BETAS.includes(beta));
  if (unknown.length > 0) {
    const names = unknown.map((beta) => `\`${beta}\``).join(", ");
    throw new Refusal(400, `Unexpected value(s) ${names} for the \`anthropic-beta\` header.`);
  }
}

/** https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens */
function countOnVertex(json, models) {
  const { model, anthropic_version: _, ...body } = checkVertexBody(json);
  if (!isText(model)) throw new Refusal(400, "model: Field required");
  if (!models.includes(model)) throw new Refusal(404, `model: ${model}`);
  const extra = ["max_tokens", "stream"].find((name) => name in body);
  if (extra) throw new Refusal(400, `${extra}: Extra inputs are not permitted`);
  answerMessages({ ...body, model, max_tokens: 1 }, { models }, "2023-06-01");
  return { status: 200, json: { input_tokens: inputTokens(body) } };
}
