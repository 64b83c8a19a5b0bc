// Anthropic Messages clients, OpenAI chat provider: what the golden cases (cases/messages) do not say, as tables: refusals,
// finish reasons, what escapes and errors become, and which model routes show thinking.

import { describe, expect, test } from "vitest";
import { FILTER_ERRORS } from "../../control-plane/contract.ts";
import { eventsOf, type PlanOptions, Signal, Translators } from "./kit.ts";
import { refusals } from "./messages-to-chat-refusals.ts";

const translators = new Translators();
const STREAM_CUT = FILTER_ERRORS.findIndex(({ code }) => code === "upstream_stream_cut");
const begin = (plan: PlanOptions = {}) => translators.begin("messages-to-openai", plan);

/** A provider's stream, chunk by chunk; strings are data as they are. */
const chatSse = (...chunks: (object | string)[]): string =>
  chunks.map((chunk) => `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`).join("");

/** The data of every event; an event is named like its data's type. */
function dataOf(text: string): Record<string, unknown>[] {
  return eventsOf(text).map(({ type, data }) => {
    const parsed = JSON.parse(data);
    expect(parsed.type).toBe(type);
    return parsed;
  });
}

describe("requests", () => {
  test.each(refusals)("refused: $name", ({ request, code, detail }) => {
    begin();
    expect(translators.request(JSON.stringify({ max_tokens: 9, ...request }))).toMatchObject({ code, detail });
  });

  test.each([
    ["no JSON", '{"messages":[', "invalid_json"],
    ["no object", '"Hi"', "invalid_type"],
    ["too deep", `{"x":${'{"a":'.repeat(200)}1${"}".repeat(200)}}`, "json_too_deep"],
  ])("refused: %s", (_, body, code) => {
    begin();
    expect(translators.request(body).code).toBe(code);
  });

  test("goes to /chat/completions", () => {
    begin();
    expect(translators.path()).toBe("/chat/completions");
  });

  test("escapes stay as the client wrote them; the model is the target's", () => {
    begin({ requestModel: "gpt-\\u0078" });
    const { text } = translators.request(
      '{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"t\\u0065xt","text":"\\u4f60\\u597d \\ud83d\\ude42 \\ud800"}]}]}',
    );
    expect(text).toContain('"content":"\\u4f60\\u597d \\ud83d\\ude42 \\ud800"');
    expect(JSON.parse(text).model).toBe("gpt-x");
  });

  test("input keeps its own escapes and its spaces", () => {
    begin();
    const input = '{ "a" : "\\u4f60 🙂 \\"q\\" \\n" }';
    const { text } = translators.request(
      `{"max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":${input}}]}]}`,
    );
    expect(JSON.parse(text).messages[0].tool_calls[0].function.arguments).toBe(input);
  });
});

describe("replies", () => {
  test.each([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
    ["tool_calls", "tool_use"],
    ["function_call", "tool_use"],
    ["something_new", "end_turn"],
    [null, "end_turn"],
  ])("finish_reason %s is stop_reason %s", (finish, stop) => {
    begin();
    const reply = { choices: [{ message: { content: "a" }, finish_reason: finish }] };
    expect(JSON.parse(translators.reply(JSON.stringify(reply)).text).stop_reason).toBe(stop);
  });

  test("arguments lose one level of escapes, no more", () => {
    begin();
    const input = { text: '你 "q" \\u4f60 🙂', lone: "\udc00" };
    const call = { id: "a", type: "function", function: { name: "f", arguments: JSON.stringify(input) } };
    const reply = { choices: [{ message: { tool_calls: [call] }, finish_reason: "tool_calls" }] };
    const escaped = JSON.stringify(reply).replace(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    expect(JSON.parse(translators.reply(escaped).text).content[0].input).toEqual(input);
  });

  const callOf = (args: unknown) => ({ id: "a", type: "function", function: { name: "f", arguments: args } });
  test.each([
    ["no JSON", "<html>"],
    ["no choices", '{"choices":[]}'],
    ["no message", '{"choices":[{"index":0}]}'],
    ["parts for a text", '{"choices":[{"message":{"content":[{"type":"text","text":"Hi"}]}}]}'],
    ["a Messages reply", '{"type":"message","content":[]}'],
    ["an error", '{"error":{"message":"x"}}'],
    ...["{", "[]", "{} {}", "null"].map((args) => [
      `arguments ${args}`,
      JSON.stringify({ choices: [{ message: { tool_calls: [callOf(args)] }, finish_reason: "tool_calls" }] }),
    ]),
  ])("not understood: %s", (_, body) => {
    begin();
    expect(translators.reply(body as string).code).toBe("upstream_invalid_reply");
  });

  test("too large", () => {
    begin();
    const body = JSON.stringify({ choices: [{ message: { content: "x".repeat(5000) } }] });
    expect(translators.replyWithin(body, 4096).code).toBe("reply_too_large");
  });
});

describe("errors", () => {
  test.each([
    [400, "invalid_request_error"],
    [401, "authentication_error"],
    [402, "billing_error"],
    [403, "permission_error"],
    [404, "not_found_error"],
    [409, "invalid_request_error"],
    [413, "request_too_large"],
    [422, "invalid_request_error"],
    [429, "rate_limit_error"],
    [500, "api_error"],
    [502, "api_error"],
    [503, "overloaded_error"],
    [504, "timeout_error"],
    [529, "overloaded_error"],
  ])("status %i is %s", (status, type) => {
    begin();
    const { code, text } = translators.error(status, '{"error":{"message":"\\u6162","type":"requests","code":null}}');
    expect(code).toBe("translated");
    expect(JSON.parse(text)).toEqual({ type: "error", error: { type, message: "慢" } });
  });

  test("an error that is a text", () => {
    begin();
    const { text } = translators.error(404, '{"error":"model not loaded"}');
    expect(JSON.parse(text).error).toEqual({ type: "not_found_error", message: "model not loaded" });
  });

  test.each(["<html>502</html>", "", "{}", '{"error":{}}', '{"error":7}'])("no words to keep: %s", (body) => {
    begin();
    expect(translators.error(502, body).code).toBe("upstream_error");
  });
});

describe("streams", () => {
  const delta = (value: object, finish: string | null = null) => ({
    choices: [{ delta: value, finish_reason: finish }],
  });
  test.each([
    ["the role", delta({ role: "assistant", content: "" }), Signal.PREAMBLE],
    ["a finish reason", delta({}, "stop"), Signal.PREAMBLE],
    ["usage", { choices: [], usage: {} }, Signal.PREAMBLE],
    ["a text", delta({ content: "a" }), Signal.CONTENT],
    ["thinking", delta({ reasoning_content: "a" }), Signal.CONTENT],
    ["a call", delta({ tool_calls: [{ index: 0, id: "a", function: { name: "f" } }] }), Signal.CONTENT],
    ["an error", { error: { message: "x" } }, Signal.ERROR],
  ])("%s releases the reply, or not", (_, chunk, signal) => {
    begin();
    expect(translators.stream([Buffer.from(chatSse(chunk))]).signals[0]).toBe(signal);
  });

  test.each([
    ["no type", { message: "x" }, "api_error"],
    ["a type", { message: "x", type: "invalid_request_error" }, "invalid_request_error"],
    ["a code", { message: "x", code: "rate_limit_exceeded" }, "rate_limit_error"],
    ["a number", { message: "x", code: 503 }, "overloaded_error"],
    ["a text", "x", "api_error"],
  ])("the provider's error ends the stream: %s", (_, error, type) => {
    begin();
    const { text, signals } = translators.stream([
      Buffer.from(chatSse(delta({ content: "a" }), { error }, delta({ content: "b" }), "[DONE]")),
    ]);
    expect(Math.max(...signals)).toBe(Signal.ERROR);
    expect(dataOf(text).at(-1)).toEqual({ type: "error", error: { type, message: "x" } });
  });

  test.each([
    ["a chunk that is no JSON", "data: {oops\n\n", "upstream_invalid_reply"],
    ["an error without words", 'data: {"error":{}}\n\n', "upstream_error"],
    ["parts for a text", chatSse(delta({ content: [{ type: "text", text: "Hi" }] })), "upstream_invalid_reply"],
    ["an end without a beginning", "data: [DONE]\n\n", "upstream_invalid_reply"],
    [
      "a piece of no call",
      chatSse(delta({ tool_calls: [{ index: 3, function: { arguments: "{" } }] })),
      "upstream_invalid_reply",
    ],
  ])("%s is an error for the client", (_, sse, code) => {
    begin();
    const { text, signals } = translators.stream([Buffer.from(sse)]);
    expect(signals[0]).toBe(Signal.ERROR);
    expect(dataOf(text).at(-1)).toMatchObject({ type: "error", error: { code } });
  });

  test("a stream that broke", () => {
    begin();
    expect(dataOf(translators.streamError(STREAM_CUT))).toMatchObject([
      { type: "error", error: { code: "upstream_stream_cut" } },
    ]);
  });
});

describe("thinking on a model route that also leads to Anthropic's own API", () => {
  const alsoLeadsTo: PlanOptions["alsoLeadsTo"] = ["openai", "anthropic"];
  const signature = { extra_content: { google: { thought_signature: "g" } } };
  const call = { index: 0, id: "a", type: "function", function: { name: "f", arguments: "{}" }, ...signature };
  const message = { role: "assistant", content: "a", reasoning_content: "Hm", tool_calls: [call], ...signature };

  test("is not shown in a reply, but with Claude's signature", () => {
    begin({ alsoLeadsTo });
    const typesOf = (shown: object) => {
      const body = JSON.stringify({ choices: [{ message: { ...message, ...shown }, finish_reason: "stop" }] });
      return JSON.parse(translators.reply(body).text).content.map(({ type }: { type: string }) => type);
    };
    expect(typesOf({})).toEqual(["text", "tool_use"]);
    const signed = { type: "thinking", thinking: "Hm", signature: "s" };
    const unsigned = { type: "thinking", thinking: "Hm" };
    expect(typesOf({ thinking_blocks: [unsigned, signed] })).toEqual(["thinking", "text", "tool_use"]);
  });

  test("is a ping in a stream", () => {
    begin({ alsoLeadsTo, stream: true });
    const { text } = translators.stream([
      Buffer.from(chatSse({ choices: [{ delta: { reasoning_content: "Hm" } }] }, { choices: [{ delta: message }] })),
    ]);
    const blocks = dataOf(text).map(({ type, content_block }) => [type, (content_block as { type: string })?.type]);
    expect(blocks.filter(([type]) => type !== "content_block_delta" && type !== "content_block_stop")).toEqual([
      ["message_start", undefined],
      ["ping", undefined],
      ["ping", undefined],
      ["content_block_start", "text"],
      ["content_block_start", "tool_use"],
    ]);
  });
});
