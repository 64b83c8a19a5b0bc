// OpenAI chat clients, Anthropic Messages provider: what the golden cases (cases/anthropic) do not say, as tables: refusals, stop
// reasons, what escapes and errors become.

import { describe, expect, test } from "vitest";
import { FILTER_ERRORS } from "../../control-plane/contract.ts";
import { refusals } from "./chat-to-messages-refusals.ts";
import { eventsOf, type PlanOptions, Signal, Translators } from "./kit.ts";

const translators = new Translators();
const STREAM_CUT = FILTER_ERRORS.findIndex(({ code }) => code === "upstream_stream_cut");
const begin = (plan: PlanOptions = {}) => translators.begin("chat-to-anthropic", plan);

describe("requests", () => {
  test.each(refusals)("refused: $name", ({ request, code, detail }) => {
    begin();
    expect(translators.request(JSON.stringify({ model: "m", ...request }))).toMatchObject({ code, detail });
  });

  test("half a character in arguments becomes a whole one, because the body must stay UTF-8", () => {
    begin();
    const { text } = translators.request(
      '{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\\"k\\":\\"x\\ud800y\\"}"}}]}]}',
    );
    expect(JSON.parse(text).messages[0].content[0].input).toEqual({ k: "x\ufffdy" });
  });

  test.each([
    ["no JSON", '{"messages":[', "invalid_json"],
    ["something behind it", '{"messages":[]} x', "invalid_json"],
    ["no object", "[1]", "invalid_type"],
    ["too deep", `{"x":${"[".repeat(200)}${"]".repeat(200)}}`, "json_too_deep"],
  ])("refused: %s", (_, body, code) => {
    begin();
    expect(translators.request(body).code).toBe(code);
  });

  test("goes to /messages", () => {
    begin();
    expect(translators.path()).toBe("/messages");
  });

  test("escapes stay as the client wrote them; the model is the target's", () => {
    begin({ requestModel: 'claude-\\"x\\"' });
    const { text } = translators.request(
      '{"m\\u006fdel":"m","messages":[{"r\\u006fle":"us\\u0065r","content":"\\u4f60\\u597d \\ud83d\\ude42 \\/ \\ud800"}]}',
    );
    expect(text).toContain('"text":"\\u4f60\\u597d \\ud83d\\ude42 \\/ \\ud800"');
    expect(JSON.parse(text).model).toBe('claude-"x"');
    expect(JSON.parse(text).messages[0]).toMatchObject({ role: "user" });
  });

  test("escaped slashes in a data URL", () => {
    begin();
    const { text } = translators.request(
      '{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\\/png;base64,a\\/b="}}]}]}',
    );
    expect(JSON.parse(text).messages[0].content[0].source).toEqual({
      type: "base64",
      media_type: "image/png",
      data: "a/b=",
    });
  });

  test("arguments keep their own escapes", () => {
    begin();
    const input = { text: '你好 🙂 "quoted" \n \\u4f60', lone: "\ud800" };
    const { text } = translators.request(
      JSON.stringify({
        messages: [
          {
            role: "assistant",
            tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: JSON.stringify(input) } }],
          },
        ],
      }),
    );
    expect(JSON.parse(text).messages[0].content[0].input).toEqual(input);
  });

  test("numbers keep their digits, duplicates keep the last", () => {
    begin();
    const { text } = translators.request(
      '{"messages":[{"role":"user","content":"a"}],"top_p":1,"top_p":0.90000000000000000001,"max_tokens":1E2}',
    );
    expect(text).toContain('"top_p":0.90000000000000000001');
    expect(text).toContain('"max_tokens":1E2');
  });

  test.each([
    ["1.0", "1.0"],
    ["1e0", "1e0"],
    ["10E-1", "10E-1"],
    ["1.0000001", "1"],
    ["2e-1", "2e-1"],
    ["1e400", "1"],
    ["-3", "-3"],
    [`0.${"0".repeat(500)}1`, `0.${"0".repeat(500)}1`],
  ])("temperature %s becomes %s", (given, expected) => {
    begin();
    const { text } = translators.request(`{"messages":[{"role":"user","content":"a"}],"temperature":${given}}`);
    expect(text).toMatch(new RegExp(`"temperature":${expected.replaceAll(".", "\\.")}[,}]`));
  });
});

describe("replies", () => {
  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["pause_turn", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
    ["something_new", "stop"],
    [null, "stop"],
  ])("stop_reason %s is finish_reason %s", (reason, finish) => {
    begin();
    const reply = { type: "message", id: "m", content: [{ type: "text", text: "a" }], stop_reason: reason };
    expect(JSON.parse(translators.reply(JSON.stringify(reply)).text).choices[0].finish_reason).toBe(finish);
  });

  test("escapes stay; the model is the client's", () => {
    begin({ originalModel: "\\u6a21\\u578b" });
    const { text } = translators.reply(
      '{"type":"message","id":"m","content":[{"type":"text","text":"\\ud83d"},{"type":"text","text":"\\ude42\\u4f60"}]}',
    );
    expect(text).toContain('"content":"\\ud83d\\ude42\\u4f60"');
    expect(text).toContain('"model":"\\u6a21\\u578b"');
  });

  test.each([
    ["no JSON", "<html>"],
    ["empty", ""],
    ["cut off", '{"type":"message","content":['],
    ["an error", '{"type":"error","error":{"type":"api_error","message":"x"}}'],
    ["no content", '{"type":"message"}'],
    ["a chat completion", '{"object":"chat.completion","choices":[]}'],
  ])("not understood: %s", (_, body) => {
    begin();
    expect(translators.reply(body).code).toBe("upstream_invalid_reply");
  });

  test("too large", () => {
    begin();
    const body = JSON.stringify({ type: "message", content: [{ type: "text", text: "x".repeat(5000) }] });
    expect(translators.replyWithin(body, 4096).code).toBe("reply_too_large");
  });
});

describe("errors", () => {
  test("the provider's words in OpenAI's shape", () => {
    begin();
    const { code, text } = translators.error(
      429,
      '{"type":"error","error":{"type":"rate_limit_error","message":"\\u6162 \\"slow\\""},"request_id":"r"}',
    );
    expect(code).toBe("translated");
    expect(JSON.parse(text)).toEqual({
      error: { message: '慢 "slow"', type: "rate_limit_error", param: null, code: null },
    });
  });

  test.each(["<html>502</html>", "", "{}", '{"error":{}}', '{"error":{"message":7}}'])(
    "no words to keep: %s",
    (body) => {
      begin();
      expect(translators.error(502, body).code).toBe("upstream_error");
    },
  );
});

describe("streams", () => {
  test.each([
    ["message_start", { type: "message_start", message: { id: "m" } }, Signal.PREAMBLE],
    ["ping", { type: "ping" }, Signal.PREAMBLE],
    ["an empty block", { type: "content_block_start", content_block: { type: "text", text: "" } }, Signal.PREAMBLE],
    ["an empty text", { type: "content_block_delta", delta: { type: "text_delta", text: "" } }, Signal.PREAMBLE],
    [
      "a signature",
      { type: "content_block_delta", delta: { type: "signature_delta", signature: "s" } },
      Signal.PREAMBLE,
    ],
    ["a text", { type: "content_block_delta", delta: { type: "text_delta", text: "a" } }, Signal.CONTENT],
    ["thinking", { type: "content_block_delta", delta: { type: "thinking_delta", thinking: "a" } }, Signal.CONTENT],
    ["the stop reason", { type: "message_delta", delta: { stop_reason: "end_turn" } }, Signal.CONTENT],
    ["the end", { type: "message_stop" }, Signal.END],
    ["an error", { type: "error", error: { type: "overloaded_error", message: "x" } }, Signal.ERROR],
  ])("%s releases the reply, or not", (_, event, signal) => {
    begin();
    expect(translators.stream([Buffer.from(`data: ${JSON.stringify(event)}\n\n`)]).signals[0]).toBe(signal);
  });

  test("the provider's error ends the stream", () => {
    begin();
    const { text, signals } = translators.stream([
      Buffer.from('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"\\u5fd9"}}\n\n'),
      Buffer.from(
        'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}\n\n',
      ),
    ]);
    expect(signals[0]).toBe(Signal.ERROR);
    expect(eventsOf(text).map(({ data }) => JSON.parse(data))).toEqual([
      { error: { message: "忙", type: "overloaded_error", param: null, code: null } },
    ]);
  });

  test.each([
    ["an event that is no JSON", "data: {oops\n\n", "upstream_invalid_reply"],
    ["an error without words", 'data: {"type":"error"}\n\n', "upstream_error"],
  ])("%s is an error for the client", (_, sse, code) => {
    begin();
    const { text, signals } = translators.stream([Buffer.from(sse)]);
    expect(signals[0]).toBe(Signal.ERROR);
    expect(eventsOf(text).map(({ data }) => JSON.parse(data).error.code)).toEqual([code]);
  });

  test("a stream that broke", () => {
    begin();
    const [event] = eventsOf(translators.streamError(STREAM_CUT));
    expect(JSON.parse(event?.data ?? "").error).toMatchObject({ type: "server_error", code: "upstream_stream_cut" });
  });
});
