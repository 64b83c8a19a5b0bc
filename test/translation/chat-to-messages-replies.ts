// Golden replies and streams, chat → Messages: what the provider sends and what the client gets.

const usage = { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 2, cache_read_input_tokens: 3 };
const chatUsage = {
  prompt_tokens: 15,
  completion_tokens: 5,
  total_tokens: 20,
  prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 0 },
};

export interface ReplyCase {
  name: string;
  /** Members of the Messages reply. */
  reply: object;
  message: object;
  finish: string;
  usage?: object;
}

const said = (...content: object[]) => ({ content, stop_reason: "end_turn", usage });
const text = (value: string) => ({ type: "text", text: value });

export const replies: ReplyCase[] = [
  { name: "a text", reply: said(text("Hello")), message: { content: "Hello" }, finish: "stop", usage: chatUsage },
  { name: "several texts", reply: said(text("a"), text("b")), message: { content: "ab" }, finish: "stop" },
  { name: "nothing", reply: said(), message: { content: "" }, finish: "stop" },
  {
    name: "thinking",
    reply: said(
      { type: "thinking", thinking: "Hm. ", signature: "s" },
      { type: "redacted_thinking", data: "x" },
      text("a"),
    ),
    message: {
      content: "a",
      reasoning_content: "Hm. ",
      thinking_blocks: [
        { type: "thinking", thinking: "Hm. ", signature: "s" },
        { type: "redacted_thinking", data: "x" },
      ],
    },
    finish: "stop",
  },
  {
    name: "tool calls",
    reply: {
      content: [
        text("I look."),
        { type: "tool_use", id: "t1", name: "weather", input: { city: "Zürich 🌧" } },
        { type: "tool_use", id: "t2", name: "now", input: {} },
      ],
      stop_reason: "tool_use",
      usage,
    },
    message: {
      content: "I look.",
      tool_calls: [
        { id: "t1", type: "function", function: { name: "weather", arguments: '{"city":"Zürich 🌧"}' } },
        { id: "t2", type: "function", function: { name: "now", arguments: "{}" } },
      ],
    },
    finish: "tool_calls",
  },
  {
    name: "a tool call and no text",
    reply: { content: [{ type: "tool_use", id: "t", name: "f", input: {} }], stop_reason: "tool_use", usage },
    message: { content: null, tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: "{}" } }] },
    finish: "tool_calls",
  },
  {
    name: "thinking tokens",
    reply: { content: [], stop_reason: "end_turn", usage: { ...usage, output_tokens_details: { thinking_tokens: 4 } } },
    message: { content: "" },
    finish: "stop",
    usage: { ...chatUsage, completion_tokens_details: { reasoning_tokens: 4 } },
  },
  {
    name: "no usage",
    reply: { content: [text("a")], stop_reason: "end_turn" },
    message: { content: "a" },
    finish: "stop",
    usage: {
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  },
  ...(
    [
      ["end_turn", "stop"],
      ["stop_sequence", "stop"],
      ["pause_turn", "stop"],
      ["max_tokens", "length"],
      ["model_context_window_exceeded", "length"],
      ["refusal", "content_filter"],
      ["something_new", "stop"],
      [null, "stop"],
    ] as const
  ).map(([reason, finish]) => ({
    name: `stop_reason ${reason}`,
    reply: { content: [text("a")], stop_reason: reason, usage },
    message: { content: "a" },
    finish,
  })),
];

/** A provider's stream, event by event. */
export function messagesSse(...events: object[]): string {
  return events
    .map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

const start = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    content: [],
    usage: { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 3, cache_creation_input_tokens: 2 },
  },
};
const blockStart = (index: number, block: object) => ({ type: "content_block_start", index, content_block: block });
const blockDelta = (index: number, delta: object) => ({ type: "content_block_delta", index, delta });
const blockStop = (index: number) => ({ type: "content_block_stop", index });
const end = (reason: string) => [
  { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 5 } },
  { type: "message_stop" },
];

export interface StreamCase {
  name: string;
  sse: string;
  /** Every chunk of the client's stream without its envelope: delta and finish reason, usage, or "[DONE]". */
  chunks: unknown[];
  streamUsage?: boolean;
}

const role = [{ role: "assistant", content: "" }, null];
const finish = (reason: string) => [{}, reason];
const toolDelta = (index: number, call: object) => [{ tool_calls: [{ index, ...call }] }, null];

export const streams: StreamCase[] = [
  {
    name: "a text, with pings",
    sse: messagesSse(
      start,
      blockStart(0, { type: "text", text: "" }),
      { type: "ping" },
      blockDelta(0, { type: "text_delta", text: "Hel" }),
      blockDelta(0, { type: "text_delta", text: "" }),
      blockDelta(0, { type: "text_delta", text: "lo 你好 🙂" }),
      blockStop(0),
      ...end("end_turn"),
    ),
    chunks: [role, [{ content: "Hel" }, null], [{ content: "lo 你好 🙂" }, null], finish("stop"), "[DONE]"],
  },
  {
    name: "usage where it was asked for",
    sse: messagesSse(start, blockDelta(0, { type: "text_delta", text: "a" }), ...end("max_tokens")),
    chunks: [role, [{ content: "a" }, null], finish("length"), chatUsage, "[DONE]"],
    streamUsage: true,
  },
  {
    name: "numbers that are repeated as 0",
    sse: messagesSse(
      start,
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { ...usage, input_tokens: 0 } },
      { type: "message_stop" },
    ),
    chunks: [role, finish("stop"), chatUsage, "[DONE]"],
    streamUsage: true,
  },
  {
    name: "thinking, then a text",
    sse: messagesSse(
      start,
      blockStart(0, { type: "thinking", thinking: "", signature: "" }),
      blockDelta(0, { type: "thinking_delta", thinking: "Hm." }),
      blockDelta(0, { type: "signature_delta", signature: "abc" }),
      blockStop(0),
      blockStart(1, { type: "text", text: "" }),
      blockDelta(1, { type: "text_delta", text: "a" }),
      blockDelta(1, { type: "citations_delta", citation: {} }),
      blockStop(1),
      ...end("end_turn"),
    ),
    chunks: [
      role,
      [{ reasoning_content: "Hm." }, null],
      [{ thinking_blocks: [{ type: "thinking", thinking: "", signature: "abc" }] }, null],
      [{ content: "a" }, null],
      finish("stop"),
      "[DONE]",
    ],
  },
  {
    name: "parallel tool calls",
    sse: messagesSse(
      start,
      blockStart(0, { type: "text", text: "I look." }),
      blockStop(0),
      blockStart(1, { type: "tool_use", id: "t1", name: "weather", input: {} }),
      blockDelta(1, { type: "input_json_delta", partial_json: "" }),
      blockDelta(1, { type: "input_json_delta", partial_json: '{"city":"Z' }),
      blockDelta(1, { type: "input_json_delta", partial_json: 'ürich"}' }),
      blockStop(1),
      blockStart(2, { type: "tool_use", id: "t2", name: "now", input: {} }),
      blockStop(2),
      blockStart(3, { type: "tool_use", id: "t3", name: "all", input: { at: ["once"] } }),
      blockStop(3),
      ...end("tool_use"),
    ),
    chunks: [
      role,
      [{ content: "I look." }, null],
      toolDelta(0, { id: "t1", type: "function", function: { name: "weather", arguments: "" } }),
      toolDelta(0, { function: { arguments: '{"city":"Z' } }),
      toolDelta(0, { function: { arguments: 'ürich"}' } }),
      toolDelta(1, { id: "t2", type: "function", function: { name: "now", arguments: "" } }),
      toolDelta(1, { function: { arguments: "{}" } }),
      toolDelta(2, { id: "t3", type: "function", function: { name: "all", arguments: '{"at":["once"]}' } }),
      finish("tool_calls"),
      "[DONE]",
    ],
  },
  {
    name: "blocks and events that chat has no place for",
    sse: messagesSse(
      start,
      blockStart(0, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      blockDelta(0, { type: "input_json_delta", partial_json: '{"query":"x"}' }),
      blockStop(0),
      { type: "something_new", data: 1 },
      ...end("pause_turn"),
    ),
    chunks: [role, finish("stop"), "[DONE]"],
  },
  {
    name: "an end without a stop reason",
    sse: messagesSse(start, blockDelta(0, { type: "text_delta", text: "a" }), { type: "message_stop" }),
    chunks: [role, [{ content: "a" }, null], finish("stop"), "[DONE]"],
  },
  {
    name: "what comes behind the end",
    sse: messagesSse(start, ...end("end_turn"), blockDelta(0, { type: "text_delta", text: "late" })),
    chunks: [role, finish("stop"), "[DONE]"],
  },
];
