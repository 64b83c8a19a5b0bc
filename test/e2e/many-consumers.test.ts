// A hundred thousand consumers with a key each: the filter knows of none until one calls. They go into the store's file
// directly, because by the API they would take minutes and show nothing more.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Database from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiKeyDigest, generateApiKey } from "../../control-plane/keys.js";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { eventually, Gateway } from "./harness.ts";

const CONSUMERS = 100_000;
const CALLERS = 200;
/** The filter writes the size of its memory once a second. */
const MEMORY_SETTLES_MS = 1_500;
const LEASES_BYTES_MAX = 1024 * 1024;
const REVOCATION_MS_MAX = 5_000;

let provider: DemoProvider;
let gateway: Gateway;
const callers: string[] = [];

beforeAll(async () => {
  provider = await startOpenAiProvider({ apiKey: "provider-key" });
  gateway = await Gateway.start({
    providers: [
      { id: "demo", dialect: "openai", baseUrl: provider.url, apiKey: "provider-key", allowPrivateAddress: true },
    ],
    targets: [{ id: "demo", provider: "demo", model: "gpt-demo" }],
    modelRoutes: [{ id: "m", targets: [{ target: "demo" }] }],
    consumers: [{ id: "first", models: ["*"] }],
  });
});
afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await provider.close();
});

function fillStore(keys: readonly string[]): void {
  const database = new Database(join(gateway.folder, "data/sluice.db"));
  const consumer = database.prepare(
    "INSERT INTO principal (kind, id, parent_kind, parent_id, json) VALUES ('consumer', ?, 'tenant', 'crowd', ?)",
  );
  const key = database.prepare(
    `INSERT INTO api_key (digest, consumer_id, id, prefix, created_at, access_json)
     VALUES (?, ?, ?, 'sk-slc-0000', '2026-01-01T00:00:00.000Z', '{}')`,
  );
  database.transaction(() => {
    for (const [index, clear] of keys.entries()) {
      const id = `consumer-${index}`;
      const digest = apiKeyDigest(clear);
      consumer.run(id, JSON.stringify({ id, tenant: "crowd", models: ["m"], disabled: false }));
      key.run(digest, id, digest.slice(0, 16));
    }
  })();
  database.close();
}

async function vmMemoryBytes(): Promise<number> {
  await pause(MEMORY_SETTLES_MS);
  return eventually(
    "a figure of memory",
    async () => (await gateway.stat("wasmcustom.sluice.vm_memory_bytes")) || undefined,
  );
}

async function chat(key: string): Promise<number> {
  const body = { model: "m", messages: [{ role: "user", content: "hi" }] };
  const response = await gateway.post("/v1/chat/completions", body, { headers: { authorization: `Bearer ${key}` } });
  await response.arrayBuffer();
  return response.status;
}

test("cost the filter nothing until they call, and then a lease each", async () => {
  for (let count = 0; count < CALLERS; count++) expect(await chat(gateway.key)).toBe(200);
  const before = await vmMemoryBytes();
  const callouts = await gateway.stat("wasmcustom.sluice.lease_callouts_total");

  await gateway.operator("PUT", "/tenants/crowd", {});
  // It takes seconds in which no connection is looked after: nothing may be asked right behind it.
  const keys = Array.from({ length: CONSUMERS }, generateApiKey);
  await gateway.killControlPlane("SIGTERM");
  fillStore(keys);
  await gateway.startControlPlane();
  const { items } = await gateway.operator<{ items: unknown[] }>("GET", "/consumers?after=consumer-5&limit=1000");
  expect(items).toHaveLength(1000);
  const stored = await vmMemoryBytes();
  expect(stored).toBe(before);

  callers.push(...keys.slice(-CALLERS));
  for (const key of callers) expect(await chat(key)).toBe(200);
  const used = await vmMemoryBytes();
  console.log(
    `VM memory: ${before} B before, ${stored} B with ${CONSUMERS} consumers, ${used} B after ${CALLERS} of them called`,
  );
  // The VM's memory doubles when it grows: one step at most.
  expect(used - before).toBeLessThanOrEqual(LEASES_BYTES_MAX);
  expect(await gateway.stat("wasmcustom.sluice.lease_callouts_total")).toBeGreaterThanOrEqual(callouts + CALLERS);
});

test("are all revoked at once with their tenant", async () => {
  const from = performance.now();
  await gateway.operator("PUT", "/tenants/crowd", { disabled: true });
  const stored = performance.now();
  for (const key of callers) {
    await eventually("refusal", async () => ((await chat(key)) === 403 ? true : undefined), REVOCATION_MS_MAX);
  }
  const times = [stored - from, performance.now() - from].map((ms) => ms.toFixed(0));
  console.log(`a tenant of ${CONSUMERS} keys disabled: stored after ${times[0]} ms, in force after ${times[1]} ms`);
  expect(await chat(gateway.key)).toBe(200);
});
