// AWS Bedrock's runtime as a demo provider: Converse and ConverseStream in binary frames, with a Bedrock API key or signed.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
import { checkCredential, listModels, operationOf, refusalReply } from "./bedrock-account.mjs";
import { checkConverse } from "./bedrock-rules.mjs";
import { eventFrame, exceptionFrame } from "./event-stream.mjs";
import { countTokens, outputTokens, piecesOf, replyTo } from "./replies.mjs";

const MODELS = ["anthropic.claude-demo-v1:0"];
const OPERATIONS = ["converse", "converse-stream"];
const OUTPUT_TOKENS_MAX = 4096;
const STOP_REASONS = { stop: "end_turn", "stop-sequence": "stop_sequence", length: "max_tokens", tools: "tool_use" };
const THOUGHT = "A demo thought.";
const SIGNATURE = "ZGVtbyBzaWduYXR1cmU=";

let sequence = 0;

export const bedrockDialect = {
  credentialHeader: "authorization",
  basePath: "",
  foreignHeaders: ["openai-organization", "openai-project", "anthropic-version", "anthropic-beta"],
  eventType: "application/vnd.amazon.eventstream",
  wire: ({ event, exception, data }) => (exception ? exceptionFrame(exception, data) : eventFrame(event, data)),

  headers: () => ({ "x-amzn-requestid": `demo-${++sequence}` }),

  answer(request, options) {
    checkCredential(request, options);
    const list = listModels(request, options.models ?? MODELS);
    if (list !== undefined) return list;
    const { model, operation } = operationOf(request, options.models ?? MODELS, OPERATIONS);
    checkConverse(request.json);
    const answer = converse(model, request.json);
    return operation === "converse" ? { status: 200, json: whole(answer) } : { status: 200, events: events(answer) };
  },

  refusalReply,

  statusReply: ({ status, message, retryAfterSeconds }) => ({
    ...errorReply(status, message ?? `Demo fault: status ${status}`),
    headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
  }),

  errorEvent: (message = "Too many requests, please wait before trying again.") => ({
    exception: "throttlingException",
    data: { message },
  }),
};

const errorReply = (status, message) => ({ status, json: { message } });

const textOf = (blocks) => blocks.map(({ text = "" }) => text).join("");

function converse(model, body) {
  const { messages, toolConfig, inferenceConfig = {}, additionalModelRequestFields: extra = {} } = body;
  const questions = messages.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
  const answered = messages.at(-1).content.some((block) => block.toolResult);
  const wanted = toolConfig?.toolChoice?.tool?.name;
  const specs = (toolConfig?.tools ?? []).flatMap(({ toolSpec }) => (toolSpec ? [toolSpec] : []));
  const schema = body.outputConfig?.textFormat?.structure.jsonSchema.schema;
  const reply = replyTo({
    model,
    question: questions.filter((text) => text !== "").at(-1) ?? "",
    stop: inferenceConfig.stopSequences ?? [],
    maxTokens: inferenceConfig.maxTokens ?? OUTPUT_TOKENS_MAX,
    schema: schema === undefined ? undefined : JSON.parse(schema),
    tools: answered
      ? []
      : specs
          .filter(({ name }) => wanted === undefined || name === wanted)
          .map(({ name, inputSchema }) => ({ name, schema: inputSchema.json })),
  });
  const input = messages.reduce((sum, { content }) => sum + countTokens(textOf(content)), 0);
  const output = outputTokens(reply);
  return {
    reply,
    thinks: ["enabled", "adaptive"].includes(extra.thinking?.type),
    calls: reply.calls.map((call) => ({ ...call, id: `tooluse_demo${++sequence}` })),
    usage: { inputTokens: input, outputTokens: output, totalTokens: input + output },
  };
}

function whole({ reply, thinks, calls, usage }) {
  const content = [
    ...(thinks ? [{ reasoningContent: { reasoningText: { text: THOUGHT, signature: SIGNATURE } } }] : []),
    ...(reply.tokens.length > 0 ? [{ text: reply.tokens.join("") }] : []),
    ...calls.map(({ id, name, arguments: text }) => ({ toolUse: { toolUseId: id, name, input: JSON.parse(text) } })),
  ];
  return {
    output: { message: { role: "assistant", content } },
    stopReason: STOP_REASONS[reply.end],
    usage,
    metrics: { latencyMs: 1 },
  };
}

function events({ reply, thinks, calls, usage }) {
  const blocks = [
    ...(thinks ? [[{ reasoningContent: { text: THOUGHT } }, { reasoningContent: { signature: SIGNATURE } }]] : []),
    ...(reply.tokens.length > 0 ? [reply.tokens.map((text) => ({ text }))] : []),
  ].map((deltas) => ({ deltas }));
  const tools = calls.map(({ id, name, arguments: text }) => ({
    start: { toolUse: { toolUseId: id, name } },
    deltas: piecesOf(text).map((input) => ({ toolUse: { input } })),
  }));
  return [
    { event: "messageStart", data: { role: "assistant", p: "abc" } },
    ...[...blocks, ...tools].flatMap(({ start, deltas }, contentBlockIndex) => [
      ...(start ? [{ event: "contentBlockStart", data: { contentBlockIndex, start, p: "ab" } }] : []),
      ...deltas.map((delta) => ({
        event: "contentBlockDelta",
        data: { contentBlockIndex, delta, p: "abcd" },
        content: true,
      })),
      { event: "contentBlockStop", data: { contentBlockIndex, p: "a" } },
    ]),
    { event: "messageStop", data: { stopReason: STOP_REASONS[reply.end], p: "abcde" } },
    { event: "metadata", data: { usage, metrics: { latencyMs: 1 }, p: "abcdef" } },
  ];
}
