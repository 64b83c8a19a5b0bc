// Golden replies and streams, Messages → chat: what the provider sends and what the client gets.

const use = (id: string, input: object) => ({ type: "tool_use", id, name: "weather", input });
const call = (id: string, args: string) => ({ id, type: "function", function: { name: "weather", arguments: args } });
const text = (value: string) => ({ type: "text", text: value });

const usage = {
  prompt_tokens: 15,
  completion_tokens: 5,
  total_tokens: 20,
  prompt_tokens_details: { cached_tokens: 3 },
};
export const messagesUsage = {
  input_tokens: 12,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 3,
  output_tokens: 5,
};
const noUsage = { ...messagesUsage, input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };

export interface ReplyCase {
  name: string;
  message: object;
  finish: string | null;
  usage?: object | null;
  content: object[];
  stop: string;
  expectedUsage?: object;
}

export const replies: ReplyCase[] = [
  {
    name: "a text",
    message: { content: "Hello" },
    finish: "stop",
    usage,
    content: [text("Hello")],
    stop: "end_turn",
    expectedUsage: messagesUsage,
  },
  { name: "nothing", message: { content: "" }, finish: "stop", content: [], stop: "end_turn", expectedUsage: noUsage },
  { name: "null", message: { content: null }, finish: "stop", usage: null, content: [], stop: "end_turn" },
  { name: "the cap", message: { content: "a" }, finish: "length", content: [text("a")], stop: "max_tokens" },
  { name: "a filter", message: { content: "a" }, finish: "content_filter", content: [text("a")], stop: "refusal" },
  { name: "a reason of tomorrow", message: { content: "a" }, finish: "new", content: [text("a")], stop: "end_turn" },
  { name: "no reason", message: { content: "a" }, finish: null, content: [text("a")], stop: "end_turn" },
  {
    name: "a refusal",
    message: { content: null, refusal: "No." },
    finish: "stop",
    content: [text("No.")],
    stop: "refusal",
  },
  {
    name: "reasoning",
    message: { content: "a", reasoning_content: "Hm" },
    finish: "stop",
    content: [{ type: "thinking", thinking: "Hm", signature: "" }, text("a")],
    stop: "end_turn",
  },
  {
    name: "tool calls",
    message: { content: "I look.", tool_calls: [call("a", '{"city":"Zürich"}'), call("b", "")] },
    finish: "tool_calls",
    content: [text("I look."), use("a", { city: "Zürich" }), use("b", {})],
    stop: "tool_use",
  },
  {
    name: "a call that the client named",
    message: { content: null, tool_calls: [call("a", "{}")] },
    finish: "stop",
    content: [use("a", {})],
    stop: "tool_use",
  },
  {
    name: "a call that the cap cut off",
    message: { content: "a", tool_calls: [call("a", "{}"), call("b", '{"city":"Z')] },
    finish: "length",
    content: [text("a"), use("a", {})],
    stop: "max_tokens",
  },
];

/** A provider's stream, chunk by chunk; strings are data as they are. */
export function chatSse(...chunks: (object | string)[]): string {
  return chunks.map((chunk) => `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`).join("");
}

const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const usageChunk = { id: "chatcmpl-1", choices: [], usage };
const piece = (index: number, args: string, more: object = {}) => ({
  tool_calls: [{ index, ...more, function: { arguments: args } }],
});
const open = (index: number, id: string, args = "") => ({ tool_calls: [{ index, ...call(id, args) }] });

const start = {
  type: "message_start",
  message: {
    id: "chatcmpl-1",
    type: "message",
    role: "assistant",
    model: "public-model",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: noUsage,
  },
};
const blockStart = (index: number, block: object) => ({ type: "content_block_start", index, content_block: block });
const textStart = (index: number) => blockStart(index, text(""));
const said = (index: number, value: string) => ({
  type: "content_block_delta",
  index,
  delta: { type: "text_delta", text: value },
});
const thought = (index: number, value: string) => ({
  type: "content_block_delta",
  index,
  delta: { type: "thinking_delta", thinking: value },
});
const json = (index: number, value: string) => ({
  type: "content_block_delta",
  index,
  delta: { type: "input_json_delta", partial_json: value },
});
const stop = (index: number) => ({ type: "content_block_stop", index });
const end = (reason: string, counted: object = noUsage) => [
  { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: counted },
  { type: "message_stop" },
];

export interface StreamCase {
  name: string;
  sse: string;
  events: object[];
}

export const streams: StreamCase[] = [
  {
    name: "a text, usage at the end",
    sse: chatSse(
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hel" }),
      chunk({ content: "lo 你好 🙂" }),
      chunk({}, "stop"),
      usageChunk,
      "[DONE]",
    ),
    events: [start, textStart(0), said(0, "Hel"), said(0, "lo 你好 🙂"), stop(0), ...end("end_turn", messagesUsage)],
  },
  {
    name: "no usage",
    sse: chatSse(chunk({ content: "a" }), chunk({}, "length"), "[DONE]"),
    events: [start, textStart(0), said(0, "a"), stop(0), ...end("max_tokens")],
  },
  {
    name: "no finish reason, usage in every chunk",
    sse: chatSse(chunk({ content: "a" }, null, { usage: null }), chunk({ content: "b" }, null, { usage }), "[DONE]"),
    events: [start, textStart(0), said(0, "a"), said(0, "b"), stop(0), ...end("end_turn", messagesUsage)],
  },
  {
    name: "a text, then parallel calls",
    sse: chatSse(
      chunk({ role: "assistant", content: "I look." }),
      chunk(open(0, "a")),
      chunk(piece(0, '{"city":"Z')),
      chunk(piece(0, 'ürich"}')),
      chunk(open(1, "b", "{}")),
      chunk({}, "tool_calls"),
      "[DONE]",
    ),
    events: [
      start,
      textStart(0),
      said(0, "I look."),
      stop(0),
      blockStart(1, use("a", {})),
      json(1, '{"city":"Z'),
      json(1, 'ürich"}'),
      stop(1),
      blockStart(2, use("b", {})),
      json(2, "{}"),
      stop(2),
      ...end("tool_use"),
    ],
  },
  {
    name: "calls with one index for all, or none",
    sse: chatSse(
      chunk(open(0, "a", "{}")),
      chunk(open(0, "b")),
      chunk(piece(0, "{}", { id: "b" })),
      chunk({ tool_calls: [call("c", "{")] }),
      chunk({ tool_calls: [{ function: { arguments: "}" } }] }, "stop"),
      "[DONE]",
    ),
    events: [
      start,
      blockStart(0, use("a", {})),
      json(0, "{}"),
      stop(0),
      blockStart(1, use("b", {})),
      json(1, "{}"),
      stop(1),
      blockStart(2, use("c", {})),
      json(2, "{"),
      json(2, "}"),
      stop(2),
      ...end("tool_use"),
    ],
  },
  {
    name: "calls whose pieces alternate",
    sse: chatSse(
      chunk(open(0, "a", '{"city":')),
      chunk(open(1, "b", '{"city')),
      chunk(piece(0, '"Z')),
      chunk(piece(1, '":"}')),
      chunk(open(2, "c")),
      chunk(piece(0, 'ürich"}')),
      chunk(piece(1, '\\""}')),
      chunk(piece(2, "{}")),
      chunk({}, "tool_calls"),
      "[DONE]",
    ),
    events: [
      start,
      blockStart(0, use("a", {})),
      json(0, '{"city":'),
      json(0, '"Z'),
      json(0, 'ürich"}'),
      stop(0),
      blockStart(1, use("b", {})),
      json(1, '{"city":"}'),
      json(1, '\\""}'),
      stop(1),
      blockStart(2, use("c", {})),
      json(2, "{}"),
      stop(2),
      ...end("tool_use"),
    ],
  },
  {
    name: "two calls in one chunk, then a text",
    sse: chatSse(
      chunk({ tool_calls: [...open(0, "a", "{}").tool_calls, ...open(1, "b", "{}").tool_calls] }),
      chunk({ content: "done" }, "tool_calls"),
      "[DONE]",
    ),
    events: [
      start,
      blockStart(0, use("a", {})),
      json(0, "{}"),
      stop(0),
      blockStart(1, use("b", {})),
      json(1, "{}"),
      stop(1),
      textStart(2),
      said(2, "done"),
      stop(2),
      ...end("tool_use"),
    ],
  },
  {
    name: "thinking aloud",
    sse: chatSse(
      chunk({ reasoning_content: "Hm" }),
      chunk({ reasoning: "Hm" }),
      chunk({ content: "a" }, "stop"),
      "[DONE]",
    ),
    events: [
      start,
      blockStart(0, { type: "thinking", thinking: "", signature: "" }),
      thought(0, "Hm"),
      thought(0, "Hm"),
      stop(0),
      textStart(1),
      said(1, "a"),
      stop(1),
      ...end("end_turn"),
    ],
  },
  {
    name: "a refusal",
    sse: chatSse(chunk({ refusal: "No." }), chunk({}, "stop"), "[DONE]"),
    events: [start, textStart(0), said(0, "No."), stop(0), ...end("refusal")],
  },
  {
    name: "an empty answer",
    sse: chatSse(chunk({ role: "assistant", content: "" }), chunk({}, "stop"), "[DONE]"),
    events: [start, ...end("end_turn")],
  },
  {
    name: "what comes behind the end",
    sse: chatSse(chunk({ content: "a" }, "stop"), "[DONE]", chunk({ content: "late" })),
    events: [start, textStart(0), said(0, "a"), stop(0), ...end("end_turn")],
  },
];
