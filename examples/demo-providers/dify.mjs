// A Dify application as a demo provider: POST /v1/chat-messages and that API's errors. Like Dify's agents it streams only.
// https://docs.dify.ai/api-reference/chat/send-chat-message
import { countTokens, replyTo } from "./replies.mjs";
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const FILE_TYPES = ["document", "image", "audio", "video", "custom"];
const FIELDS = {
  inputs: [is.isObject, "an object"],
  query: [is.isText, "a string"],
  response_mode: [is.isOneOf("streaming", "blocking"), "streaming or blocking"],
  conversation_id: [is.isText, "a string"],
  user: [is.isText, "a string"],
  files: [is.isListOf(isFile), "a list of files"],
  auto_generate_name: [is.isFlag, "a boolean"],
};

let sequence = 0;

export const difyDialect = {
  credentialHeader: "authorization",
  foreignHeaders: ["anthropic-version", "anthropic-beta", "openai-beta", "x-dashscope-sse"],
  headers: () => ({ "x-version": "1.9.0", "x-env": "DEMO" }),

  answer(request, options) {
    checkCredential(request.headers, options.apiKey);
    if (request.method !== "POST" || request.path !== "/v1/chat-messages") {
      throw new Refusal(404, "The requested URL was not found on the server.", { code: "not_found" });
    }
    return answer(request.json);
  },

  refusalReply: ({ status, message, detail }) => errorReply(status, message, detail.code),

  statusReply({ status, message, code, retryAfterSeconds }) {
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`, code);
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (message = "Internal Server Error") => ({
    data: {
      event: "error",
      task_id: "demo",
      message_id: "demo",
      status: 500,
      code: "completion_request_error",
      message,
    },
  }),
};

const errorReply = (status, message, code = status < 500 ? "invalid_param" : "internal_server_error") => ({
  status,
  json: { code, message, status },
});

function isFile(file) {
  if (!is.isObject(file) || !FILE_TYPES.includes(file.type)) return false;
  if (file.transfer_method === "remote_url") return is.isText(file.url) && /^https?:\/\//.test(file.url);
  return file.transfer_method === "local_file" && is.isText(file.upload_file_id);
}

function checkCredential(headers, apiKey) {
  const sent = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  if (sent !== undefined && (apiKey === undefined || sent === apiKey)) return;
  throw new Refusal(401, "Access token is invalid", { code: "unauthorized" });
}

function checkRequest(body) {
  if (!is.isObject(body)) throw new Refusal(400, "Invalid JSON");
  for (const name of ["inputs", "query", "user"]) {
    if (body[name] === undefined) throw new Refusal(400, `${name} is required`);
  }
  is.checkFields(body, FIELDS, "", (name, wanted) => {
    throw new Refusal(400, `${name} must be ${wanted}`);
  });
  const unknown = is.unknownField(body, Object.keys(FIELDS));
  if (unknown) throw new Refusal(400, `unknown parameter ${unknown}`);
  if (body.response_mode !== "streaming") throw new Refusal(400, "Agent Chat App does not support blocking mode");
}

function answer(body) {
  checkRequest(body);
  const question = body.query;
  const { tokens } = replyTo({ model: "dify-demo", question, stop: [], maxTokens: 1_000_000, tools: [] });
  const ids = { task_id: "demo-task", message_id: `demo-${++sequence}`, conversation_id: "demo-conversation" };
  const usage = { prompt_tokens: countTokens(question), completion_tokens: tokens.length };
  const event = (name, more, content = false) => ({ data: { event: name, ...ids, ...more }, content });
  const events = [
    event("agent_thought", { position: 1, thought: "", tool: "", observation: "" }),
    ...tokens.map((text) => event("agent_message", { answer: text, created_at: 1_705_398_420 }, true)),
    event("message_end", { metadata: { usage, retriever_resources: [] } }),
  ];
  return { status: 200, events };
}
