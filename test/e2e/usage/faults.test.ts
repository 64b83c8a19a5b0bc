// Nothing is lost and nothing counts twice: mixed requests with retries while the control plane and the ledger's Redis are killed and come
// back, and an Envoy that is killed, whose log is replayed. SLUICE_USAGE_REQUESTS sets how many requests.
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../../ledger/redis-server.ts";
import { eventually, Gateway } from "../harness.ts";
import { addBills, type Bill, MeteredProvider } from "./metered-provider.ts";

const REQUESTS = Number(process.env.SLUICE_USAGE_REQUESTS ?? 3_000);
const WORKERS = 2;
const CONCURRENCY = 16;
const FAILING = 20; // one answer in so many is an error that is worth a retry
/** So long the control plane is away: at full speed thousands of events wait for it. */
const AWAY_MS = 4_000;
const LOG = join(tmpdir(), `sluice-usage-faults-${process.pid}.jsonl`);
const CLI = fileURLToPath(new URL("../../../control-plane/dist/cli/main.js", import.meta.url));

/** More than all of them use. */
const BUDGET = 1_000_000_000_000;

let redis: RedisServer;
let openai: MeteredProvider;
let anthropic: MeteredProvider;
let gateway: Gateway;

beforeAll(async () => {
  redis = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
  openai = await MeteredProvider.start();
  anthropic = await MeteredProvider.start();
  for (const provider of [openai, anthropic]) provider.wordsMax = 200;
  const provider = { apiKey: "credential", allowPrivateAddress: true };
  const targets = (...names: string[]) => names.map((target) => ({ target }));
  gateway = await Gateway.start(
    {
      providers: [
        { id: "openai", dialect: "openai", baseUrl: `${openai.url}/v1`, ...provider },
        { id: "anthropic", dialect: "anthropic", baseUrl: `${anthropic.url}/v1`, ...provider },
      ],
      targets: [
        { id: "gpt", provider: "openai", model: "gpt-own" },
        { id: "claude", provider: "anthropic", model: "claude-own" },
      ],
      modelRoutes: [
        { id: "chat-first", targets: targets("gpt", "claude") },
        { id: "messages-first", targets: targets("claude", "gpt") },
      ],
      consumers: [{ id: "team", models: ["*"] }],
    },
    {
      environment: { SLUICE_USAGE_LOG: LOG, SLUICE_REDIS_URL: redis.url },
      concurrency: WORKERS,
      envoyOptions: ["--file-flush-min-size-kb", "1", "--file-flush-interval-msec", "20"],
    },
  );
  await gateway.operator("PUT", "/budgets/all", {
    scope: { consumer: "team" },
    measure: "total_tokens",
    window: "total",
    limit: BUDGET,
    onLedgerLost: { mode: "allow", upTo: BUDGET },
  });
});

afterAll(async () => {
  await gateway.stop();
  await redis.stop();
  await openai.close();
  await anthropic.close();
  rmSync(LOG, { force: true });
});

/** Sends so many, of every kind in turn; answers what those got that did not get a whole answer. */
async function send(count: number): Promise<string[]> {
  let next = 0;
  const failed: string[] = [];
  const worker = async () => {
    while (next < count) {
      const i = next++;
      if (i % FAILING === 0) (i % 2 === 0 ? openai : anthropic).statuses.push(503);
      const path = i % 2 === 0 ? "/v1/chat/completions" : "/v1/messages";
      const model = i % 4 < 2 ? "chat-first" : "messages-first";
      const body = { model, max_tokens: 9, messages: [{ role: "user", content: "hi" }], stream: i % 8 < 4 };
      const failure = await gateway.post(path, body).then(
        async (response) => {
          const text = await response.text();
          return response.ok && text !== "" ? undefined : `${response.status} ${text}`;
        },
        (error: Error) => `${error} ${error.cause ?? ""}`,
      );
      if (failure !== undefined) failed.push(failure);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return failed;
}

interface Sums {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  reasoningTokens: number;
}

async function accounted(): Promise<Sums> {
  const measures = "requests,inputTokens,outputTokens,cachedInputTokens,reasoningTokens";
  const path = `/usage?from=2020-01-01&to=2100-01-01&measures=${measures}`;
  const { items } = await gateway.operator<{ items: { values: Sums }[] }>("GET", path);
  return items[0]?.values ?? { requests: 0, inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 };
}

const tokens = ({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: Sums): Bill => ({
  input: inputTokens,
  output: outputTokens,
  cachedInput: cachedInputTokens,
  reasoning: reasoningTokens,
});

const told = () => addBills(openai.told, anthropic.told);

test("tokens accounted are those that providers told, with retries and a control plane that is killed", async () => {
  const sending = send(REQUESTS);
  for (let kills = 0; kills < 2; kills++) {
    await pause(500);
    await gateway.killControlPlane();
    if (kills === 1) await pause(AWAY_MS);
    await gateway.startControlPlane();
  }
  await redis.kill();
  await pause(500);
  await redis.start();
  expect(await sending).toEqual([]);
  expect(await gateway.stat("wasmcustom.sluice.usage_events_dropped_total")).toBe(0);
  const sums = await eventually("every exchange is accounted", async () => {
    const now = await accounted();
    return now.requests >= REQUESTS ? now : undefined;
  });
  process.stdout.write(
    `usage: ${REQUESTS} requests, ${openai.requests + anthropic.requests} attempts, told ${JSON.stringify(told())}, accounted ${JSON.stringify(tokens(sums))}\n`,
  );
  expect(sums.requests).toBe(REQUESTS);
  expect(tokens(sums)).toEqual(told());
  const { input, output } = told();
  await eventually("the ledger knows of every token too", async () => {
    const { used } = await gateway.operator<{ used: number }>("GET", "/budgets/all/state");
    return used === input + output ? true : undefined;
  });
  expect(await gateway.traps()).toEqual([]);
}, 600_000);

test("what an Envoy that is killed had not sent is in its log, and replaying it twice counts it once", async () => {
  // A worker that hears only now of the budget forgets the key's lease, and nobody could give it a new one afterwards.
  await eventually("all workers have heard of all changes", async () => {
    const { items } = await gateway.operator<{ items: { workers: unknown[] }[] }>("GET", "/envoys");
    // The main thread of Envoy has a VM too, and that one asks as well.
    return items.flatMap(({ workers }) => workers).length === WORKERS + 1 ? true : undefined;
  });
  expect(await send(CONCURRENCY)).toEqual([]);
  const before = REQUESTS + CONCURRENCY;
  await eventually("what was sent so far is accounted", async () =>
    (await accounted()).requests === before ? true : undefined,
  );
  // The control plane is away, so that everything is still in the filter's queue.
  await gateway.killControlPlane();
  expect(await send(200)).toEqual([]);
  // Envoy writes its log from a thread of its own.
  await pause(500);
  await gateway.stopEnvoy("SIGKILL");
  await gateway.startControlPlane();
  expect((await accounted()).requests).toBe(before);
  const replay = () =>
    promisify(execFile)(process.execPath, [CLI, "usage", "replay", "--api", gateway.apiUrl, LOG], {
      env: { ...process.env, SLUICE_OPERATOR_TOKEN: gateway.operatorToken },
    });
  await replay();
  const once = await accounted();
  await replay();
  const twice = await accounted();
  expect(once.requests).toBe(before + 200);
  expect(tokens(once)).toEqual(told());
  expect(twice).toEqual(once);
}, 120_000);
