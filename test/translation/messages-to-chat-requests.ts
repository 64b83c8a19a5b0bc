// Golden requests, Messages → chat: what the client sends, what the provider gets, and what is refused.

import type { RefusalCase } from "./chat-to-messages-refusals.ts";
import type { RequestCase } from "./chat-to-messages-requests.ts";

const hello = [{ role: "user", content: "Hi" }];
const weather = {
  name: "weather",
  description: "Today's weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const weatherFunction = {
  type: "function",
  function: { name: "weather", description: "Today's weather", parameters: weather.input_schema },
};
const use = (id: string, input: object) => ({ type: "tool_use", id, name: "weather", input });
const call = (id: string, args: string) => ({ id, type: "function", function: { name: "weather", arguments: args } });
const text = (value: string) => ({ type: "text", text: value });
const png = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const pngPart = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };

/** `model` and a `max_tokens` of 100 are added to the request, `model` and `max_completion_tokens` to what is expected. */
export const requests: RequestCase[] = [
  { name: "a text", request: { messages: hello }, expected: { messages: hello } },
  {
    name: "members in any order, hints left out",
    request: {
      x_vendor: [1],
      thinking: { type: "enabled", budget_tokens: 1024 },
      top_k: 5,
      messages: hello,
      service_tier: "auto",
      cache_control: { type: "ephemeral" },
      container: null,
      mcp_servers: [],
    },
    expected: { messages: hello, reasoning_effort: "low" },
  },
  {
    name: "a system text",
    request: { system: "Be brief.", messages: hello },
    expected: { messages: [{ role: "system", content: "Be brief." }, ...hello] },
  },
  {
    name: "system blocks",
    request: { messages: hello, system: [{ ...text("One"), cache_control: { type: "ephemeral" } }, text("二")] },
    expected: { messages: [{ role: "system", content: "One\n\n二" }, ...hello] },
  },
  { name: "an empty system text", request: { system: "", messages: hello }, expected: { messages: hello } },
  { name: "no system blocks", request: { system: [], messages: hello }, expected: { messages: hello } },
  {
    name: "a system message in the conversation",
    request: { messages: [...hello, { role: "system", content: [text("Now brief.")] }] },
    expected: { messages: [...hello, { role: "system", content: "Now brief." }] },
  },
  {
    name: "several turns",
    request: {
      messages: [
        { role: "user", content: [text("a")] },
        { role: "assistant", content: [text("b"), text("c")] },
        { role: "user", content: [text("d"), text("e")] },
        { role: "assistant", content: "f" },
      ],
    },
    expected: {
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: "bc" },
        { role: "user", content: [text("d"), text("e")] },
        { role: "assistant", content: "f" },
      ],
    },
  },
  {
    name: "images",
    request: {
      messages: [
        {
          role: "user",
          content: [
            text("Compare"),
            { ...png, cache_control: { type: "ephemeral" } },
            { type: "image", source: { type: "url", url: "https://example.com/a.jpg" } },
          ],
        },
      ],
    },
    expected: {
      messages: [
        {
          role: "user",
          content: [text("Compare"), pngPart, { type: "image_url", image_url: { url: "https://example.com/a.jpg" } }],
        },
      ],
    },
  },
  {
    name: "documents",
    request: {
      messages: [
        {
          role: "user",
          content: [
            {
              type: "document",
              title: "年报.pdf",
              source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
            },
            { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AA==" } },
            { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" } },
          ],
        },
      ],
    },
    expected: {
      messages: [
        {
          role: "user",
          content: [
            { type: "file", file: { filename: "年报.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
            { type: "file", file: { filename: "document.pdf", file_data: "data:application/pdf;base64,AA==" } },
            text("plain"),
          ],
        },
      ],
    },
  },
  {
    name: "thinking is left out; a turn of nothing else vanishes",
    request: {
      messages: [
        ...hello,
        { role: "assistant", content: [{ type: "thinking", thinking: "Hm", signature: "s" }] },
        { role: "user", content: "?" },
        { role: "assistant", content: [{ type: "redacted_thinking", data: "x" }, text("a")] },
      ],
    },
    expected: { messages: [...hello, { role: "user", content: "?" }, { role: "assistant", content: "a" }] },
  },
  {
    name: "parallel tool uses; results come before the rest of the turn",
    request: {
      messages: [
        { role: "user", content: "Paris and Rome?" },
        { role: "assistant", content: [text("I look."), use("a", { city: "Paris" }), use("b", { city: "Rome 🌞" })] },
        {
          role: "user",
          content: [
            text("And?"),
            { type: "tool_result", tool_use_id: "a", content: "rain" },
            { type: "tool_result", tool_use_id: "b", content: [text("sun"), text("hot")] },
          ],
        },
      ],
      tools: [weather],
    },
    expected: {
      messages: [
        { role: "user", content: "Paris and Rome?" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [call("a", '{"city":"Paris"}'), call("b", '{"city":"Rome 🌞"}')],
        },
        { role: "tool", tool_call_id: "a", content: "rain" },
        { role: "tool", tool_call_id: "b", content: "sun\n\nhot" },
        { role: "user", content: "And?" },
      ],
      tools: [weatherFunction],
    },
  },
  {
    name: "failed, empty and missing results; a call without text",
    request: {
      messages: [
        { role: "assistant", content: [use("a", {})] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: "no such city", is_error: true },
            { type: "tool_result", tool_use_id: "b", content: [text("down")], is_error: true },
            { type: "tool_result", tool_use_id: "c", content: [] },
            { type: "tool_result", tool_use_id: "d" },
          ],
        },
      ],
    },
    expected: {
      messages: [
        { role: "assistant", content: null, tool_calls: [call("a", "{}")] },
        { role: "tool", tool_call_id: "a", content: "Error: no such city" },
        { role: "tool", tool_call_id: "b", content: "Error: down" },
        { role: "tool", tool_call_id: "c", content: "" },
        { role: "tool", tool_call_id: "d", content: "" },
      ],
    },
  },
  {
    name: "images in results follow in the user message",
    request: {
      messages: [
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: [text("shot"), png] },
            { type: "tool_result", tool_use_id: "b", content: [png] },
            text("Look"),
          ],
        },
      ],
    },
    expected: {
      messages: [
        { role: "tool", tool_call_id: "a", content: "shot" },
        { role: "tool", tool_call_id: "b", content: "" },
        { role: "user", content: [pngPart, pngPart, text("Look")] },
      ],
    },
  },
  {
    name: "tools",
    request: {
      messages: hello,
      tools: [
        { ...weather, type: "custom", cache_control: { type: "ephemeral" } },
        { name: "now", input_schema: { type: "object" }, strict: true, type: null },
      ],
    },
    expected: {
      messages: hello,
      tools: [
        weatherFunction,
        { type: "function", function: { name: "now", parameters: { type: "object" }, strict: true } },
      ],
    },
  },
  ...(
    [
      [{ type: "auto" }, { tool_choice: "auto" }],
      [{ type: "any" }, { tool_choice: "required" }],
      [{ type: "none" }, { tool_choice: "none" }],
      [{ type: "tool", name: "weather" }, { tool_choice: { type: "function", function: { name: "weather" } } }],
      [
        { type: "auto", disable_parallel_tool_use: true },
        { tool_choice: "auto", parallel_tool_calls: false },
      ],
      [{ type: "any", disable_parallel_tool_use: false }, { tool_choice: "required" }],
    ] as const
  ).map(([choice, expected]) => ({
    name: `tool_choice ${JSON.stringify(choice)}`,
    request: { messages: hello, tools: [weather], tool_choice: choice },
    expected: { messages: hello, tools: [weatherFunction], ...expected },
  })),
  {
    name: "a choice among no tools",
    request: { messages: hello, tool_choice: { type: "auto" }, tools: [] },
    expected: { messages: hello },
  },
  {
    name: "stop texts",
    request: { messages: hello, stop_sequences: ["a", "。"] },
    expected: { messages: hello, stop: ["a", "。"] },
  },
  { name: "no stop texts", request: { messages: hello, stop_sequences: [] }, expected: { messages: hello } },
  {
    name: "sampling as it is",
    request: { messages: hello, temperature: 0.7, top_p: 0.9 },
    expected: { messages: hello, temperature: 0.7, top_p: 0.9 },
  },
  {
    name: "who the user is",
    request: { messages: hello, metadata: { user_id: "u-1" } },
    expected: { messages: hello, user: "u-1" },
  },
  {
    name: "effort and a schema for the answer",
    request: {
      messages: hello,
      output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } } },
    },
    expected: {
      messages: hello,
      reasoning_effort: "high",
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", strict: true, schema: { type: "object" } },
      },
    },
  },
  {
    name: "a stream",
    request: { messages: hello, stream: true },
    expected: { messages: hello, stream: true, stream_options: { include_usage: true } },
    plan: { stream: true },
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
const inUser = (block: unknown) => ({ messages: [...hello, { role: "user", content: [block] }] });
const inAssistant = (block: unknown) => ({ messages: [...hello, { role: "assistant", content: [block] }] });

export const refusals: RefusalCase[] = [
  unsupported("a container", { container: "c" }, "container cannot be sent to this provider."),
  unsupported("MCP servers", { mcp_servers: [{}] }, "mcp_servers cannot be sent to this provider."),
  unsupported("a promise of place", { inference_geo: "eu" }, "inference_geo cannot be sent to this provider."),
  unsupported(
    "five stop texts",
    { stop_sequences: ["a", "b", "c", "d", "e"] },
    "stop_sequences cannot be sent to this provider: give at most 4.",
  ),
  unsupported(
    "a tool of Anthropic's own",
    { tools: [{ type: "web_search_20250305", name: "web_search" }] },
    "tools[0].type 'web_search_20250305' cannot be sent to this provider: describe it as a custom tool.",
  ),
  unsupported(
    "an image that Anthropic holds",
    inUser({ type: "image", source: { type: "file", file_id: "f" } }),
    "messages[1].content[0].source.type 'file' cannot be sent to this provider: use base64 or url.",
  ),
  unsupported(
    "a document by its URL",
    inUser({ type: "document", source: { type: "url", url: "https://a/b.pdf" } }),
    "messages[1].content[0].source.type 'url' cannot be sent to this provider: send a document as base64 or text.",
  ),
  unsupported(
    "a search result",
    inUser({ type: "search_result" }),
    "messages[1].content[0].type 'search_result' cannot be sent to this provider.",
  ),
  unsupported(
    "a tool that Anthropic ran",
    inAssistant({ type: "server_tool_use", id: "s", name: "web_search", input: {} }),
    "messages[1].content[0].type 'server_tool_use' cannot be sent to this provider.",
  ),
  unsupported(
    "a search result in a result",
    inUser({ type: "tool_result", tool_use_id: "a", content: [{ type: "search_result" }] }),
    "messages[1].content[0].content 'search_result' cannot be sent to this provider.",
  ),
  unsupported("an image as a system prompt", { system: [png] }, "system 'image' cannot be sent to this provider."),
  unsupported(
    "a role of the other protocol",
    { messages: [{ role: "developer", content: "x" }] },
    "messages[0].role 'developer' cannot be sent to this provider.",
  ),
  unsupported(
    "another format",
    { output_config: { format: { type: "yaml" } } },
    "output_config.format.type 'yaml' cannot be sent to this provider: use json_schema.",
  ),
  wrongType("no cap", { max_tokens: null }, "max_tokens must be a number."),
  wrongType("messages of a wrong type", { messages: {} }, "messages must be an array."),
  wrongType("a message of a wrong type", { messages: ["Hi"] }, "messages[0] must be an object."),
  wrongType("no content", { messages: [{ role: "user" }] }, "messages[0].content must be a string or an array."),
  wrongType("a block of a wrong type", inUser("Hi"), "messages[1].content[0] must be an object."),
  wrongType("a text of a wrong type", inUser({ type: "text" }), "messages[1].content[0].text must be a string."),
  wrongType(
    "input of a wrong type",
    inAssistant({ type: "tool_use", id: "a", name: "f", input: "{}" }),
    "messages[1].content[0].input must be an object.",
  ),
  wrongType(
    "a result of no use",
    inUser({ type: "tool_result", content: "x" }),
    "messages[1].content[0].tool_use_id must be a string.",
  ),
  wrongType("a temperature of a wrong type", { temperature: true }, "temperature must be a number."),
  wrongType("stop_sequences of a wrong type", { stop_sequences: "a" }, "stop_sequences must be an array of strings."),
  wrongType(
    "a choice of a wrong type",
    { tools: [weather], tool_choice: { type: "tool" } },
    "tool_choice.type must be auto, any, none or tool with a name.",
  ),
];
