// Chat requests that are refused because Messages cannot carry them, or for a wrong type, and what the client is told.

export interface RefusalCase {
  name: string;
  request: object;
  code: string;
  detail: string;
}

const hello = [{ role: "user", content: "Hi" }];
const weather = { type: "function", function: { name: "weather" } };
const callOf = (id: string, args: string) => ({
  id,
  type: "function",
  function: { name: "weather", arguments: args },
});

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
    "a long role with escapes: as it reads, cut between characters",
    { messages: [{ role: `\n"${"a".repeat(60)}你好`, content: "x" }] },
    `messages[0].role '\n"${"a".repeat(60)}' cannot be sent to this provider: use system, developer, user, assistant or tool.`,
  ),
  unsupported(
    "a file elsewhere",
    inUser({ type: "file", file: { file_data: "ftp://files.test/a.pdf" } }),
    "messages[1].content[0].file.file_data cannot be sent to this provider: send an https URL or a base64 data URL.",
  ),
  wrongType("a tool of no type", { tools: [{ function: { name: "f" } }] }, "tools[0].type must be a string."),
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
