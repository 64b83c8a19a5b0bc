// Golden requests, chat → Messages: what the client sends, what the provider gets, and what is left out.

import type { PlanOptions } from "./kit.ts";

export interface RequestCase {
  name: string;
  /** Members of the body; `model` is added. */
  request: object;
  /** Members of the translated body; `model` and a `max_tokens` of 4096 are added. */
  expected: object;
  plan?: PlanOptions;
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
    expected: { messages: helloTurn, service_tier: "auto" },
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
