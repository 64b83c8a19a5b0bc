// POST /v1/responses of the OpenAI dialect: whole and streamed, functions, structured output, and previous_response_id,
// which it keeps for as long as the provider runs. One conversation of one key, as the real one, is anybody's with that key.

import { checkCalls, checkResponses, itemsOf } from "./openai-responses-rules.mjs";
import { countTokens, outputTokens, piecesOf, replyTo } from "./replies.mjs";
import { isText, Refusal } from "./rules.mjs";

/** With no cap asked for, longer than any reply here. */
const OUTPUT_TOKENS_MAX = 1_000_000;
const THOUGHT = "A demo thought.";
const SECRET = "gAAAAdemo";
/** Options of a provider → what it keeps: id of a response → all items of its conversation, id of an item → the item. */
const kept = new WeakMap();

let sequence = 0;

const id = (prefix) => `${prefix}_${(++sequence).toString(16).padStart(48, "0")}`;
const textOf = (content) => (isText(content) ? content : (content ?? []).map(({ text = "" }) => text).join(""));

function schemaOf(format) {
  if (format?.type === "json_schema") return format.schema;
  return format?.type === "json_object" ? { type: "object", properties: { reply: { type: "string" } } } : undefined;
}

function toolsToCall({ tools = [], tool_choice: choice = "auto", parallel_tool_calls: parallel }, items) {
  if (choice === "none" || items.at(-1)?.type === "function_call_output") return [];
  const asked = tools.filter(({ type, name }) => type === "function" && (isText(choice) || name === choice.name));
  const called = asked.map(({ name, parameters }) => ({ name, schema: parameters ?? { type: "object" } }));
  return parallel === false ? called.slice(0, 1) : called;
}

export function answerResponses(request, options) {
  if (request.method !== "POST") throw new Refusal(405, `Not allowed to ${request.method} on ${request.path}.`);
  const body = request.json;
  checkResponses(body);
  const { conversations, stored } = kept.get(options) ?? { conversations: new Map(), stored: new Map() };
  kept.set(options, { conversations, stored });
  const before = body.previous_response_id == null ? [] : conversations.get(body.previous_response_id);
  if (before === undefined) {
    throw new Refusal(400, `Previous response with id '${body.previous_response_id}' not found.`, {
      param: "previous_response_id",
      code: "previous_response_not_found",
    });
  }
  const items = [...before, ...itemsOf(body.input).map((item) => resolved(item, stored))];
  checkCalls(items);
  const reply = replyTo({
    model: body.model,
    question: textOf(items.filter(({ role }) => role === "user").at(-1)?.content),
    stop: [],
    maxTokens: body.max_output_tokens ?? OUTPUT_TOKENS_MAX,
    schema: schemaOf(body.text?.format),
    tools: toolsToCall(body, items),
  });
  const response = responseOf(body, items, reply);
  if (body.store !== false) {
    conversations.set(response.id, [...items, ...response.output]);
    for (const item of response.output) stored.set(item.id, item);
  }
  return body.stream ? { status: 200, events: eventsOf(response, reply) } : { status: 200, json: response };
}

/** What a reference refers to; a thought without its secret is one as well. */
function resolved(item, stored) {
  const isThought = item.type === "reasoning" && item.encrypted_content == null;
  if (item.type !== "item_reference" && !isThought) return item;
  const found = stored.get(item.id);
  if (found !== undefined) return found;
  throw new Refusal(404, `Item with id '${item.id}' not found.`, { param: "input" });
}

function thoughtsOf({ reasoning, include = [] }) {
  if ((reasoning?.effort ?? "none") === "none") return [];
  const summary = reasoning.summary ? [{ type: "summary_text", text: THOUGHT }] : [];
  const secret = include.includes("reasoning.encrypted_content") ? { encrypted_content: SECRET } : {};
  return [{ id: id("rs"), type: "reasoning", summary, ...secret }];
}

function outputOf(reply) {
  const calls = reply.calls.map((call) => ({
    id: id("fc"),
    type: "function_call",
    status: "completed",
    call_id: `call_demo${++sequence}`,
    ...call,
  }));
  if (calls.length > 0) return calls;
  const part = { type: "output_text", annotations: [], logprobs: [], text: reply.tokens.join("") };
  const status = reply.end === "length" ? "incomplete" : "completed";
  return [{ id: id("msg"), type: "message", status, role: "assistant", content: [part] }];
}

function responseOf(body, items, reply) {
  const input = items.reduce((sum, item) => sum + countTokens(textOf(item.content ?? item.output)), 0);
  const output = outputTokens(reply);
  const cut = reply.end === "length";
  return {
    id: id("resp"),
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    status: cut ? "incomplete" : "completed",
    background: false,
    error: null,
    incomplete_details: cut ? { reason: "max_output_tokens" } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model: body.model,
    output: [...thoughtsOf(body), ...outputOf(reply)],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? "disabled",
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
    user: body.user ?? null,
    metadata: body.metadata ?? {},
  };
}

function eventsOf(response, reply) {
  const begun = { ...response, status: "in_progress", output: [], usage: null, incomplete_details: null };
  const events = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...response.output.flatMap((item, at) => ITEM_EVENTS[item.type](item, at, reply)),
    { type: response.status === "completed" ? "response.completed" : "response.incomplete", response },
  ];
  return events.map(({ type, ...rest }, number) => ({
    event: type,
    content: type.endsWith(".delta"),
    data: { type, sequence_number: number, ...rest },
  }));
}

const ITEM_EVENTS = { message, function_call: call, reasoning: thought };

function thought(item, at) {
  const place = { output_index: at, item_id: item.id, summary_index: 0 };
  return [
    { type: "response.output_item.added", output_index: at, item: { ...item, summary: [] } },
    ...item.summary.flatMap((part) => [
      { type: "response.reasoning_summary_part.added", ...place, part: { ...part, text: "" } },
      { type: "response.reasoning_summary_text.delta", ...place, delta: part.text },
      { type: "response.reasoning_summary_text.done", ...place, text: part.text },
      { type: "response.reasoning_summary_part.done", ...place, part },
    ]),
    { type: "response.output_item.done", output_index: at, item },
  ];
}

function message(item, at, reply) {
  const place = { output_index: at, item_id: item.id, content_index: 0 };
  const [part] = item.content;
  return [
    { type: "response.output_item.added", output_index: at, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...place, part: { ...part, text: "" } },
    ...reply.tokens.map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
    { type: "response.output_text.done", ...place, text: part.text, logprobs: [] },
    { type: "response.content_part.done", ...place, part },
    { type: "response.output_item.done", output_index: at, item },
  ];
}

function call(item, at) {
  const place = { output_index: at, item_id: item.id };
  return [
    { type: "response.output_item.added", output_index: at, item: { ...item, status: "in_progress", arguments: "" } },
    ...piecesOf(item.arguments).map((delta) => ({ type: "response.function_call_arguments.delta", ...place, delta })),
    { type: "response.function_call_arguments.done", ...place, name: item.name, arguments: item.arguments },
    { type: "response.output_item.done", output_index: at, item },
  ];
}
