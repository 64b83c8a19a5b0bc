// Messages requests that are refused because chat cannot carry them, or for a wrong type, and what the client is told.

import type { RefusalCase } from "./chat-to-messages-refusals.ts";

const hello = [{ role: "user", content: "Hi" }];
const weather = { name: "weather", input_schema: { type: "object" } };
const png = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };

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
