// Valid requests and replies of both dialects, rich enough that every branch of the translators is near one of them.
// They are only the material that the fuzz run damages.
import type { Random } from "../filter/random.ts";
import type { Json } from "./mutate.ts";

export type Dialect = "openai" | "anthropic";
export type SseEvent = { readonly type?: string; readonly data: Json };
type Document = { [key: string]: Json };

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SCHEMA: Json = { type: "object", properties: { city: { type: "string", enum: ["Bonn", "Lyon"] } } };

/** A request in the client's dialect, of a random size and with random parts. */
export function requestOf(random: Random, dialect: Dialect, model: string): Document {
  return dialect === "openai" ? chatRequest(random, model) : messagesRequest(random, model);
}

function chatRequest(random: Random, model: string): Document {
  const messages: Json[] = [{ role: "user", content: "hello – 😀" }];
  if (random.chance(2)) messages.unshift({ role: "system", content: "be brief" });
  if (random.chance(3)) {
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}`, detail: "low" } };
    messages[0] = { role: "user", content: [{ type: "text", text: "what is it?" }, image] };
  }
  const request: Document = { model, messages, temperature: 0.5 };
  if (random.chance(2)) {
    const call = (id: string) => ({
      id,
      type: "function",
      function: { name: "weather", arguments: '{"city":"Bonn"}' },
    });
    messages.push({ role: "assistant", content: null, tool_calls: [call("a"), call("b")] });
    messages.push(
      { role: "tool", tool_call_id: "a", content: "12°" },
      { role: "tool", tool_call_id: "b", content: "" },
    );
    request.tools = [{ type: "function", function: { name: "weather", description: "x", parameters: SCHEMA } }];
    request.tool_choice = random.pick<Json>([
      "auto",
      "none",
      "required",
      { type: "function", function: { name: "weather" } },
    ]);
    request.parallel_tool_calls = random.chance(2);
  }
  if (random.chance(2)) request.stream = true;
  if (random.chance(3)) request.stream_options = { include_usage: true };
  if (random.chance(3)) request.stop = random.chance(2) ? "END" : ["a", "b"];
  if (random.chance(3)) request.max_completion_tokens = 50;
  if (random.chance(4)) request.response_format = { type: "json_object" };
  return request;
}

function messagesRequest(random: Random, model: string): Document {
  const messages: Json[] = [{ role: "user", content: "hello – 😀" }];
  const request: Document = { model, messages, max_tokens: 100 };
  if (random.chance(2)) request.system = random.chance(2) ? "be brief" : [{ type: "text", text: "be brief" }];
  if (random.chance(3)) {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } };
    messages[0] = { role: "user", content: [image, { type: "text", text: "what is it?" }] };
  }
  if (random.chance(2)) {
    const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: { city: "Bonn" } });
    messages.push({ role: "assistant", content: [{ type: "text", text: "let me see" }, use("a"), use("b")] });
    const result = (id: string, content: Json) => ({ type: "tool_result", tool_use_id: id, content });
    messages.push({ role: "user", content: [result("a", "12°"), result("b", [{ type: "text", text: "x" }])] });
    request.tools = [{ name: "weather", description: "x", input_schema: SCHEMA }];
    request.tool_choice = { type: random.pick(["auto", "any", "none"]) };
  }
  if (random.chance(2)) request.stream = true;
  if (random.chance(3)) request.stop_sequences = ["END"];
  if (random.chance(4)) request.thinking = { type: "enabled", budget_tokens: 1024 };
  if (random.chance(4)) request.metadata = { user_id: "u" };
  return request;
}

/** A whole reply of a provider. */
export function replyOf(random: Random, dialect: Dialect): Document {
  const withTools = random.chance(2);
  if (dialect === "openai") {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } };
    const message: Document = { role: "assistant", content: withTools ? null : "hello 😀 \u2028", refusal: null };
    if (withTools) message.tool_calls = [call, { ...call, id: "call_2" }];
    return {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1790000000,
      model: "gpt-fuzz",
      choices: [{ index: 0, message, logprobs: null, finish_reason: withTools ? "tool_calls" : "stop" }],
      usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21, prompt_tokens_details: { cached_tokens: 3 } },
    };
  }
  const text = { type: "text", text: "hello 😀" };
  const use = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Bonn", n: [1, { a: null }] } };
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-fuzz",
    content: withTools
      ? [text, use, { ...use, id: "toolu_2" }]
      : [{ type: "thinking", thinking: "hm", signature: "x" }, text],
    stop_reason: withTools ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 12, cache_read_input_tokens: 3, cache_creation_input_tokens: 0 },
  };
}

/** The events of a streamed reply, the terminal one included. */
export function eventsOf(random: Random, dialect: Dialect): SseEvent[] {
  return dialect === "openai" ? chatEvents(random) : messagesEvents(random);
}

function chatEvents(random: Random): SseEvent[] {
  const chunk = (delta: Json, finish: Json = null): SseEvent => ({
    data: {
      id: "c",
      object: "chat.completion.chunk",
      model: "m",
      choices: [{ index: 0, delta, finish_reason: finish }],
    },
  });
  const call = (index: number, fields: Document): SseEvent => chunk({ tool_calls: [{ index, ...fields }] });
  const events = [chunk({ role: "assistant", content: "" }), chunk({ content: "hel" }), chunk({ content: "lo 😀" })];
  if (random.chance(2)) {
    for (const index of [0, 1]) {
      events.push(call(index, { id: `call_${index}`, type: "function", function: { name: "weather", arguments: "" } }));
      events.push(
        call(index, { function: { arguments: '{"city"' } }),
        call(index, { function: { arguments: ':"B"}' } }),
      );
    }
  }
  events.push(chunk({}, random.pick(["stop", "length", "tool_calls", "content_filter"])));
  if (random.chance(2)) events.push({ data: { choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } } });
  return [...events, { data: "[DONE]" }];
}

function messagesEvents(random: Random): SseEvent[] {
  const event = (type: string, fields: Document = {}): SseEvent => ({ type, data: { type, ...fields } });
  const block = (index: number, content: Json, ...deltas: Json[]): SseEvent[] => [
    event("content_block_start", { index, content_block: content }),
    ...deltas.map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ];
  const json = (text: string): Json => ({ type: "input_json_delta", partial_json: text });
  const usage = { input_tokens: 9, output_tokens: 1 };
  const events = [
    event("message_start", {
      message: { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, usage },
    }),
    event("ping"),
    ...block(0, { type: "text", text: "" }, { type: "text_delta", text: "hel" }, { type: "text_delta", text: "lo 😀" }),
  ];
  if (random.chance(2)) {
    const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: {} });
    events.push(...block(1, use("a"), json(""), json('{"city"'), json(':"B"}')), ...block(2, use("b")));
  }
  if (random.chance(4)) events.push(...block(3, { type: "thinking" }, { type: "thinking_delta", thinking: "hm" }));
  const stop = random.pick(["end_turn", "max_tokens", "tool_use", "stop_sequence", "refusal"]);
  events.push(
    event("message_delta", { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 7 } }),
  );
  return [...events, event("message_stop")];
}

/** What a provider says with a status that is no success. */
export function errorOf(dialect: Dialect, message: string): Document {
  if (dialect === "openai") return { error: { message, type: "invalid_request_error", param: null, code: "odd" } };
  return { type: "error", error: { type: "invalid_request_error", message } };
}
