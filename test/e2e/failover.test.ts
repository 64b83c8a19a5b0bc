// What fails at the first target is answered by the second, of the other dialect: every fault, whole and streamed, in
// both directions. And what no target can answer is an error in the client protocol's shape.
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  type Fault,
  startAnthropicProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, eventually, freePorts, Gateway } from "./harness.ts";

let openaiProvider: DemoProvider;
let anthropicProvider: DemoProvider;
/** Each of these fails often, so that its endpoint may be ejected: none may share one with another test. */
const LONE = ["hanging", "resetting", "refusing-us", "babbling", "cutting"];
const lone = new Map<string, DemoProvider>();
let gateway: Gateway;
let openai: OpenAI;

const PER_TRY_TIMEOUT_MS = 400;

beforeAll(async () => {
  openaiProvider = await startOpenAiProvider();
  anthropicProvider = await startAnthropicProvider();
  for (const id of LONE) lone.set(id, await startOpenAiProvider());
  const [refusingPort, ejectedPort] = await freePorts(2);
  const provider = (id: string, dialect: "openai" | "anthropic", baseUrl: string) => ({
    id,
    dialect,
    baseUrl,
    apiKey: "credential",
    allowPrivateAddress: true,
  });
  const route = (id: string, ...targets: string[]) => ({
    id,
    perTryTimeoutMs: PER_TRY_TIMEOUT_MS,
    // Every fault is played many times: nobody is to be left for it.
    failover: { outlierDetection: "off" },
    targets: targets.map((target) => ({ target })),
  });
  gateway = await Gateway.start({
    providers: [
      provider("openai", "openai", openaiProvider.url),
      provider("anthropic", "anthropic", anthropicProvider.url),
      provider("refusing", "openai", `http://127.0.0.1:${refusingPort}/v1`),
      provider("nameless", "openai", "http://no-such-host.invalid/v1"),
      provider("ejected", "openai", `http://127.0.0.1:${ejectedPort}/v1`),
      ...LONE.map((id) => provider(id, "openai", lone.get(id)?.url ?? "")),
    ],
    targets: [
      { id: "gpt", provider: "openai", model: "gpt-demo" },
      { id: "claude", provider: "anthropic", model: "claude-demo" },
      { id: "refusing", provider: "refusing", model: "gpt-demo" },
      { id: "nameless", provider: "nameless", model: "gpt-demo" },
      { id: "ejected", provider: "ejected", model: "gpt-demo" },
      ...LONE.map((id) => ({ id, provider: id, model: "gpt-demo" })),
    ],
    modelRoutes: [
      route("openai-first", "gpt", "claude"),
      route("anthropic-first", "claude", "gpt"),
      route("refusing-first", "refusing", "claude"),
      route("nameless-first", "nameless", "claude"),
      route("ejected-first", "ejected", "claude"),
      ...LONE.map((id) => route(`only-${id}`, id)),
      route("cutting-first", "cutting", "claude"),
      route("only-refusing", "refusing"),
      route("only-nameless", "nameless"),
      route("three", "refusing", "gpt", "claude"),
      // 200 requests at once take their time on a small machine; that is not what is asked here.
      { ...route("burst", "gpt", "claude"), perTryTimeoutMs: 60_000 },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  await openaiProvider.clearFault();
  await anthropicProvider.clearFault();
  for (const provider of lone.values()) await provider.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await openaiProvider.close();
  await anthropicProvider.close();
  for (const provider of lone.values()) await provider.close();
});

const messages = [{ role: "user" as const, content: "hello" }];

async function textOf(model: string, streamed: boolean): Promise<string> {
  if (!streamed) {
    const reply = await openai.chat.completions.create({ model, messages });
    return reply.choices[0]?.message.content ?? "";
  }
  const stream = await openai.chat.completions.create({ model, messages, stream: true });
  const chunks = await all(stream);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

const FAULTS: [string, Fault, "both" | "stream"][] = [
  ["429", { kind: "status", status: 429 }, "both"],
  ["500", { kind: "status", status: 500 }, "both"],
  ["503", { kind: "status", status: 503 }, "both"],
  ["401, our credential", { kind: "status", status: 401 }, "both"],
  ["404, our model name", { kind: "status", status: 404 }, "both"],
  ["connection refused", { kind: "refuse" }, "both"],
  ["time-out", { kind: "hang" }, "both"],
  ["reset before the reply", { kind: "reset" }, "both"],
  ["200 with an SSE error first", { kind: "sse-error" }, "stream"],
  ["reset before the first content", { kind: "reset", afterHeaders: true }, "stream"],
  ["end before the first content", { kind: "cut", afterEvents: 1 }, "stream"],
];
const CASES = FAULTS.flatMap(([name, fault, when]) =>
  (when === "both" ? [false, true] : [true]).map((streamed) => ({ name, fault, streamed })),
);

describe.each([
  { model: "openai-first", answered: "claude-demo" },
  { model: "anthropic-first", answered: "gpt-demo" },
])("$model", ({ model, answered }) => {
  test.each(CASES)("$name (stream: $streamed)", async ({ fault, streamed }) => {
    const first = model === "openai-first" ? openaiProvider : anthropicProvider;
    const before = first.requestCount;
    await first.setFault(fault);
    expect(await textOf(model, streamed)).toContain(`This is ${answered}`);
    if (fault.kind !== "refuse") expect(first.requestCount).toBe(before + 1);
  });

  test.each([400, 413, 422])("%i is the request's own fault and is not tried elsewhere", async (status) => {
    const first = model === "openai-first" ? openaiProvider : anthropicProvider;
    const second = model === "openai-first" ? anthropicProvider : openaiProvider;
    const before = second.requestCount;
    await first.setFault({ kind: "status", status, message: "your fault" });
    const error = await openai.chat.completions.create({ model, messages }).catch((thrown) => thrown);
    expect(error.status).toBe(status);
    expect(error.message).toContain("your fault");
    expect(second.requestCount).toBe(before);
  });
});

describe("what Envoy finds out by itself", () => {
  test.each(["refusing-first", "nameless-first", "three"])("%s", async (model) => {
    for (const streamed of [false, true]) expect(await textOf(model, streamed)).toMatch(/This is (claude|gpt)-demo/);
  });

  test("an only endpoint that was ejected", async () => {
    const stat = async () => {
      const text = await (await fetch(`${gateway.adminUrl}/stats?filter=ejections_active`)).text();
      return /cluster\.ejected~[^:]*ejections_active: 1/.test(text) ? true : undefined;
    };
    await eventually("ejection", async () => {
      expect(await textOf("ejected-first", false)).toContain("This is claude-demo");
      return stat();
    });
    for (let i = 0; i < 20; i++) expect(await textOf("ejected-first", i % 2 === 0)).toContain("This is claude-demo");
  });

  test.each(["refusing-first", "nameless-first"])("%s, for longer than ejections need", async (model) => {
    const until = Date.now() + 4_000;
    let count = 0;
    while (Date.now() < until) {
      expect(await textOf(model, false)).toContain("This is claude-demo");
      count++;
    }
    expect(count).toBeGreaterThan(50);
  });

  test("200 failovers at once, none fails", async () => {
    await openaiProvider.setFault({ kind: "status", status: 429 });
    const texts = await Promise.all(Array.from({ length: 200 }, (_, i) => textOf("burst", i % 2 === 0)));
    expect(texts.filter((text) => !text.includes("This is claude-demo"))).toEqual([]);
  });
});

describe("nobody is left to ask", () => {
  async function failing(model: string, path = "/v1/chat/completions") {
    const response = await gateway.post(path, { model, max_tokens: 10, messages });
    return {
      status: response.status,
      body: (await response.json()) as { type?: string; error: Record<string, unknown> },
      header: response.headers.get("x-sluice-error"),
    };
  }

  test.each([
    ["refused", "only-refusing", { kind: "none" }, 503, "upstream_unreachable"],
    ["no such name", "only-nameless", { kind: "none" }, 503, "upstream_unreachable"],
    ["time-out", "only-hanging", { kind: "hang" }, 504, "upstream_timeout"],
    ["reset", "only-resetting", { kind: "reset" }, 503, "upstream_unreachable"],
    ["our credential", "only-refusing-us", { kind: "status", status: 401 }, 502, "upstream_credential_rejected"],
  ] as [string, string, Fault, number, string][])(
    "%s, in both protocols' shapes",
    async (_name, model, fault, status, code) => {
      await lone.get(model.slice("only-".length))?.setFault(fault);
      const chat = await failing(model);
      expect([chat.status, chat.body.error.code]).toEqual([status, code]);
      expect(chat.body.error).toMatchObject({ message: expect.any(String), type: expect.any(String) });
      const message = await failing(model, "/v1/messages");
      expect(message.body).toMatchObject({ type: "error", error: { type: expect.any(String), code } });
    },
  );

  test("a page of HTML becomes an error of the protocol, with the provider's status", async () => {
    await lone.get("babbling")?.setFault({ kind: "invalid-json" });
    const response = await gateway.post("/v1/messages", { model: "only-babbling", max_tokens: 10, messages });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ type: "error", error: { code: "upstream_invalid_reply" } });
  });
});

describe("a stream that breaks after its first content", () => {
  test.each(["only-cutting", "cutting-first"])("%s: an ended one ends with an error event", async (model) => {
    await lone.get("cutting")?.setFault({ kind: "cut", afterEvents: 4 });
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    await expect(all(stream)).rejects.toThrow(/ended the stream before it was complete/);
  });

  test("a reset one is a transport error, never a clean end", async () => {
    await lone.get("cutting")?.setFault({ kind: "cut", afterEvents: 4, reset: true });
    const stream = await openai.chat.completions.create({ model: "only-cutting", messages, stream: true });
    await expect(all(stream)).rejects.toThrow();
  });
});
