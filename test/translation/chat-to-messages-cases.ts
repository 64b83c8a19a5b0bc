// Golden cases of the direction chat → Messages: what the client sends and what the provider gets, and back.

import type { PlanOptions } from "./kit.ts";

export interface RequestCase {
  name: string;
  /** Members of the body; `model` is added. */
  request: object;
  /** Members of the translated body; `model` and a `max_tokens` of 4096 are added. */
  expected: object;
  plan?: PlanOptions;
}

export interface RefusalCase {
  name: string;
  request: object;
  code: string;
  detail: string;
}

const hello = [{ role: "user", content: "Hi" }];
const helloTurn = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "Today's weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const weatherTool = {
  name: "weather",
  description: "Today's weather",
  input_schema: weather.function.parameters,
};
const callOf = (id: string, args: string) => ({
  id,
  type: "function",
  function: { name: "weather", arguments: args },
});

export const requests: RequestCase[] = [
  { name: "a text", request: { messages: hello }, expected: { messages: helloTurn } },
  {
    name: "members in any order, unknown ones left out",
    request: { x_vendor: { deep: [1, 2] }, stream: false, messages: hello, seed: 7, store: true, service_tier: "auto" },
    expected: { messages: helloTurn },
  },
  {
    name: "system and developer messages from anywhere, in their order",
    request: {
      messages: [
        { role: "system", content: "One" },
        { role: "user", content: "Hi" },
        { role: "developer", content: [{ type: "text", text: "Two" }] },
        { role: "user", content: "again" },
        { role: "system", content: "" },
      ],
    },
    expected: {
      system: [
        { type: "text", text: "One" },
        { type: "text", text: "Two" },
      ],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            { type: "text", text: "again" },
          ],
        },
      ],
    },
  },
  {
    name: "turns of one role become one; texts that say nothing vanish",
    request: {
      messages: [
        { role: "user", content: "a" },
        { role: "user", content: [{ type: "text", text: "b" }], name: "anna" },
        { role: "assistant", content: " \n" },
        { role: "user", content: [] },
        { role: "assistant", content: "c" },
        { role: "assistant", content: null, refusal: "no" },
        {
          role: "user",
          content: [
            { type: "text", text: "" },
            { type: "text", text: "d" },
          ],
        },
      ],
    },
    expected: {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "text", text: "c" },
            { type: "text", text: "no" },
          ],
        },
        { role: "user", content: [{ type: "text", text: "d" }] },
      ],
    },
  },
  {
    name: "images: data URL, escaped slashes, https",
    request: {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Compare" },
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: "high" } },
            { type: "image_url", image_url: { url: "DATA:image/webp;charset=x;Base64,AA==" } },
            { type: "image_url", image_url: { url: "https://example.com/a.jpg" } },
          ],
        },
      ],
    },
    expected: {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Compare" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
            { type: "image", source: { type: "base64", media_type: "image/webp", data: "AA==" } },
            { type: "image", source: { type: "url", url: "https://example.com/a.jpg" } },
          ],
        },
      ],
    },
  },
  {
    name: "a PDF",
    request: {
      messages: [
        {
          role: "user",
          content: [
            { type: "file", file: { filename: "年报.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
          ],
        },
      ],
    },
    expected: {
      messages: [
        {
          role: "user",
          content: [
            {
              type: "document",
              source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
              title: "年报.pdf",
            },
          ],
        },
      ],
    },
  },
  {
    name: "cache_control of parts and tools",
    request: {
      messages: [
        { role: "system", content: [{ type: "text", text: "S", cache_control: { type: "ephemeral" } }] },
        { role: "user", content: "Hi" },
      ],
      tools: [{ ...weather, cache_control: { type: "ephemeral", ttl: "1h" } }],
    },
    expected: {
      system: [{ type: "text", text: "S", cache_control: { type: "ephemeral" } }],
      messages: helloTurn,
      tools: [{ ...weatherTool, cache_control: { type: "ephemeral", ttl: "1h" } }],
    },
  },
  {
    name: "parallel tool calls and their results",
    request: {
      messages: [
        { role: "user", content: "Paris and Rome?" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [callOf("a", '{"city":"Paris"}'), callOf("b", ' { "city" : "Rome\\n" } ')],
        },
        { role: "tool", tool_call_id: "a", content: "rain" },
        { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "sun" }] },
        { role: "user", content: "And?" },
      ],
      tools: [weather],
    },
    expected: {
      messages: [
        { role: "user", content: [{ type: "text", text: "Paris and Rome?" }] },
        {
          role: "assistant",
          content: [
            { type: "text", text: "I look." },
            { type: "tool_use", id: "a", name: "weather", input: { city: "Paris" } },
            { type: "tool_use", id: "b", name: "weather", input: { city: "Rome\n" } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: "rain" },
            { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "sun" }] },
            { type: "text", text: "And?" },
          ],
        },
      ],
      tools: [weatherTool],
    },
  },
  {
    name: "calls without arguments, results without text",
    request: {
      messages: [
        ...hello,
        { role: "assistant", tool_calls: [callOf("a", ""), { id: "b", function: { name: "now" } }] },
        { role: "tool", tool_call_id: "a", content: "" },
        { role: "tool", tool_call_id: "b" },
      ],
    },
    expected: {
      messages: [
        ...helloTurn,
        {
          role: "assistant",
          content: [
            { type: "tool_use", id: "a", name: "weather", input: {} },
            { type: "tool_use", id: "b", name: "now", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a" },
            { type: "tool_result", tool_use_id: "b" },
          ],
        },
      ],
    },
  },
  {
    name: "tools without parameters, or with some that name no type",
    request: {
      messages: hello,
      tools: [
        { type: "function", function: { name: "a" } },
        { type: "function", function: { name: "b", parameters: {} } },
        { type: "function", function: { name: "c", parameters: { properties: { x: {} } }, strict: true } },
        { type: "function", function: { name: "d", parameters: null, strict: false } },
      ],
    },
    expected: {
      messages: helloTurn,
      tools: [
        { name: "a", input_schema: { type: "object", properties: {} } },
        { name: "b", input_schema: { type: "object", properties: {} } },
        { name: "c", input_schema: { type: "object", properties: { x: {} } }, strict: true },
        { name: "d", input_schema: { type: "object", properties: {} } },
      ],
    },
  },
  ...(
    [
      ["auto", { type: "auto" }],
      ["none", { type: "none" }],
      ["required", { type: "any" }],
      [
        { type: "function", function: { name: "weather" } },
        { type: "tool", name: "weather" },
      ],
    ] as const
  ).map(([choice, expected]) => ({
    name: `tool_choice ${JSON.stringify(choice)}`,
    request: { messages: hello, tools: [weather], tool_choice: choice },
    expected: { messages: helloTurn, tools: [weatherTool], tool_choice: expected },
  })),
  {
    name: "one call at a time",
    request: { messages: hello, tools: [weather], tool_choice: "required", parallel_tool_calls: false },
    expected: {
      messages: helloTurn,
      tools: [weatherTool],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    },
  },
  {
    name: "one call at a time, no choice",
    request: { messages: hello, tools: [weather], parallel_tool_calls: false },
    expected: {
      messages: helloTurn,
      tools: [weatherTool],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    },
  },
  {
    name: "no calls, one at a time",
    request: { messages: hello, tools: [weather], tool_choice: "none", parallel_tool_calls: false },
    expected: { messages: helloTurn, tools: [weatherTool], tool_choice: { type: "none" } },
  },
  {
    name: "a choice among no tools",
    request: { messages: hello, tools: [], tool_choice: "auto", parallel_tool_calls: false },
    expected: { messages: helloTurn },
  },
  {
    name: "a stop text",
    request: { messages: hello, stop: "END" },
    expected: { messages: helloTurn, stop_sequences: ["END"] },
  },
  {
    name: "stop texts",
    request: { messages: hello, stop: ["a", "。"] },
    expected: { messages: helloTurn, stop_sequences: ["a", "。"] },
  },
  {
    name: "the older cap",
    request: { messages: hello, max_tokens: 12 },
    expected: { messages: helloTurn, max_tokens: 12 },
  },
  {
    name: "the newer cap wins",
    request: { messages: hello, max_tokens: 12, max_completion_tokens: 34 },
    expected: { messages: helloTurn, max_tokens: 34 },
  },
  {
    name: "the target's cap",
    request: { messages: hello, max_tokens: null },
    expected: { messages: helloTurn, max_tokens: 8192 },
    plan: { defaultMaxTokens: 8192 },
  },
  {
    name: "sampling as it is",
    request: { messages: hello, temperature: 0.7, top_p: 0.9 },
    expected: { messages: helloTurn, temperature: 0.7, top_p: 0.9 },
  },
  {
    name: "a temperature above Messages' scale",
    request: { messages: hello, temperature: 1.5 },
    expected: { messages: helloTurn, temperature: 1 },
  },
  {
    name: "who the user is",
    request: { messages: hello, user: "u-1" },
    expected: { messages: helloTurn, metadata: { user_id: "u-1" } },
  },
  {
    name: "who the user is, by the newer name",
    request: { messages: hello, user: "u-1", safety_identifier: "s-2" },
    expected: { messages: helloTurn, metadata: { user_id: "s-2" } },
  },
  {
    name: "effort",
    request: { messages: hello, reasoning_effort: "high" },
    expected: { messages: helloTurn, output_config: { effort: "high" } },
  },
  {
    name: "the least effort that Messages knows",
    request: { messages: hello, reasoning_effort: "minimal" },
    expected: { messages: helloTurn, output_config: { effort: "low" } },
  },
  {
    name: "no reasoning",
    request: { messages: hello, reasoning_effort: "none" },
    expected: { messages: helloTurn, thinking: { type: "disabled" } },
  },
  {
    name: "thinking in Anthropic's own words",
    request: { messages: hello, thinking: { type: "enabled", budget_tokens: 2048 }, reasoning_effort: "none" },
    expected: { messages: helloTurn, thinking: { type: "enabled", budget_tokens: 2048 } },
  },
  {
    name: "a schema for the answer, with effort",
    request: {
      messages: hello,
      reasoning_effort: "low",
      response_format: { type: "json_schema", json_schema: { name: "n", strict: true, schema: { type: "object" } } },
    },
    expected: {
      messages: helloTurn,
      output_config: { effort: "low", format: { type: "json_schema", schema: { type: "object" } } },
    },
  },
  {
    name: "plain text as the format",
    request: { messages: hello, response_format: { type: "text" } },
    expected: { messages: helloTurn },
  },
  {
    name: "defaults that are spelled out, and nulls",
    request: {
      messages: hello,
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      logit_bias: {},
      frequency_penalty: 0,
      presence_penalty: -0.0e5,
      modalities: ["text"],
      audio: null,
      tools: null,
      tool_choice: null,
      stop: null,
      temperature: null,
      user: null,
      response_format: null,
      reasoning_effort: null,
    },
    expected: { messages: helloTurn },
  },
  {
    name: "a stream",
    request: { messages: hello, stream: true, stream_options: { include_usage: true } },
    expected: { messages: helloTurn, stream: true },
    plan: { stream: true, streamUsage: true },
  },
];

const unsupported = (name: string, member: object, detail: string): RefusalCase => ({
  name,
  request: { messages: hello, ...member },
  code: "unsupported_content",
  detail,
});
const wrongType = (name: string, member: object, detail: string): RefusalCase => ({
  name,
  request: { messages: hello, ...member },
  code: "invalid_type",
  detail,
});
const inUser = (part: unknown) => ({ messages: [...hello, { role: "user", content: [part] }] });
const inCall = (call: unknown) => ({ messages: [...hello, { role: "assistant", tool_calls: [call] }] });

export const refusals: RefusalCase[] = [
  unsupported("several choices", { n: 2 }, "n '2' cannot be sent to this provider: send 1."),
  unsupported("log probabilities", { logprobs: true }, "logprobs cannot be sent to this provider."),
  unsupported("top log probabilities", { top_logprobs: 3 }, "top_logprobs cannot be sent to this provider."),
  unsupported("token bias", { logit_bias: { "1": 2 } }, "logit_bias cannot be sent to this provider."),
  unsupported("a penalty", { frequency_penalty: 0.5 }, "frequency_penalty cannot be sent to this provider: send 0."),
  unsupported(
    "the other penalty",
    { presence_penalty: -1 },
    "presence_penalty cannot be sent to this provider: send 0.",
  ),
  unsupported("sound", { modalities: ["text", "audio"] }, "modalities 'audio' cannot be sent to this provider."),
  unsupported("a voice", { audio: { voice: "x" } }, "audio cannot be sent to this provider."),
  unsupported("functions", { functions: [] }, "functions cannot be sent to this provider: use tools."),
  unsupported(
    "function_call",
    { function_call: "auto" },
    "function_call cannot be sent to this provider: use tool_choice.",
  ),
  unsupported("web search", { web_search_options: {} }, "web_search_options cannot be sent to this provider."),
  unsupported(
    "JSON mode",
    { response_format: { type: "json_object" } },
    "response_format.type 'json_object' cannot be sent to this provider: use json_schema with a schema.",
  ),
  unsupported(
    "a recording",
    inUser({ type: "input_audio", input_audio: {} }),
    "messages[1].content[0].type 'input_audio' cannot be sent to this provider.",
  ),
  unsupported(
    "a file that OpenAI holds",
    inUser({ type: "file", file: { file_id: "file-1" } }),
    "messages[1].content[0].file cannot be sent to this provider: send the file itself as file.file_data.",
  ),
  unsupported(
    "an image of an unknown scheme",
    inUser({ type: "image_url", image_url: { url: "ftp://a/b.png" } }),
    "messages[1].content[0].image_url.url cannot be sent to this provider: send an https URL or a base64 data URL.",
  ),
  unsupported(
    "a data URL that is not base64",
    inUser({ type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg%3E" } }),
    "messages[1].content[0].image_url.url cannot be sent to this provider: encode the data URL as base64.",
  ),
  unsupported(
    "an image by an assistant",
    { messages: [{ role: "assistant", content: [{ type: "image_url", image_url: { url: "https://a/b" } }] }] },
    "messages[0].content[0].type 'image_url' cannot be sent to this provider.",
  ),
  unsupported(
    "a role of old",
    { messages: [{ role: "function", name: "f", content: "x" }] },
    "messages[0].role 'function' cannot be sent to this provider: use system, developer, user, assistant or tool.",
  ),
  unsupported(
    "a custom tool",
    { tools: [{ type: "custom", custom: {} }] },
    "tools[0].type 'custom' cannot be sent to this provider: use a function.",
  ),
  unsupported(
    "a choice of several tools",
    { tools: [weather], tool_choice: { type: "allowed_tools" } },
    "tool_choice.type 'allowed_tools' cannot be sent to this provider: name a function.",
  ),
  unsupported(
    "nothing but a system message",
    { messages: [{ role: "system", content: "S" }] },
    "messages cannot be sent to this provider: it needs at least one user or assistant message with content.",
  ),
  wrongType("messages of a wrong type", { messages: "Hi" }, "messages must be an array."),
  wrongType("a message of a wrong type", { messages: [7] }, "messages[0] must be an object."),
  wrongType(
    "content of a wrong type",
    { messages: [{ role: "user", content: 7 }] },
    "messages[0].content must be a string or an array.",
  ),
  wrongType("a cap of a wrong type", { max_tokens: "12" }, "max_tokens must be a number."),
  wrongType("a temperature of a wrong type", { temperature: "hot" }, "temperature must be a number."),
  wrongType("stop of a wrong type", { stop: [1] }, "stop must be a string or an array of strings."),
  wrongType(
    "arguments that are no JSON",
    inCall(callOf("a", '{"city":')),
    "messages[1].tool_calls[0].function.arguments must be a string that holds one JSON object.",
  ),
  wrongType(
    "arguments that are a JSON array",
    inCall(callOf("a", "[1]")),
    "messages[1].tool_calls[0].function.arguments must be a string that holds one JSON object.",
  ),
  wrongType(
    "a result of no call",
    { messages: [...hello, { role: "tool", content: "x" }] },
    "messages[1].tool_call_id must be a string.",
  ),
];

const usage = { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 2, cache_read_input_tokens: 3 };
const chatUsage = {
  prompt_tokens: 15,
  completion_tokens: 5,
  total_tokens: 20,
  prompt_tokens_details: { cached_tokens: 3 },
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
    message: { content: "a", reasoning_content: "Hm. " },
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
      prompt_tokens_details: { cached_tokens: 0 },
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
    chunks: [role, [{ reasoning_content: "Hm." }, null], [{ content: "a" }, null], finish("stop"), "[DONE]"],
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
