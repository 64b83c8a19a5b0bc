// Routing on the real Envoy: rules and strategies as clients see them, and a primary that dies under load.
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

const IDS = ["primary", "backup", "long"] as const;
const REQUESTS = 2_000;
const PARALLEL = 20;

let providers: Map<string, DemoProvider>;
let gateway: Gateway;
let openai: OpenAI;

beforeAll(async () => {
  providers = new Map();
  for (const id of IDS) providers.set(id, await startOpenAiProvider());
  gateway = await Gateway.start(
    {
      providers: IDS.map((id) => ({
        id,
        dialect: "openai",
        baseUrl: providers.get(id)?.url ?? "",
        apiKey: "credential",
        allowPrivateAddress: true,
      })),
      targets: IDS.map((id) => ({ id, provider: id, model: "gpt-demo" })),
      modelRoutes: [
        {
          id: "auto",
          aliases: ["gpt-*"],
          rules: [
            { name: "long", when: { inputTokens: { min: 1_000 } }, targets: [{ target: "long" }] },
            { name: "lab", when: { headers: { "x-project": ["lab"] } }, targets: [{ target: "backup" }] },
          ],
          tiers: [{ targets: [{ target: "primary" }] }, { targets: [{ target: "backup" }] }],
        },
      ],
      consumers: [{ id: "team", models: ["*"] }],
    },
    { concurrency: 2 },
  );
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  for (const provider of providers.values()) await provider.close();
});

async function targetOf(content: string, headers: Record<string, string> = {}, model = "auto"): Promise<string | null> {
  const messages = [{ role: "user" as const, content }];
  const { response } = await openai.chat.completions.create({ model, messages }, { headers }).withResponse();
  return response.headers.get("x-sluice-target");
}

describe("a request goes where its rule says", () => {
  test("by length, header and alias", async () => {
    expect(await targetOf("hello")).toBe("primary");
    expect(await targetOf("word ".repeat(2_000))).toBe("long");
    expect(await targetOf("你好".repeat(600))).toBe("long");
    expect(await targetOf("hello", { "x-project": "lab" })).toBe("backup");
    expect(await targetOf("hello", {}, "gpt-5-mini")).toBe("primary");
    const seen = providers.get("backup")?.requests.at(-1)?.headers;
    expect(seen?.["x-project"]).toBeUndefined();
  });
});

test("a primary that dies under load fails no request, whole or streamed, and is asked hardly ever again", async () => {
  let sent = 0;
  const failures: string[] = [];
  const targets: Record<string, number> = {};
  const worker = async () => {
    while (sent < REQUESTS) {
      const index = sent++;
      if (index === REQUESTS / 4) await providers.get("primary")?.close();
      try {
        const messages = [{ role: "user" as const, content: "hello" }];
        if (index % 10 === 0) {
          const chunks = await all(await openai.chat.completions.create({ model: "auto", messages, stream: true }));
          if (chunks.at(-1)?.choices[0]?.finish_reason !== "stop") failures.push("a stream without its end");
        } else {
          const target = (await targetOf("hello")) ?? "none";
          targets[target] = (targets[target] ?? 0) + 1;
        }
      } catch (error) {
        // What had begun when the provider was killed is cut: that is no failover's to mend.
        const isCut = index % 10 === 0 && Math.abs(index - REQUESTS / 4) <= PARALLEL;
        if (!isCut) failures.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  process.stdout.write(
    `${REQUESTS} requests, primary killed: ${failures.length} failed; answered by ${JSON.stringify(targets)}\n`,
  );
  expect(failures).toEqual([]);
  expect(targets.backup).toBeGreaterThan(REQUESTS / 2);
});
