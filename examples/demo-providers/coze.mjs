// A Coze bot as a demo provider: POST /v3/chat and that API's errors, which come with status 200.
// https://docs.coze.cn/developer_guides/chat_v3
import { countTokens, replyTo } from "./replies.mjs";
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const BOTS = ["7379462189365198898"];
const FIELDS = {
  bot_id: [is.isText, "a string"],
  user_id: [is.isText, "a string"],
  stream: [is.isFlag, "a boolean"],
  auto_save_history: [is.isFlag, "a boolean"],
  additional_messages: [is.isListOf(isMessage), "a list of messages"],
  meta_data: [is.isObject, "an object"],
  custom_variables: [is.isObject, "an object"],
};
const MESSAGE_FIELDS = ["role", "type", "content", "content_type"];
/** Coze's own codes, by what they mean in HTTP's. */
const CODES = { 400: 4000, 401: 4100, 403: 4101, 404: 4200, 429: 4013, 500: 5000 };

let sequence = 0;

export const cozeDialect = {
  basePath: "",
  credentialHeader: "authorization",
  foreignHeaders: ["anthropic-version", "anthropic-beta", "openai-beta", "x-dashscope-sse"],
  headers: () => ({ "x-tt-logid": `demo${++sequence}` }),

  answer(request, options) {
    checkCredential(request.headers, options.apiKey);
    if (request.method !== "POST" || request.path !== "/v3/chat") throw new Refusal(404, "page not found");
    return answer(request.json, options);
  },

  refusalReply: ({ status, message }) => ({ ...errorReply(status, message), status: 200 }),

  statusReply({ status, message, retryAfterSeconds }) {
    const reply = errorReply(status, message ?? `Demo fault: status ${status}`);
    return { ...reply, headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) } };
  },

  errorEvent: (msg = "internal server error") => ({ event: "error", data: { code: 5000, msg } }),
};

const errorReply = (status, msg) => ({
  status,
  json: { code: CODES[status] ?? 5000, msg, detail: { logid: `demo${sequence}` } },
});

function checkCredential(headers, apiKey) {
  const sent = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  if (sent !== undefined && (apiKey === undefined || sent === apiKey)) return;
  throw new Refusal(401, "authentication is invalid");
}

function isMessage(message) {
  if (!is.isObject(message) || is.unknownField(message, MESSAGE_FIELDS) !== undefined) return false;
  const types = { user: "question", assistant: "answer" };
  if (!Object.hasOwn(types, message.role) || message.type !== types[message.role]) return false;
  if (message.content_type === "text") return is.isText(message.content);
  return message.content_type === "object_string" && partsOf(message.content) !== undefined;
}

/** The parts of a message that has images; undefined for what is no such text. */
function partsOf(content) {
  try {
    const parts = JSON.parse(content);
    const isPart = ({ type, text, file_url: url }) =>
      type === "text" ? is.isText(text) && text !== "" : type === "image" && /^https?:\/\//.test(url);
    return Array.isArray(parts) && parts.length > 0 && parts.every(isPart) ? parts : undefined;
  } catch {
    return undefined;
  }
}

function checkRequest(body, { models: known = BOTS }) {
  if (!is.isObject(body)) throw new Refusal(400, "Request parameter error");
  for (const name of ["bot_id", "user_id"]) {
    if (body[name] === undefined) throw new Refusal(400, `Missing required parameter: ${name}`);
  }
  is.checkFields(body, FIELDS, "", (name, wanted) => {
    throw new Refusal(400, `${name} must be ${wanted}`);
  });
  const unknown = is.unknownField(body, Object.keys(FIELDS));
  if (unknown) throw new Refusal(400, `Unknown parameter: ${unknown}`);
  if (!known.includes(body.bot_id)) throw new Refusal(404, "The bot_id does not exist");
}

const textOf = ({ content, content_type: type }) =>
  type === "text"
    ? content
    : partsOf(content)
        .map(({ text = "" }) => text)
        .join("");

function answer(body, options) {
  checkRequest(body, options);
  const ids = { id: `demo-${++sequence}`, conversation_id: "demo-conversation", bot_id: body.bot_id };
  // What is not streamed is a job, whose answer is at another address.
  if (body.stream !== true) return { status: 200, json: { code: 0, msg: "", data: { ...ids, status: "in_progress" } } };
  const messages = body.additional_messages ?? [];
  const question = textOf(
    messages.filter(({ role }) => role === "user").at(-1) ?? { content: "", content_type: "text" },
  );
  const { tokens } = replyTo({ model: "coze-demo", question, stop: [], maxTokens: 1_000_000, tools: [] });
  const input = messages.reduce((sum, message) => sum + countTokens(textOf(message)), 0);
  const usage = { input_count: input, output_count: tokens.length, token_count: input + tokens.length };
  return { status: 200, events: events(ids, tokens, usage) };
}

function events(ids, tokens, usage) {
  const none = { input_count: 0, output_count: 0, token_count: 0 };
  const chat = (status, counts = none) => ({
    event: `conversation.chat.${status}`,
    data: { ...ids, last_error: { code: 0, msg: "" }, status, usage: counts },
  });
  const message = (kind, type, content) => ({
    event: `conversation.message.${kind}`,
    data: { ...ids, id: `${ids.id}-m`, chat_id: ids.id, role: "assistant", type, content, content_type: "text" },
    content: kind === "delta",
  });
  return [
    chat("created"),
    chat("in_progress"),
    ...tokens.map((text) => message("delta", "answer", text)),
    message("completed", "answer", tokens.join("")),
    message("completed", "follow_up", "What else?"),
    chat("completed", usage),
    { event: "done", data: '"[DONE]"' },
  ];
}
