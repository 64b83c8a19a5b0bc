// Thousands of damaged requests and replies through a real Envoy with the released filter: every answer is a proper one,
// the VM never traps, its memory stays bounded, and the next normal request works.
// SLUICE_FUZZ_REQUESTS sets how many; SLUICE_TEST_SEED with SLUICE_FUZZ_REQUESTS=1 repeats one that failed.
import { randomInt } from "node:crypto";
import { Agent } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Gateway } from "../e2e/harness.ts";
import { Random } from "../filter/random.ts";
import { type Answer, type FuzzRequest, makeRequest, send } from "./client.ts";
import { defectOf } from "./judge.ts";
import { FuzzProvider } from "./provider.ts";

const REQUESTS = Number(process.env.SLUICE_FUZZ_REQUESTS ?? 3_500);
const SEED = Number(process.env.SLUICE_TEST_SEED ?? randomInt(2 ** 31));
const CONCURRENCY = 16;
const DEFECTS_SHOWN_MAX = 40;
const SAMPLE_MS = 250;
const VM_BYTES_MAX = 96 * 1024 * 1024;
const MODELS = ["chat", "messages", "chat-first", "messages-first"];

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
let openai: FuzzProvider;
let anthropic: FuzzProvider;
let gateway: Gateway;

beforeAll(async () => {
  openai = await FuzzProvider.start("openai");
  anthropic = await FuzzProvider.start("anthropic");
  const provider = { apiKey: "credential", allowPrivateAddress: true };
  const route = (id: string, ...targets: string[]) => ({
    id,
    // Garbage is all that these providers send: nobody is to be left for it.
    failover: { outlierDetection: "off" },
    targets: targets.map((target) => ({ target })),
  });
  gateway = await Gateway.start({
    providers: [
      { id: "openai", dialect: "openai", baseUrl: openai.url, ...provider },
      { id: "anthropic", dialect: "anthropic", baseUrl: anthropic.url, ...provider },
    ],
    targets: [
      { id: "gpt", provider: "openai", model: "gpt-fuzz" },
      { id: "claude", provider: "anthropic", model: "claude-fuzz" },
    ],
    modelRoutes: [
      route("chat", "gpt"),
      route("messages", "claude"),
      route("chat-first", "gpt", "claude"),
      route("messages-first", "claude", "gpt"),
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
});

afterAll(async () => {
  agent.destroy();
  await gateway?.stop();
  await openai?.close();
  await anthropic?.close();
});

/** What the last provider of a request sent: named by the gateway, or the only one that got it. */
function sentFor(request: FuzzRequest, answer: Answer) {
  const key = String(request.seed);
  const [gpt, claude] = [openai.sent.get(key), anthropic.sent.get(key)];
  const target = answer.headers["x-sluice-target"];
  if (gpt !== undefined && (target === "gpt" || claude === undefined)) return { ...gpt, dialect: "openai" as const };
  if (claude !== undefined) return { ...claude, dialect: "anthropic" as const };
  return undefined;
}

function circumstances(request: FuzzRequest, answer: Answer): string {
  const { headers, status, complete, error } = answer;
  const target = headers["x-sluice-target"];
  const providers = [openai, anthropic].map((provider) => {
    const sent = provider.sent.get(String(request.seed));
    return sent && `${sent.status} '${sent.contentType}' ${sent.broken ? "broken" : `${sent.body?.length} bytes`}`;
  });
  return `seed ${request.seed}: ${request.method} ${request.path.slice(0, 60)} ${request.model}; answered ${status} '${headers["content-type"]}' from ${target}${complete ? "" : ` cut: ${error}`}; openai sent ${providers[0]}, anthropic ${providers[1]}`;
}

async function run(tally: Map<string, number>): Promise<string[]> {
  const defects: string[] = [];
  let next = 0;
  const worker = async () => {
    while (next < REQUESTS) {
      const seed = SEED + next++;
      const random = new Random(seed);
      const request = makeRequest(random, seed, gateway.key, MODELS);
      const answer = await send(gateway.url, agent, random, request);
      const hungUp = request.hangUpMs !== undefined && !answer.complete;
      const kind = hungUp ? "hung up" : `${answer.status} ${answer.headers["x-sluice-error"] ?? ""}`.trim();
      tally.set(kind, (tally.get(kind) ?? 0) + 1);
      const defect = hungUp ? undefined : defectOf(request, answer, sentFor(request, answer));
      if (defect !== undefined) defects.push(`${defect}\n  ${circumstances(request, answer)}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return defects;
}

test(`${REQUESTS} requests from seed ${SEED}`, { timeout: 60_000 + REQUESTS * 50 }, async () => {
  const tally = new Map<string, number>();
  const begun = performance.now();
  // Envoy's main thread has a VM too, and the last that writes the gauge stays: the largest is the worker's.
  let vmBytes = 0;
  const sampling = setInterval(async () => {
    vmBytes = Math.max(vmBytes, await gateway.stat("wasmcustom.sluice.vm_memory_bytes"));
  }, SAMPLE_MS);
  const defects = await run(tally).finally(() => clearInterval(sampling));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const traps = await gateway.traps();
  const counts = [...tally].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${count} × ${kind}`);
  const attempts = openai.requestCount + anthropic.requestCount;
  process.stdout.write(
    `fuzz: seed ${SEED}, ${REQUESTS} requests, ${attempts} attempts at providers, ${seconds} s, traps ${traps.length}, ` +
      `VM ${(vmBytes / 2 ** 20).toFixed(1)} MiB\n  ${counts.join(", ")}\n`,
  );

  expect(traps).toEqual([]);
  expect(defects.slice(0, DEFECTS_SHOWN_MAX), `${defects.length} defects; SLUICE_TEST_SEED=${SEED}`).toEqual([]);
  expect(vmBytes).toBeLessThan(VM_BYTES_MAX);
  // The run would prove nothing if most of it ended at the gateway's door.
  if (REQUESTS > 100) expect(attempts).toBeGreaterThan(REQUESTS / 2);
});

test("the next normal requests work", async () => {
  for (const path of ["/v1/chat/completions", "/v1/messages"]) {
    const response = await gateway.post(path, { model: "nobody", messages: [] });
    expect([response.status, response.headers.get("x-sluice-error")]).toEqual([404, "model_not_found"]);
  }
  const models = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${gateway.key}` } });
  expect(((await models.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual([...MODELS].sort());
});
