// Changes and failures of the parts while traffic flows: no request may fail that a client could notice.
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { type Configuration, eventually, Gateway } from "./harness.ts";

let first: DemoProvider;
let second: DemoProvider;
let gateway: Gateway;

function configuration(target: string, extraRoutes = 0): Configuration {
  const provider = (id: string, baseUrl: string) => ({
    id,
    dialect: "openai" as const,
    baseUrl,
    apiKey: `credential-of-${id}`,
    allowPrivateAddress: true,
  });
  const extra = Array.from({ length: extraRoutes }, (_, i) => ({ id: `extra-${i}`, targets: [{ target }] }));
  return {
    providers: [provider("first", first.url), provider("second", second.url)],
    targets: [
      { id: "first", provider: "first", model: "gpt-demo" },
      { id: "second", provider: "second", model: "gpt-demo" },
    ],
    modelRoutes: [{ id: "m", targets: [{ target }] }, ...extra],
    consumers: [{ id: "team", models: ["*"] }],
  };
}

/** Requests one after the other on several lines, until `stop`. */
class Traffic {
  readonly failures: string[] = [];
  count = 0;
  private running = true;
  private readonly lines: Promise<void>[];

  constructor(lines: number, streamed: boolean) {
    this.lines = Array.from({ length: lines }, () => this.line(streamed));
  }

  private async line(streamed: boolean): Promise<void> {
    while (this.running) {
      try {
        const body = { model: "m", stream: streamed, messages: [{ role: "user", content: "hi" }] };
        const response = await gateway.post("/v1/chat/completions", body);
        const text = await response.text();
        this.count++;
        if (response.status !== 200 || (streamed && !text.includes("[DONE]")))
          this.failures.push(`${response.status} ${text}`);
      } catch (error) {
        this.failures.push(String((error as Error).cause ?? error));
      }
      await pause(2);
    }
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.lines);
    expect(this.failures).toEqual([]);
    expect(this.count).toBeGreaterThan(20);
  }
}

beforeAll(async () => {
  first = await startOpenAiProvider({ apiKey: "credential-of-first" });
  second = await startOpenAiProvider({ apiKey: "credential-of-second" });
  gateway = await Gateway.start(configuration("first"), { concurrency: 2 });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await first.close();
  await second.close();
});

test.each([false, true])("a route changed live under load (stream: %s)", async (streamed) => {
  const traffic = new Traffic(8, streamed);
  for (let i = 0; i < 10; i++) {
    const to = i % 2 === 0 ? second : first;
    await gateway.configure(configuration(i % 2 === 0 ? "second" : "first", i * 20));
    await gateway.live();
    const before = to.requestCount;
    await eventually("traffic follows", async () => (to.requestCount > before + 10 ? true : undefined));
  }
  await traffic.stop();
});

test("a provider's credential changed live under load", async () => {
  await gateway.configure(configuration("first"));
  await gateway.live();
  await gateway.operator("PUT", "/providers/first", {
    dialect: "openai",
    baseUrl: first.url,
    apiKey: "wrong",
    allowPrivateAddress: true,
  });
  await eventually("the wrong credential is used", async () => {
    const response = await gateway.post("/v1/chat/completions", {
      model: "m",
      messages: [{ role: "user", content: "hi" }],
    });
    await response.text();
    return response.status === 502 ? true : undefined;
  });
  await gateway.configure(configuration("first"));
  await eventually("the right one is used again", async () => {
    const response = await gateway.post("/v1/chat/completions", {
      model: "m",
      messages: [{ role: "user", content: "hi" }],
    });
    await response.text();
    return response.ok ? true : undefined;
  });
});

test("the control plane is killed and started again while traffic flows", async () => {
  const traffic = new Traffic(8, false);
  await pause(200);
  await gateway.killControlPlane("SIGKILL");
  await pause(1_500);
  const during = traffic.count;
  await pause(300);
  expect(traffic.count).toBeGreaterThan(during);
  await gateway.startControlPlane();
  await gateway.live();
  await gateway.configure(configuration("second"));
  await gateway.live();
  const before = second.requestCount;
  await eventually("traffic follows", async () => (second.requestCount > before + 10 ? true : undefined));
  await traffic.stop();
});

test("Envoy restarted alone gets everything back by itself", async () => {
  await gateway.stopEnvoy("SIGKILL");
  await gateway.startEnvoy();
  await gateway.live();
  const response = await gateway.post("/v1/chat/completions", {
    model: "m",
    messages: [{ role: "user", content: "hi" }],
  });
  expect(response.status).toBe(200);
});

test("a revision is taken back by a rollback", async () => {
  const { live } = await gateway.operator<{ live: number }>("GET", "/revisions");
  await gateway.configure(configuration("first"));
  await gateway.live();
  const before = second.requestCount;
  await gateway.operator("POST", `/revisions/${live}/rollback`, {});
  await gateway.live();
  await (
    await gateway.post("/v1/chat/completions", { model: "m", messages: [{ role: "user", content: "hi" }] })
  ).text();
  expect(second.requestCount).toBe(before + 1);
});

test("bad configuration: 422 with path and mend, nothing stored, traffic untouched", async () => {
  const before = await gateway.operator<{ live: number }>("GET", "/revisions");
  const response = await gateway.operatorResponse("PUT", "/model-routes/m", { targets: [{ target: "nobody" }] });
  expect(response.status).toBe(422);
  const { error } = (await response.json()) as { error: { problems: { path: string; mend: string }[] } };
  expect(error.problems[0]?.path).toBe("/targets/0/target");
  expect(error.problems[0]?.mend.length).toBeGreaterThan(5);
  expect(await gateway.operator("GET", "/revisions")).toEqual(before);
  const ok = await gateway.post("/v1/chat/completions", { model: "m", messages: [{ role: "user", content: "hi" }] });
  expect(ok.status).toBe(200);
});

test("no credential in logs, config dump or API answers", async () => {
  const secrets = ["credential-of-first", "credential-of-second", gateway.key, gateway.operatorToken];
  const dump = await gateway.configDump();
  const answers = JSON.stringify(await gateway.operator("GET", "/configuration"));
  const texts = { dump, answers, logs: gateway.logs(), stats: await (await fetch(`${gateway.adminUrl}/stats`)).text() };
  for (const [name, text] of Object.entries(texts)) {
    for (const secret of secrets) expect(text.includes(secret), `${name} holds a secret`).toBe(false);
  }
  expect(dump).toContain("sluice-gateway");
});
