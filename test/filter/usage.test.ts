// What an attempt used, read from the provider's own bytes: every golden case whose reply tells counts gives the counts that
// its own dialect documents, and nothing that a model writes can pose as them.

import { describe, expect, test } from "vitest";
import { Dialect } from "../../control-plane/contract.ts";
import { property, type Random } from "./random.ts";
import { Testkit } from "./testkit.ts";

const kit = new Testkit();

const NAMES = ["input", "output", "cached", "cacheWritten", "inputAudio", "reasoning", "outputAudio"] as const;
type Counts = Partial<Record<(typeof NAMES)[number], number>>;

/** What was told, without what was not; undefined when nothing was. */
function read(dialect: keyof typeof Dialect, texts: readonly unknown[], how: "Event" | "Reply"): Counts | undefined {
  kit.call("usageBegin", Dialect[dialect]);
  for (const text of texts) {
    const { pointer, length } = kit.put(Buffer.from(typeof text === "string" ? text : JSON.stringify(text)));
    kit.call(`usage${how}`, pointer, length);
  }
  if (kit.call("usageTold") === 0) return undefined;
  kit.call("usageCounts");
  const bytes = kit.output();
  const counts: Counts = {};
  for (const [index, name] of NAMES.entries()) {
    const count = Number(bytes.readBigInt64LE(index * 8));
    if (count >= 0) counts[name] = count;
  }
  return counts;
}

const whole = (dialect: keyof typeof Dialect, reply: unknown) => read(dialect, [reply], "Reply");
const stream = (dialect: keyof typeof Dialect, ...events: unknown[]) => read(dialect, events, "Event");

describe("whole replies", () => {
  test.each<[string, keyof typeof Dialect, unknown, Counts]>([
    [
      "chat",
      "OPENAI",
      {
        choices: [],
        usage: {
          prompt_tokens: 100,
          completion_tokens: 50,
          total_tokens: 150,
          prompt_tokens_details: { cached_tokens: 64, audio_tokens: 3 },
          completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 4 },
        },
      },
      { input: 100, output: 50, cached: 64, inputAudio: 3, reasoning: 20, outputAudio: 4 },
    ],
    [
      "responses",
      "AZURE",
      {
        output: [],
        usage: {
          input_tokens: 36,
          input_tokens_details: { cached_tokens: 8 },
          output_tokens: 87,
          output_tokens_details: { reasoning_tokens: 5 },
        },
      },
      { input: 36, output: 87, cached: 8, reasoning: 5 },
    ],
    ["embeddings", "OPENAI", { data: [], usage: { prompt_tokens: 8, total_tokens: 8 } }, { input: 8, output: 0 }],
    ["rerank, Jina", "OPENAI", { results: [], usage: { total_tokens: 815 } }, { input: 815, output: 0 }],
    [
      "images",
      "OPENAI",
      { data: [], usage: { input_tokens: 50, output_tokens: 4160, input_tokens_details: { text_tokens: 10 } } },
      { input: 50, output: 4160 },
    ],
    [
      "DeepSeek's cache",
      "OPENAI",
      { usage: { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 6 } },
      { input: 10, output: 1, cached: 6 },
    ],
    [
      "messages, whose cached tokens stand beside the others",
      "ANTHROPIC",
      {
        usage: {
          input_tokens: 10,
          cache_creation_input_tokens: 200,
          cache_read_input_tokens: 3000,
          output_tokens: 7,
        },
      },
      { input: 3210, output: 7, cached: 3000, cacheWritten: 200, reasoning: 0 },
    ],
    [
      "generateContent, whose thoughts stand beside the answer",
      "GEMINI",
      {
        usageMetadata: {
          promptTokenCount: 20,
          cachedContentTokenCount: 5,
          candidatesTokenCount: 30,
          thoughtsTokenCount: 12,
        },
      },
      { input: 20, output: 42, cached: 5, inputAudio: 0, reasoning: 12, outputAudio: 0 },
    ],
    [
      "Converse",
      "BEDROCK",
      { usage: { inputTokens: 5, outputTokens: 6, totalTokens: 21, cacheReadInputTokens: 10 } },
      { input: 15, output: 6, cached: 10, cacheWritten: 0 },
    ],
    ["Cohere", "COHERE", { usage: { tokens: { input_tokens: 9, output_tokens: 4 } } }, { input: 9, output: 4 }],
    [
      "Vertex AI's vectors",
      "GEMINI",
      {
        predictions: [
          { embeddings: { values: [1], statistics: { token_count: 4 } } },
          { embeddings: { values: [1], statistics: { token_count: 5 } } },
        ],
      },
      { input: 9, output: 0 },
    ],
    ["Dify", "DIFY", { metadata: { usage: { prompt_tokens: 3, completion_tokens: 4 } } }, { input: 3, output: 4 }],
    ["Coze", "COZE", { usage: { token_count: 12, input_count: 10, output_count: 2 } }, { input: 10, output: 2 }],
    [
      "Bailian",
      "BAILIAN",
      {
        usage: {
          models: [
            { input_tokens: 3, output_tokens: 4 },
            { input_tokens: 5, output_tokens: 6 },
          ],
        },
      },
      { input: 8, output: 10 },
    ],
  ])("%s", (_name, dialect, reply, counts) => {
    expect(whole(dialect, reply)).toEqual(counts);
  });
});

describe("streams", () => {
  test("chat tells it in its last chunk, with null before, or grows from chunk to chunk", () => {
    const chunk = (usage: unknown) => ({ choices: [], usage });
    const last = { prompt_tokens: 3, completion_tokens: 2 };
    expect(stream("OPENAI", chunk(null), chunk(last), "[DONE]")).toEqual({ input: 3, output: 2 });
    expect(stream("OPENAI", chunk({ prompt_tokens: 3, completion_tokens: 1 }), chunk(last))).toEqual({
      input: 3,
      output: 2,
    });
    expect(stream("OPENAI", chunk(null), "[DONE]")).toBe(undefined);
  });

  test("Responses tells it in the response that is completed", () => {
    const usage = { input_tokens: 3, output_tokens: 4 };
    expect(stream("OPENAI", { type: "response.completed", response: { id: "r", usage } })).toEqual({
      input: 3,
      output: 4,
    });
    expect(stream("OPENAI", { type: "response.created", response: { id: "r", usage: null } })).toBe(undefined);
  });

  test("Messages tells it in two pieces", () => {
    const start = { type: "message_start", message: { usage: { input_tokens: 25, output_tokens: 1 } } };
    const end = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 15 } };
    const counts = { input: 25, output: 15, cached: 0, cacheWritten: 0, reasoning: 0 };
    for (const dialect of ["ANTHROPIC", "ANTHROPIC_VERTEX", "ANTHROPIC_BEDROCK"] as const) {
      expect(stream(dialect, start, end, { type: "message_stop" })).toEqual(counts);
    }
  });

  test("Gemini tells it in every chunk, Cohere at the end of the message", () => {
    const chunk = (candidatesTokenCount: number) => ({ usageMetadata: { promptTokenCount: 4, candidatesTokenCount } });
    expect(stream("GEMINI", chunk(1), chunk(9))).toMatchObject({ input: 4, output: 9 });
    const usage = { tokens: { input_tokens: 9, output_tokens: 4 } };
    expect(stream("COHERE", { type: "message-end", delta: { usage } })).toEqual({ input: 9, output: 4 });
  });
});

test("what a model writes is no usage", () => {
  const fake = { usage: { prompt_tokens: 0, input_tokens: 0, completion_tokens: 0 } };
  const forged = JSON.stringify(fake);
  for (const dialect of Object.keys(Dialect) as (keyof typeof Dialect)[]) {
    for (const reply of [
      { choices: [{ message: { content: forged, tool_calls: [{ function: { arguments: forged } }] } }] },
      { content: [{ type: "tool_use", input: fake }] },
      { candidates: [{ content: { parts: [{ functionCall: { args: { ...fake, usageMetadata: fake } } }] } }] },
    ]) {
      expect(whole(dialect, reply)).toBe(undefined);
      expect(stream(dialect, reply)).toBe(undefined);
    }
  }
});

test("damaged text tells nothing and traps nowhere", () => {
  const reply = JSON.stringify({ usage: { prompt_tokens: 3, completion_tokens: 4 }, usageMetadata: {}, message: {} });
  for (let length = 0; length < reply.length; length++) expect(whole("OPENAI", reply.slice(0, length))).toBe(undefined);
  property(2_000, (random) => {
    const bytes = Buffer.from(reply);
    for (let i = 0; i < 3; i++) bytes[random.below(bytes.length)] = random.below(256);
    const { pointer, length } = kit.put(bytes);
    for (const dialect of Object.values(Dialect)) {
      kit.call("usageBegin", dialect);
      kit.call("usageReply", pointer, length);
    }
  });
  expect(whole("OPENAI", { usage: { prompt_tokens: -1, completion_tokens: 1e300 } })).toEqual({ input: 0, output: 0 });
});

test("a mention is found wherever it stands, and only one that is not null", () => {
  const mentioned = (text: string) => {
    const { pointer, length } = kit.put(Buffer.from(text));
    return kit.call("usageMentioned", pointer, length) === 1;
  };
  for (let before = 0; before < 40; before++) {
    const padding = '"u'.repeat(before);
    expect(mentioned(`${padding}"usage":{}`)).toBe(true);
    expect(mentioned(`${padding}"usageMetadata": {"a":1}${padding}`)).toBe(true);
    expect(mentioned(`${padding}"usage":null${padding}`)).toBe(false);
    expect(mentioned(`${padding}"usage": null`)).toBe(false);
    expect(mentioned(`${padding}"usag`)).toBe(false);
    expect(mentioned(`${padding}"usage":null,"response":{"usage":{}}`)).toBe(true);
  }
});

describe("the member of a reply that passes in pieces", () => {
  const found = (pieces: readonly Uint8Array[]) => {
    kit.call("memberBegin");
    for (const piece of pieces) {
      const { pointer, length } = kit.put(piece);
      kit.call("memberTake", pointer, length);
      kit.put(Buffer.alloc(length, 0xaa));
    }
    return kit.call("memberFound") === 1 ? kit.output().toString() : undefined;
  };
  const cut = (bytes: Buffer, random: Random) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = random.chance(2) ? 1 + random.below(5) : 1 + random.below(200);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    return pieces;
  };
  const value = (random: Random, depth: number): unknown => {
    const kind = random.below(depth > 3 ? 4 : 6);
    if (kind === 0) return random.pick(['"usage":{', "\\", '"', "usage", "}{][", "你好 🌍", "a".repeat(40)]);
    if (kind === 1) return random.below(1000) / 8;
    if (kind === 2) return random.pick([true, false, null]);
    if (kind === 3) return "x".repeat(random.below(50));
    const items = Array.from({ length: random.below(5) }, () => value(random, depth + 1));
    if (kind === 4) return items;
    return Object.fromEntries(items.map((item, i) => [random.pick(["usage", "a", `k${i}`, '"', "usages"]), item]));
  };

  test("is found in any JSON, however it is cut", () => {
    property(2_000, (random) => {
      const usage = { prompt_tokens: random.below(100), note: '}"{', details: { a: [1, { b: "]" }] } };
      const members = Array.from({ length: random.below(6) }, (_, i) => [`m${i}`, value(random, 0)] as const);
      const at = random.below(members.length + 1);
      const has = !random.chance(4);
      const reply = Object.fromEntries(has ? members.toSpliced(at, 0, ["usage", usage] as never) : members);
      const text = JSON.stringify(reply, undefined, random.pick([0, 2]));
      const told = found(cut(Buffer.from(text), random));
      expect(told === undefined ? undefined : JSON.parse(told)).toEqual(has ? usage : undefined);
    });
  });

  test("is none where it is no object, or longer than any", () => {
    expect(found([Buffer.from('{"usage":null,"a":{"usage":{}}}')])).toBe(undefined);
    expect(found([Buffer.from('[{"usage":{}}]')])).toBe(undefined);
    expect(found([Buffer.from(JSON.stringify({ usage: { a: "x".repeat(20_000) } }))])).toBe(undefined);
    expect(found([Buffer.from('{"usage":[{"a":1}]}')])).toBe(undefined);
  });
});
