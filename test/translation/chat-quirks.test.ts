// What a provider's quirks change in a chat request and its reply: these members and no other byte. docs/catalog.md says what
// is refused, what is left out and counted, and what says nothing.

import { describe, expect, test } from "vitest";
import { Dialect, Quirk } from "../../control-plane/contract.ts";
import { property } from "../filter/random.ts";
import { damagedBytes, damagedText, expectSound, expectSoundStream, pieces } from "./damage.ts";
import { type ClientApi, Signal, Translators } from "./kit.ts";

type QuirkName = keyof typeof Quirk;

const translators = new Translators();
const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';

function ask(quirks: QuirkName | readonly QuirkName[], body: string, options: { strict?: boolean } = {}) {
  const bits = [quirks].flat().reduce((sum, name) => sum | Quirk[name], 0);
  translators.begin("chat-to-openai", { quirks: bits, ...options });
  return translators.request(body);
}

/** What the provider gets for these members; the others stand around them in odd ways, and stay so. */
function sent(quirks: QuirkName | readonly QuirkName[], members: string): string {
  const body = `{ "model" : "public-model",${members},\n ${MESSAGES} }`;
  const { code, detail, text } = ask(quirks, body);
  expect({ code, detail }).toEqual({ code: "translated", detail: "" });
  return text;
}
const provider = (members: string) => `{ "model" : "provider-model",${members},\n ${MESSAGES} }`;

test.each<[QuirkName, string, string]>([
  ["MAX_TOKENS_ONLY", '"max_completion_tokens":  9', '"max_tokens":  9'],
  ["MAX_TOKENS_ONLY", '"max_\\u0063ompletion_tokens":9', '"max_tokens":9'],
  ["MAX_TOKENS_ONLY", '"max_tokens":9', '"max_tokens":9'],
  ["MAX_TOKENS_ONLY", '"max_completion_tokens":null,"max_tokens":9', '"max_tokens":9'],
  ["MAX_TOKENS_ONLY", '"max_tokens":8,"max_completion_tokens":9', '"max_tokens":9'],
  ["SEED_AS_RANDOM_SEED", '"seed":-1', '"random_seed":-1'],
  ["SINGLE_CHOICE", '"n":1', '"n":1'],
  ["SINGLE_CHOICE", '"n":null', '"n":null'],
  ["NO_LOGPROBS", '"temperature":1e0,"logprobs":false ,"top_logprobs":0,"top_p":1', '"temperature":1e0,"top_p":1'],
  ["NO_TOOL_CHOICE", '"tool_choice":"auto","tools":[]', '"tools":[]'],
  ["NO_PENALTIES_WHEN_REASONING", '"presence_penalty":0.5', '"presence_penalty":0.5'],
  ["NO_PENALTIES_WHEN_REASONING", '"top_p":1,"frequency_penalty":0.0,"presence_penalty":0', '"top_p":1'],
  [
    "NO_PENALTIES_WHEN_REASONING",
    '"presence_penalty":1,"reasoning_effort":"none"',
    '"presence_penalty":1,"reasoning_effort":"none"',
  ],
  ["NO_STOP_WHEN_REASONING", '"stop":"x"', '"stop":"x"'],
  ["NO_STOP_WHEN_REASONING", '"top_k":1,"stop":[ ],"reasoning_effort":"low"', '"top_k":1,"reasoning_effort":"low"'],
  ["SAMPLING_IGNORED_WHEN_REASONING", '"temperature":0.5', '"temperature":0.5'],
  [
    "SAMPLING_IGNORED_WHEN_REASONING",
    '"temperature":0.5,"thinking":{"type":"disabled"}',
    '"temperature":0.5,"thinking":{"type":"disabled"}',
  ],
  ["NO_JSON_SCHEMA", '"response_format":{"type":"json_object"}', '"response_format":{"type":"json_object"}'],
  ["REASONING_IN_CONTENT", '"x_vendor":{"a":[1.50,1e400,-0]},"seed":1', '"x_vendor":{"a":[1.50,1e400,-0]},"seed":1'],
])("%s sends %s as %s, uncounted", (quirk, from, to) => {
  expect(sent(quirk, from)).toBe(provider(to));
  expect(translators.dropped()).toEqual({ names: [], count: 0 });
});

test.each<[QuirkName, string, string]>([
  ["NO_LOGIT_BIAS", '{"logit_bias":{},"model":"m","messages":[]}', '{"model":"provider-model","messages":[]}'],
  ["NO_LOGIT_BIAS", '{"model":"m","messages":[],"logit_bias":{} }', '{"model":"provider-model","messages":[] }'],
  ["NO_LOGPROBS", '{"logprobs":false, "top_logprobs":null,"model":"m"}', '{"model":"provider-model"}'],
  ["NO_LOGPROBS", '{ "logprobs" : false }', "{  }"],
  ["NO_LOGPROBS", '{"logprobs":false,"a":1,"top_logprobs":null,"b":2,"logprobs":null}', '{"a":1,"b":2}'],
])("%s: %s becomes %s", (quirk, from, to) => {
  expect(ask(quirk, from)).toMatchObject({ code: "translated", text: to });
});

test.each<[QuirkName, string, string]>([
  ["SINGLE_CHOICE", '"n":2', "n '2' cannot be sent to this provider: send 1."],
  ["SINGLE_CHOICE", '"n":"1"', "n '1' cannot be sent to this provider: send 1."],
  ["NO_LOGPROBS", '"logprobs":true', "logprobs cannot be sent to this provider."],
  ["NO_LOGPROBS", '"top_logprobs":2', "top_logprobs cannot be sent to this provider."],
  ["NO_LOGIT_BIAS", '"logit_bias":{"1":2}', "logit_bias cannot be sent to this provider."],
  [
    "NO_TOOL_CHOICE",
    '"tool_choice":"required"',
    "tool_choice cannot be sent to this provider: leave it out, or send 'auto'.",
  ],
  [
    "NO_TOOL_CHOICE",
    '"tool_choice":{"type":"function"}',
    "tool_choice cannot be sent to this provider: leave it out, or send 'auto'.",
  ],
  [
    "NO_JSON_SCHEMA",
    '"response_format":{"type":"json_schema"}',
    "response_format.type 'json_schema' cannot be sent to this provider: use json_object, with the schema in a message.",
  ],
  [
    "NO_PENALTIES_WHEN_REASONING",
    '"presence_penalty":0.1,"reasoning_effort":"low"',
    "presence_penalty cannot be sent to this provider: send 0.",
  ],
  [
    "NO_PENALTIES_WHEN_REASONING",
    '"frequency_penalty":1,"thinking":{"type":"enabled"}',
    "frequency_penalty cannot be sent to this provider: send 0.",
  ],
  ["NO_STOP_WHEN_REASONING", '"stop":["x"],"enable_thinking":true', "stop cannot be sent to this provider."],
])("%s refuses %s", (quirk, members, detail) => {
  expect(ask(quirk, `{"model":"m",${members},${MESSAGES}}`)).toMatchObject({ code: "unsupported_content", detail });
});

test("messages: names go and are counted, developers become system", () => {
  const before = String.raw`[ {"role":"developer","name":"a","content":"x"} ,{"n\u0061me" : "b", "role":"user","content":[{"type":"text","name":"kept"}]}, {"content":"y","role":"assistant","name":null}, 7]`;
  const after = `[ {"role":"system","content":"x"} ,{"role":"user","content":[{"type":"text","name":"kept"}]}, {"content":"y","role":"assistant"}, 7]`;
  const { text } = ask(["NO_MESSAGE_NAME", "NO_DEVELOPER_ROLE"], `{"messages":${before},"model":"m"}`);
  expect(text).toBe(`{"messages":${after},"model":"provider-model"}`);
  expect(translators.dropped()).toEqual({ names: ["name", "name"], count: 2 });
  expect(ask("NO_DEVELOPER_ROLE", `{"messages":${before}}`).text).toContain('"name":"a"');
  expect(ask("NO_MESSAGE_NAME", `{"messages":${before}}`).text).toContain('"developer"');
});

test("what a reasoning model would ignore is counted, and refused where the route is strict", () => {
  const sampling = '"temperature":0.5,"top_p":0.9,"presence_penalty":1,"frequency_penalty":-1';
  const body = `{"model":"m",${sampling},"thinking":{"type":"enabled"}}`;
  const quirk = "SAMPLING_IGNORED_WHEN_REASONING";
  expect(ask(quirk, body).text).toBe('{"model":"provider-model","thinking":{"type":"enabled"}}');
  const names = ["temperature", "top_p", "presence_penalty", "frequency_penalty"];
  expect(translators.dropped()).toEqual({ names, count: 4 });
  expect(ask(quirk, body, { strict: true }).code).toBe("unsupported_content");
  expect(ask("NO_MESSAGE_NAME", '{"messages":[{"name":"x"}]}', { strict: true }).code).toBe("unsupported_content");
});

test("a front's chat is fitted too, without the extensions of a chain", () => {
  const bits = Quirk.MAX_TOKENS_ONLY | Quirk.NO_TOOL_CHOICE;
  translators.begin("messages-to-openai", { quirks: bits });
  expect(translators.path()).toBe("/chat/completions");
  const content = [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }];
  const ask = { model: "public-model", max_tokens: 5, messages: [{ role: "user", content }] };
  const chat = JSON.parse(translators.request(JSON.stringify(ask)).text);
  expect(chat).toMatchObject({ model: "provider-model", max_tokens: 5, messages: [{ role: "user" }] });
  expect(JSON.stringify(chat)).not.toContain("cache_control");
  const tools = [{ name: "f", input_schema: { type: "object" } }];
  const forced = translators.request(JSON.stringify({ ...ask, tools, tool_choice: { type: "any" } }));
  expect(forced.code).toBe("unsupported_content");
  const reply = { id: "x", model: "y", choices: [{ index: 0, message: { role: "assistant", content: "yes" } }] };
  expect(JSON.parse(translators.reply(JSON.stringify(reply)).text)).toMatchObject({ content: [{ text: "yes" }] });
});

test("Azure's chat has the same quirks; other dialects have none", () => {
  const body = `{"model":"m","max_completion_tokens":1,${MESSAGES}}`;
  translators.begin("chat-to-azure", { quirks: Quirk.MAX_TOKENS_ONLY });
  expect(translators.request(body).text).toContain('"max_tokens":1');
  translators.begin("chat-to-anthropic", { quirks: Quirk.NO_LOGPROBS });
  expect(translators.path()).toBe("/messages");
  expect(Dialect.AZURE).toBeGreaterThan(0);
});

test("without such quirks bytes pass", () => {
  expect(() => translators.begin("chat-to-openai", { quirks: 0 })).toThrow();
  expect(() => translators.begin("chat-to-openai", { quirks: Quirk.RESPONSES })).toThrow();
});

const THOUGHTS: [name: string, content: string, reasoning: string | undefined, text: string | null][] = [
  ["plain", "Yes", undefined, "Yes"],
  ["empty", "", undefined, ""],
  [
    "thought and answer",
    "<think>\nso “it” is\n</think>\n\nYes: </think> <think>",
    "\nso “it” is\n",
    "Yes: </think> <think>",
  ],
  ["white space in front", " \n<think>so</think>Yes", "so", "Yes"],
  ["thought alone, cut off", "<think>so it", "so it", null],
  ["cut off within the closing tag", "<think>so</thi", "so</thi", null],
  ["half an opening tag", " <thin", undefined, " <thin"],
  ["another tag", "\n<table>1 < 2</table>", undefined, "\n<table>1 < 2</table>"],
  ["tags that begin again", "<think>a<</thin</think>b", "a<</thin", "b"],
  ["an empty thought", "<think></think>\n\nYes", undefined, "Yes"],
  ["Chinese", "<think>想</think>\n好的", "想", "好的"],
];
/** As some servers write it: every character that HTML knows is escaped. */
const escaped = (json: string) => json.replace(/[<>/]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);

describe.each(THOUGHTS)("reasoning in content: %s", (_, content, reasoning, text) => {
  const message = reasoning === undefined ? { content: text } : { reasoning_content: reasoning, content: text };

  test.each([JSON.stringify, (value: unknown) => escaped(JSON.stringify(value))])("a reply", (write) => {
    const reply = { id: "x", choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] };
    translators.begin("chat-to-openai", { quirks: Quirk.REASONING_IN_CONTENT });
    const outcome = translators.reply(write(reply));
    expect(outcome.code).toBe("translated");
    const expected = { ...reply, choices: [{ ...reply.choices[0], message: { role: "assistant", ...message } }] };
    expect(JSON.parse(outcome.text)).toEqual(expected);
  });

  test.each([JSON.stringify, (value: unknown) => escaped(JSON.stringify(value))])(
    "a stream, split anywhere",
    (write) => {
      property(20, (random) => {
        const deltas: object[] = [{ role: "assistant", content: "" }];
        for (let at = 0; at < content.length; ) {
          const length = 1 + random.below(4);
          deltas.push({ content: content.slice(at, at + length) });
          at += length;
        }
        const last = random.pick([{}, { content: "" }, { content: null }]);
        const chunks = [...deltas, last].map((delta, i) => {
          return { id: "x", choices: [{ index: 0, delta, finish_reason: i === deltas.length ? "stop" : null }] };
        });
        const stream = `${chunks.map((chunk) => `data: ${write(chunk)}\n\n`).join("")}data: [DONE]\n\n`;
        const { text: out, signals } = through(stream, random);
        const seen = joined(out);
        expect(seen.count).toBe(chunks.length);
        expect(seen).toMatchObject({ reasoning: reasoning ?? "", content: text ?? "", isDone: true });
        expect(Math.max(...signals)).toBe(Signal.END);
      });
    },
  );
});

function through(stream: string | Buffer, random: Parameters<typeof pieces>[1]) {
  translators.begin("chat-to-openai", { quirks: Quirk.REASONING_IN_CONTENT, stream: true });
  return translators.stream(pieces(Buffer.from(stream), random));
}

function joined(out: string) {
  const data = out.split("\n\n").filter((event) => event !== "");
  const chunks = data.filter((event) => event !== "data: [DONE]").map((event) => JSON.parse(event.slice(6)));
  const deltas = chunks.map(({ choices }) => choices[0].delta);
  const text = (name: string) => deltas.map((delta) => delta[name] ?? "").join("");
  return {
    count: chunks.length,
    isDone: data.at(-1) === "data: [DONE]",
    reasoning: text("reasoning_content"),
    content: text("content"),
  };
}

describe("reasoning in content", () => {
  test("choices are told apart, and what has its reasoning already passes", () => {
    const chunk = (index: number, delta: object) => `data: ${JSON.stringify({ choices: [{ index, delta }] })}\n\n`;
    const stream = [
      chunk(0, { content: "<think>a" }),
      chunk(1, { content: "b" }),
      chunk(0, { content: "</think>c" }),
      chunk(1, { content: "<think>d" }),
      chunk(2, { content: "<think>", reasoning_content: "e" }),
    ];
    property(1, (random) => {
      expect(through(stream.join(""), random).text).toBe(
        [
          chunk(0, { reasoning_content: "a", content: null }),
          chunk(1, { content: "b" }),
          chunk(0, { content: "c" }),
          chunk(1, { content: "<think>d" }),
          chunk(2, { content: "<think>", reasoning_content: "e" }),
        ].join(""),
      );
    });
  });

  test.each<ClientApi>(["messages"])("reaches a client of %s as the front has it", (api) => {
    translators.begin(`${api}-to-openai`, { quirks: Quirk.REASONING_IN_CONTENT });
    const message = { role: "assistant", content: "<think>so</think>\n\nYes" };
    const outcome = translators.reply(JSON.stringify({ id: "x", choices: [{ index: 0, message }] }));
    expect(outcome.text).toContain('"Yes"');
    expect(outcome.text).not.toContain("think>");
  });

  test("usage, errors and what comes behind pass; a chunk that is no JSON ends the stream", () => {
    const usage = 'data: {"choices":[],"usage":{"total_tokens":1}}\n\n';
    const error = 'data: {"error":{"message":"broken"}}\n\n';
    property(3, (random) => {
      expect(through(usage + error, random).text).toBe(usage + error);
      expect(through("data: {oops\n\n", random).text).toContain("upstream_invalid_reply");
    });
    translators.begin("chat-to-openai", { quirks: Quirk.REASONING_IN_CONTENT });
    const body = '{"error": {"message":"slow"}}';
    expect(translators.error(429, body)).toMatchObject({ code: "translated", text: body });
    const detail = translators.error(500, '{"detail":"x"}');
    expect(JSON.parse(detail.text)).toMatchObject({ error: { message: "x", type: "server_error" } });
    expect(translators.error(500, '{"other":"x"}').code).toBe("upstream_error");
  });

  test("damage gives JSON and events, or an error", () => {
    const message = { role: "assistant", content: "<think>so</think>\n\nYes" };
    const reply = JSON.stringify({ id: "x", choices: [{ index: 0, message, finish_reason: "stop" }] });
    const stream = Buffer.from(
      `data: ${reply.replace("message", "delta").replace('"stop"', "null")}\n\ndata: ${reply.replace("message", "delta")}\n\ndata: [DONE]\n\n`,
    );
    property(200, (random) => {
      translators.begin("chat-to-openai", { quirks: Quirk.REASONING_IN_CONTENT });
      expectSound(translators.reply(damagedText(reply, random)));
      expect(translators.reply(reply.slice(0, random.below(reply.length))).code).not.toBe("translated");
      expectSoundStream(through(damagedBytes(stream, random), random).text);
    });
  });
});

test("a damaged request is refused or fitted, never half written", () => {
  const all = Object.values(Quirk).reduce((sum, bit) => sum | bit, 0);
  const body = `{"logprobs":false,"model":"m","seed":1,"max_completion_tokens":2,"messages":[{"name":"x","role":"developer","content":"hi"}],"stop":null}`;
  property(300, (random) => {
    translators.begin("chat-to-openai", { quirks: all });
    expectSound(translators.request(damagedText(body, random)));
    expect(translators.request(body.slice(0, random.below(body.length))).code).not.toBe("translated");
  });
});
