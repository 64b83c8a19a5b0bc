// What tenants, departments, applications, consumers and keys allow, as clients of a real Envoy with two workers see it.
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { eventually, Gateway } from "./harness.ts";

const LEVELS = ["tenant", "department", "application", "consumer", "key"] as const;
type Level = (typeof LEVELS)[number];
const PATHS = { tenant: "tenants", department: "departments", application: "applications", consumer: "consumers" };
/** Requests at once, each on a connection of its own: enough to reach both workers. */
const CONNECTIONS = 16;
const REVOCATION_MS_MAX = 5_000;

let provider: DemoProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await startOpenAiProvider({ apiKey: "provider-key" });
  gateway = await Gateway.start(
    {
      providers: [
        { id: "demo", dialect: "openai", baseUrl: provider.url, apiKey: "provider-key", allowPrivateAddress: true },
      ],
      targets: [{ id: "demo", provider: "demo", model: "gpt-demo" }],
      modelRoutes: ["open", "closed"].map((id) => ({ id, targets: [{ target: "demo" }] })),
      consumers: [],
    },
    { concurrency: 2 },
  );
});
afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await provider.close();
});

/** A key below four principals called `id`; `restrictions` are those of one of the five levels. */
async function chain(id: string, level?: Level, restrictions: object = {}): Promise<string> {
  const at = (candidate: Level) => (candidate === level ? restrictions : {});
  await gateway.operator("PUT", `/tenants/${id}`, at("tenant"));
  await gateway.operator("PUT", `/departments/${id}`, { tenant: id, ...at("department") });
  await gateway.operator("PUT", `/applications/${id}`, { department: id, ...at("application") });
  await gateway.operator("PUT", `/consumers/${id}`, { application: id, ...at("consumer") });
  return (await gateway.operator<{ key: string }>("POST", `/consumers/${id}/keys`, at("key"))).key;
}

async function call(key: string, path: string, body: object): Promise<string> {
  const response = await gateway.post(path, body, { headers: { authorization: `Bearer ${key}`, connection: "close" } });
  const answer = (await response.json()) as { error?: { code: string } };
  return response.ok ? "ok" : `${response.status} ${answer.error?.code}`;
}

const messages = [{ role: "user", content: "hi" }];
const chat = (key: string, model = "open") => call(key, "/v1/chat/completions", { model, messages });
const embeddings = (key: string) => call(key, "/v1/embeddings", { model: "open", input: "hi" });
const everywhere = async (key: string) => [
  ...new Set(await Promise.all(Array.from({ length: CONNECTIONS }, () => chat(key)))),
];

describe.each(LEVELS)("the %s", (level) => {
  test("refuses models and operations, and lets the others pass", async () => {
    const byModel = await chain(`${level}-models`, level, { models: ["op*"] });
    expect(await chat(byModel, "open")).toBe("ok");
    expect(await chat(byModel, "closed")).toBe("403 model_not_allowed");
    const response = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${byModel}` } });
    expect(((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(["open"]);

    const byOperation = await chain(`${level}-operations`, level, { operations: ["chat"] });
    expect(await chat(byOperation)).toBe("ok");
    expect(await embeddings(byOperation)).toBe("403 operation_not_allowed");
    expect(await embeddings(await chain(`${level}-free`))).toBe("ok");
  });
});

describe.each(LEVELS.filter((level) => level !== "key"))("disabling the %s", (level) => {
  test("revokes the keys below it on every worker, and enabling it gives them back", async () => {
    const id = `${level}-off`;
    const key = await chain(id);
    expect(await everywhere(key)).toEqual(["ok"]);
    const path = `/${PATHS[level]}/${id}`;
    const { id: _, ...document } = await gateway.operator<{ id: string }>("GET", path);

    const from = performance.now();
    await gateway.operator("PUT", path, { ...document, disabled: true });
    const refused = async () => ((await everywhere(key)).join() === "403 consumer_disabled" ? true : undefined);
    await eventually("refusal everywhere", refused, REVOCATION_MS_MAX);
    console.log(`${level} disabled everywhere after ${(performance.now() - from).toFixed(0)} ms (bar: 2000 ms)`);

    await gateway.operator("PUT", path, document);
    const granted = async () => ((await everywhere(key)).join() === "ok" ? true : undefined);
    await eventually("access everywhere", granted, REVOCATION_MS_MAX);
  });
});

describe("a key", () => {
  test("that is rotated works beside the new one, until the overlap ends", async () => {
    const old = await chain("rotated");
    const { items } = await gateway.operator<{ items: { id: string }[] }>("GET", "/consumers/rotated/keys");
    expect(await everywhere(old)).toEqual(["ok"]);
    const renewed = await gateway.operator<{ key: string; replaces: { expiresAt: string } }>(
      "POST",
      `/consumers/rotated/keys/${items[0]?.id}/rotate`,
      { overlapSeconds: 4 },
    );
    expect(await everywhere(renewed.key)).toEqual(["ok"]);
    while (Date.now() < Date.parse(renewed.replaces.expiresAt) - 1_000) {
      expect(await chat(old)).toBe("ok");
      await pause(100);
    }
    await pause(Date.parse(renewed.replaces.expiresAt) - Date.now());
    // Leases end with their key: no worker has to be told.
    expect(await everywhere(old)).toEqual(["401 expired_api_key"]);
    expect(await everywhere(renewed.key)).toEqual(["ok"]);
  });

  test("that was made with an end is refused from then on", async () => {
    await chain("ending");
    const expiresAt = new Date(Date.now() + 2_000).toISOString();
    const { key } = await gateway.operator<{ key: string }>("POST", "/consumers/ending/keys", { expiresAt });
    expect(await everywhere(key)).toEqual(["ok"]);
    await pause(Date.parse(expiresAt) - Date.now());
    expect(await everywhere(key)).toEqual(["401 expired_api_key"]);
  });
});
