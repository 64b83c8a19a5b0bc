// Chat to Gemini where a golden folder cannot say it: what is refused by type, replies that are no answer, and chains.

import { describe, expect, test } from "vitest";
import { eventsOf, Signal, Translators } from "./kit.ts";

const translators = new Translators();
const model = "gemini-3-flash-preview";

function request(body: object, options = {}) {
  translators.begin("chat-to-gemini", { requestModel: model, ...options });
  return translators.request(JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }], ...body }));
}

const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
const call = (members: object) => ({ messages: [{ role: "assistant", tool_calls: [members] }] });
const named = { name: "f", arguments: "{}" };

test.each<[object, string]>([
  [{ messages: 1 }, "messages must be an array."],
  [{ messages: [1] }, "messages[0] must be an object."],
  [{ messages: [{ content: "x" }] }, "messages[0].role must be a string."],
  [user(1), "messages[0].content must be a string or an array."],
  [user([1]), "messages[0].content[0] must be an object."],
  [user([{ text: "x" }]), "messages[0].content[0].type must be a string."],
  [user([{ type: "text" }]), "messages[0].content[0].text must be a string."],
  [user([{ type: "image_url", image_url: "x" }]), "messages[0].content[0].image_url.url must be a string."],
  [user([{ type: "input_audio", input_audio: {} }]), "messages[0].content[0].input_audio.data must be a string."],
  [user([{ type: "file", file: {} }]), "messages[0].content[0].file.file_data must be a string."],
  [call({ type: "function", function: named }), "messages[0].tool_calls[0].id must be a string."],
  [call({ id: "a", function: 1 }), "messages[0].tool_calls[0].function must be an object."],
  [call({ id: "a", function: {} }), "messages[0].tool_calls[0].function.name must be a string."],
  [
    call({ id: "a", function: { name: "f", arguments: "[]" } }),
    "messages[0].tool_calls[0].function.arguments must be a string that holds one JSON object.",
  ],
  [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].tool_call_id must be a string."],
  [{ messages: [{ role: "assistant", thinking_blocks: 1 }] }, "messages[0].thinking_blocks must be an array."],
  [{ tools: {}, tool_choice: "auto" }, ""],
  [{ tools: [{ type: "function" }] }, "tools[0].function must be an object."],
  [{ tools: [{ type: "function", function: {} }] }, "tools[0].function.name must be a string."],
  [{ temperature: "hot" }, "temperature must be a number."],
  [{ stop: [1] }, "stop must be a string or an array of strings."],
  [{ max_tokens: "1" }, "max_tokens must be a number."],
  [{ response_format: "json" }, "response_format must be an object."],
  [{ response_format: { type: "json_schema" } }, "response_format.json_schema.schema must be an object."],
  [{ thinking: "on" }, "thinking must be an object."],
  [{ thinking: { type: "enabled", budget_tokens: "1" } }, "thinking.budget_tokens must be a number."],
  [{ reasoning_effort: 1 }, "reasoning_effort must be a string."],
  [{ safety_settings: [1] }, "safety_settings must be an array of objects."],
  [{ modalities: "text" }, "modalities must be an array."],
  [{ modalities: ["audio"] }, "audio must be an object."],
])("a wrong type is named: %j", (body, detail) => {
  if (detail === "") return expect(request(body).code).toBe("translated");
  expect(request(body)).toMatchObject({ code: "invalid_type", detail });
});

test.each<[object, string]>([
  [user([{ type: "hologram" }]), "messages[0].content[0].type 'hologram'"],
  [user([{ type: "input_audio", input_audio: { data: "AA==", format: "midi" } }]), "input_audio.format 'midi'"],
  [user([{ type: "image_url", image_url: { url: "data:;base64,AA==" } }]), "name the media type"],
  [
    user([{ type: "image_url", image_url: { url: "ftp://example.com/a.png" } }]),
    "messages[0].content[0].image_url.url",
  ],
  [{ messages: [{ role: "function", content: "x" }] }, "messages[0].role 'function'"],
  [{ messages: [{ role: "assistant", function_call: {} }] }, "messages[0].function_call"],
  [{ messages: [{ role: "assistant", audio: { id: "a" } }] }, "messages[0].audio"],
  [{ messages: [{ role: "system", content: [{ type: "file", file: {} }] }] }, "system and developer messages are text"],
  [{ functions: [] }, "functions"],
  [{ function_call: "auto" }, "function_call"],
  [{ moderation: {} }, "moderation"],
  [{ modalities: ["smell"] }, "modalities 'smell'"],
  [{ reasoning_effort: "heroic" }, "reasoning_effort 'heroic'"],
  [{ thinking: { type: "odd" } }, "thinking.type 'odd'"],
  [{ response_format: { type: "grammar" } }, "response_format.type 'grammar'"],
  [{ tools: [{ type: "function", function: { name: "f" } }], tool_choice: "some" }, "tool_choice 'some'"],
])("what has no counterpart is refused by name: %j", (body, detail) => {
  const outcome = request(body);
  expect(outcome.code).toBe("unsupported_content");
  expect(outcome.detail).toContain(detail);
});

describe("replies that are no answer", () => {
  const broken = (finishReason: string) => ({ candidates: [{ content: { parts: [{ text: "x" }] }, finishReason }] });

  test.each([
    {},
    { candidates: [] },
    { candidates: [1] },
    { candidates: [{ index: 99, finishReason: "STOP" }] },
    { promptFeedback: {} },
    broken("MALFORMED_FUNCTION_CALL"),
    broken("UNEXPECTED_TOOL_CALL"),
    broken("MALFORMED_RESPONSE"),
  ])("%j", (reply) => {
    translators.begin("chat-to-gemini");
    expect(translators.reply(JSON.stringify(reply)).code).toBe("upstream_invalid_reply");
    translators.begin("chat-to-gemini", { stream: true });
    const { signals } = translators.stream([Buffer.from(`data: ${JSON.stringify(reply)}\n\n`)]);
    // An error event, or no end: never a stream that seems whole.
    expect(Math.max(...signals)).not.toBe(Signal.END);
  });

  test("a key that Google refuses is the gateway's", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }];
    const error = { code: 400, message: "API key not valid.", status: "INVALID_ARGUMENT", details };
    for (const direction of ["chat-to-gemini", "messages-to-gemini", "embeddings-to-gemini"] as const) {
      translators.begin(direction);
      expect(translators.error(400, JSON.stringify({ error })).code).toBe("upstream_credential_rejected");
    }
  });

  test.each(["", "<html>", "[]", "[{}]", '{"error":"x"}', '{"error":{"message":1}}'])("error %j", (body) => {
    translators.begin("chat-to-gemini");
    expect(translators.error(500, body).code).toBe("upstream_error");
  });
});

test("a stream is whole only when every candidate said why it ended", () => {
  const candidate = (index: number, finishReason?: string) => ({
    index,
    content: { parts: [{ text: "x" }] },
    finishReason,
  });
  const pieces = (...answers: object[]) =>
    answers.map((answer) => Buffer.from(`data: ${JSON.stringify({ candidates: [answer] })}\n\n`));
  translators.begin("chat-to-gemini", { stream: true });
  expect(translators.stream(pieces(candidate(0, "STOP"), candidate(1))).signals.at(-1)).toBe(Signal.PREAMBLE);
  translators.begin("chat-to-gemini", { stream: true });
  const { text, signals } = translators.stream(pieces(candidate(0, "STOP"), candidate(1), candidate(1, "MAX_TOKENS")));
  expect(signals.at(-1)).toBe(Signal.END);
  expect(eventsOf(text).at(-1)?.data).toBe("[DONE]");
});

test("what a result is called is found among thousands of calls", () => {
  const ids = Array.from({ length: 5000 }, (_, index) => `call_${index}`);
  const calls = ids.map((id, index) => ({ id, type: "function", function: { name: `f${index}`, arguments: "{}" } }));
  const turns = [
    { role: "assistant", tool_calls: calls },
    { role: "tool", tool_call_id: "call_4999", content: "a" },
    { role: "tool", tool_call_id: "call_1000", content: "b" },
  ];
  const { code, text } = request({ messages: turns });
  expect(code).toBe("translated");
  const names = JSON.parse(text).contents[1].parts.map(
    (part: { functionResponse: { name: string } }) => part.functionResponse.name,
  );
  expect(names).toEqual(["f4999", "f1000"]);
});

describe("within a chain", () => {
  test("a signature goes to an Anthropic client and back", () => {
    translators.begin("messages-to-gemini", { requestModel: model });
    const parts = [{ functionCall: { id: "c1", name: "f", args: {} }, thoughtSignature: "U0lH" }];
    const reply = { candidates: [{ content: { parts, role: "model" }, finishReason: "STOP" }], responseId: "r" };
    const message = JSON.parse(translators.reply(JSON.stringify(reply)).text);
    expect(message.stop_reason).toBe("tool_use");
    translators.begin("messages-to-gemini", { requestModel: model });
    const result = { type: "tool_result", tool_use_id: "c1", content: "done", is_error: true };
    const body = {
      model: "m",
      max_tokens: 9,
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: message.content },
        { role: "user", content: [result] },
      ],
    };
    const { contents } = JSON.parse(translators.request(JSON.stringify(body)).text);
    expect(contents[1].parts).toContainEqual(parts[0]);
    expect(contents[2].parts[0].functionResponse).toEqual({ id: "c1", name: "f", response: { error: "done" } });
  });
});
