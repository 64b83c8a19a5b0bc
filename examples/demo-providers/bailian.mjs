// An application of Alibaba's Bailian as a demo provider: POST /api/v1/apps/{id}/completion and that API's errors.
// https://help.aliyun.com/zh/model-studio/call-alibaba-cloud-model-studio-through-api
import { countTokens, replyTo } from "./replies.mjs";
import * as is from "./rules.mjs";
import { nameAfter, Refusal } from "./rules.mjs";

const APPLICATIONS = ["app-demo"];
const PATH = "/api/v1/apps/";
const INPUT_FIELDS = {
  prompt: [is.isText, "a string"],
  messages: [is.isListOf(isMessage), "a list of messages"],
  session_id: [is.isText, "a string"],
  image_list: [is.isListOf(is.isText), "a list of URLs"],
  biz_params: [is.isObject, "an object"],
};
const PARAMETER_FIELDS = {
  incremental_output: [is.isFlag, "a boolean"],
  has_thoughts: [is.isFlag, "a boolean"],
};
const CODES = {
  400: "InvalidParameter",
  401: "InvalidApiKey",
  403: "AccessDenied",
  404: "AppNotFound",
  429: "Throttling.RateQuota",
};

let sequence = 0;

export const bailianDialect = {
  basePath: "/api/v1",
  credentialHeader: "authorization",
  foreignHeaders: ["anthropic-version", "anthropic-beta", "openai-beta"],
  headers: () => ({ "x-dashscope-call-gateway": "true", "set-cookie": "acw_tc=demo; path=/; HttpOnly" }),

  answer(request, options) {
    checkCredential(request.headers, options.apiKey);
    const id = /^(.*)\/completion$/.exec(nameAfter(PATH, request.path))?.[1];
    const known = (options.models ?? APPLICATIONS).includes(id);
    if (request.method !== "POST" || !request.path.startsWith(PATH) || !known) {
      throw new Refusal(404, `App not found: ${id}`);
    }
    const streams = request.headers["x-dashscope-sse"] === "enable";
    return answer(request.json, streams);
  },

  refusalReply: ({ status, message }) => errorReply(status, message),

  statusReply({ status, message, retryAfterSeconds }) {
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`);
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (message = "An internal error has occurred.") => ({
    event: "error",
    data: { code: "InternalError", message, request_id: `demo-${sequence}` },
  }),
};

const errorReply = (status, message) => ({
  status,
  json: { code: CODES[status] ?? "InternalError", message, request_id: `demo-${++sequence}` },
});

function checkCredential(headers, apiKey) {
  const sent = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  if (sent !== undefined && (apiKey === undefined || sent === apiKey)) return;
  throw new Refusal(401, "Invalid API-key provided.");
}

function isMessage(message) {
  if (!is.isObject(message) || is.unknownField(message, ["role", "content"]) !== undefined) return false;
  return ["system", "user", "assistant"].includes(message.role) && is.isText(message.content);
}

function checkObject(object, fields, path) {
  if (!is.isObject(object)) throw new Refusal(400, `${path} must be an object`);
  is.checkFields(object, fields, `${path}.`, (name, wanted) => {
    throw new Refusal(400, `${name} must be ${wanted}`);
  });
  const unknown = is.unknownField(object, Object.keys(fields));
  if (unknown) throw new Refusal(400, `unknown parameter ${path}.${unknown}`);
}

function checkRequest(body) {
  if (!is.isObject(body)) throw new Refusal(400, "Required body invalid, please check the request body format.");
  checkObject(body.input, INPUT_FIELDS, "input");
  checkObject(body.parameters ?? {}, PARAMETER_FIELDS, "parameters");
  const { prompt, messages = [] } = body.input;
  if (prompt === undefined && messages.length === 0)
    throw new Refusal(400, "input.prompt or input.messages is required");
}

function answer({ input, parameters = {} } = {}, streams = false) {
  checkRequest(input === undefined ? undefined : { input, parameters });
  const messages = [...(input.messages ?? []), ...(input.prompt ? [{ role: "user", content: input.prompt }] : [])];
  const question = messages.filter(({ role }) => role === "user").at(-1)?.content ?? "";
  const { tokens } = replyTo({ model: "bailian-demo", question, stop: [], maxTokens: 1_000_000, tools: [] });
  const counted = messages.reduce((sum, { content }) => sum + countTokens(content), 0);
  const request_id = `demo-${++sequence}`;
  const thoughts = parameters.has_thoughts ? [{ action_type: "reasoning", thought: "Demo thought." }] : undefined;
  const result = (text, finish_reason, output_tokens, more = {}) => ({
    output: { session_id: "demo-session", finish_reason, text, ...more },
    usage: { models: [{ model_id: "qwen-demo", input_tokens: counted, output_tokens }] },
    request_id,
  });
  if (!streams) {
    return { status: 200, json: result(tokens.join(""), "stop", tokens.length, thoughts ? { thoughts } : {}) };
  }
  // Every event repeats the text so far, unless pieces were asked for.
  const textAt = (index) => (parameters.incremental_output ? tokens[index] : tokens.slice(0, index + 1).join(""));
  const last = parameters.incremental_output ? "" : tokens.join("");
  const events = [
    ...(thoughts ? [{ event: "result", data: result("", "null", 0, { thoughts }), content: true }] : []),
    ...tokens.map((_, at) => ({ event: "result", data: result(textAt(at), "null", at + 1), content: true })),
    { event: "result", data: result(last, "stop", tokens.length) },
  ];
  return { status: 200, events };
}
