// Every quirk of the contract, through real Envoy: a provider that refuses what the flag says it refuses is asked with that
// very field, and answers, because the gateway knows the flag. Without the flag in its document the same request fails.
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Quirk } from "../../control-plane/contract.ts";
import { startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

type Chat = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Members = Partial<Chat> & { thinking?: { type: string } };

interface Case {
  /** Taken with the flag, refused by the provider without it. */
  readonly taken?: Members;
  /** What the provider gets instead; `undefined` = nothing of it. */
  readonly sent?: Record<string, unknown>;
  readonly dropped?: string;
  /** Refused by the gateway, with a message that names this. */
  readonly refused?: [members: Members, named: string];
}

const hi = { role: "user" as const, content: "hi" };
const effort = { reasoning_effort: "high" as const };
const tools = [{ type: "function" as const, function: { name: "look", parameters: { type: "object" } } }];
const schema = { type: "json_schema" as const, json_schema: { name: "a", schema: { type: "object" } } };

/** About replies, other operations or other dialects: these have tests of their own. */
const ELSEWHERE: readonly string[] = ["reasoning_in_content", "responses", "thinking_budget"];

const CASES: Record<string, Case> = {
  max_tokens_only: { taken: { max_completion_tokens: 50 }, sent: { max_tokens: 50 } },
  seed_as_random_seed: { taken: { seed: 7 }, sent: { random_seed: 7, seed: undefined } },
  no_stream_options: {
    taken: { stream_options: { include_usage: true } },
    sent: { stream_options: undefined },
  },
  single_choice: { refused: [{ n: 2 }, "n '2'"] },
  no_logprobs: { taken: { logprobs: false }, sent: { logprobs: undefined }, refused: [{ logprobs: true }, "logprobs"] },
  no_logit_bias: {
    taken: { logit_bias: {} },
    sent: { logit_bias: undefined },
    refused: [{ logit_bias: { "50256": -100 } }, "logit_bias"],
  },
  no_message_name: {
    taken: { messages: [{ ...hi, name: "ada" }] },
    sent: { messages: [hi] },
    dropped: "name",
  },
  no_tool_choice: {
    taken: { tools, tool_choice: "auto" },
    sent: { tool_choice: undefined, tools },
    refused: [{ tools, tool_choice: "required" }, "tool_choice"],
  },
  no_developer_role: {
    taken: { messages: [{ role: "developer", content: "be kind" }, hi] },
    sent: { messages: [{ role: "system", content: "be kind" }, hi] },
  },
  no_json_schema: { refused: [{ response_format: schema }, "response_format.type 'json_schema'"] },
  no_penalties_when_reasoning: {
    taken: { ...effort, presence_penalty: 0, frequency_penalty: 0 },
    sent: { presence_penalty: undefined, frequency_penalty: undefined },
    refused: [{ ...effort, presence_penalty: 1 }, "presence_penalty"],
  },
  no_stop_when_reasoning: {
    taken: { ...effort, stop: null },
    sent: { stop: undefined },
    refused: [{ ...effort, stop: ["x"] }, "stop"],
  },
  sampling_ignored_when_reasoning: {
    taken: { thinking: { type: "enabled" }, temperature: 0.5, top_p: 0.9 },
    sent: { temperature: undefined, top_p: undefined },
    dropped: "temperature, top_p",
  },
};

const flags = Object.keys(Quirk).map((name) => name.toLowerCase());
const providers = new Map<string, Awaited<ReturnType<typeof startOpenAiProvider>>>();
let gateway: Gateway;
let openai: OpenAI;

beforeAll(async () => {
  for (const flag of flags) {
    const provider = await startOpenAiProvider({ apiKey: "credential", models: ["upstream"], quirks: [flag] });
    providers.set(flag, provider);
  }
  // Each provider twice: with its flag in the document, and as if nobody had read its documentation.
  const documents = [...providers].flatMap(([flag, { url: baseUrl }]) => {
    const id = flag.replaceAll("_", "-");
    const common = { dialect: "openai" as const, baseUrl, apiKey: "credential", allowPrivateAddress: true };
    return [
      { id, ...common, quirks: [flag] },
      { id: `${id}-unknown`, ...common },
    ];
  });
  gateway = await Gateway.start({
    providers: documents,
    targets: documents.map(({ id }) => ({ id, provider: id, model: "upstream" })),
    modelRoutes: documents.map(({ id }) => ({ id, targets: [{ target: id }] })),
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  for (const provider of providers.values()) await provider.close();
});

const ask = (model: string, members: Members) =>
  openai.chat.completions.create({ model, messages: [hi], ...members } as Chat).withResponse();

test("every flag has its test", () => {
  expect([...Object.keys(CASES), ...ELSEWHERE].sort()).toEqual([...flags].sort());
});

test.each(Object.entries(CASES))("%s", async (flag, { taken, sent, dropped, refused }) => {
  const model = flag.replaceAll("_", "-");
  const provider = providers.get(flag);
  if (taken !== undefined) {
    const { data, response } = await ask(model, taken);
    expect(data.choices[0]?.finish_reason).toBeTruthy();
    const arrived = provider?.requests.at(-1)?.json as Record<string, unknown>;
    for (const [name, value] of Object.entries(sent ?? {})) expect([name, arrived[name]]).toEqual([name, value]);
    expect(response.headers.get("x-sluice-dropped-fields")).toBe(dropped ?? null);
    const unfitted = await ask(`${model}-unknown`, taken).catch((thrown) => thrown);
    expect([unfitted.status, unfitted.error?.type]).toEqual([400, "invalid_request_error"]);
  }
  if (refused !== undefined) {
    const [members, named] = refused;
    const count = provider?.requestCount;
    const error = await ask(model, members).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect([error.code, error.message]).toEqual(["unsupported_content", expect.stringContaining(named)]);
    expect(provider?.requestCount).toBe(count);
    await expect(ask(`${model}-unknown`, members)).rejects.toThrow(OpenAI.BadRequestError);
  }
});

test("reasoning_in_content: whole and streamed, in any pieces", async () => {
  const body = { model: "reasoning-in-content", messages: [hi] };
  const thought = "\nThe user said something.\n";
  const answer = 'This is upstream, a demo provider. You said: "hi"';
  const { choices } = await openai.chat.completions.create(body);
  expect(choices[0]?.message).toMatchObject({ content: answer, reasoning_content: thought });
  const plain = await openai.chat.completions.create({ ...body, model: "reasoning-in-content-unknown" });
  expect(plain.choices[0]?.message.content).toBe(`<think>${thought}</think>\n\n${answer}`);
  for (const fault of [{ kind: "none" }, { kind: "chop", chunkBytes: 7 }] as const) {
    await providers.get("reasoning_in_content")?.setFault(fault);
    const chunks = await all(await openai.chat.completions.create({ ...body, stream: true }));
    const deltas = chunks.map(({ choices }) => choices[0]?.delta as { content?: string; reasoning_content?: string });
    expect(deltas.map((delta) => delta.reasoning_content ?? "").join("")).toBe(thought);
    expect(deltas.map((delta) => delta.content ?? "").join("")).toBe(answer);
  }
});
