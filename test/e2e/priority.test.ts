// Capacity of a target as clients of a real Envoy with two workers see it: higher classes first, a queue, spill-over, a refusal that says
// when to come back, in the shape of each client's API.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually, Gateway } from "./harness.ts";

const CLASSES = ["critical", "standard", "batch"] as const;
type ClassName = (typeof CLASSES)[number];
const SLOTS = 4;
const MAX_WAIT_MS = 4_000;

/** A provider that answers when it is told to. */
class HeldProvider {
  readonly held: ServerResponse[] = [];
  most = 0;
  private readonly server: Server = createServer((request, response) => {
    request.resume();
    request.once("end", () => {
      this.held.push(response);
      this.most = Math.max(this.most, this.held.length);
    });
    response.once("close", () => this.forget(response));
  });

  private forget(response: ServerResponse): void {
    const index = this.held.indexOf(response);
    if (index >= 0) this.held.splice(index, 1);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", () => resolve()));
  }

  answer(): void {
    const response = this.held.shift();
    const choices = [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }];
    const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 };
    response?.writeHead(200, { "content-type": "application/json" });
    response?.end(JSON.stringify({ object: "chat.completion", model: "m", choices, usage }));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

const scarce = new HeldProvider();
const spare = new HeldProvider();
const keys = {} as Record<ClassName, string>;
let gateway: Gateway;

const capacity = (queue?: object) => ({
  provider: "scarce",
  model: "m",
  capacity: { concurrentRequests: SLOTS, ...(queue === undefined ? {} : { queue }) },
});

beforeAll(async () => {
  await scarce.listen();
  await spare.listen();
  const provider = { dialect: "openai", apiKey: "provider-key", allowPrivateAddress: true } as const;
  gateway = await Gateway.start(
    {
      providers: [
        { id: "scarce", baseUrl: scarce.url, ...provider },
        { id: "spare", baseUrl: spare.url, ...provider },
      ],
      targets: [
        { id: "scarce", provider: "scarce", model: "m" },
        { id: "spare", provider: "spare", model: "m" },
      ],
      modelRoutes: [
        { id: "scarce", targets: [{ target: "scarce" }] },
        { id: "both", targets: [{ target: "scarce" }, { target: "spare" }] },
      ],
      consumers: CLASSES.map((priority) => ({ id: priority, models: ["*"], priority })),
    },
    { concurrency: 2 },
  );
  for (const name of CLASSES) keys[name] = await gateway.addKey(name);
});
afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await scarce.close();
  await spare.close();
});

interface Answer {
  readonly name: ClassName;
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask(
  name: ClassName,
  model = "scarce",
  path = "/v1/chat/completions",
  signal?: AbortSignal,
): Promise<Answer> {
  const body = { model, max_tokens: 5, messages: [{ role: "user", content: "hi" }] };
  const headers = { authorization: `Bearer ${keys[name]}`, connection: "close" };
  const response = await gateway.post(path, body, { headers, ...(signal === undefined ? {} : { signal }) });
  return { name, status: response.status, headers: response.headers, body: (await response.json()) as Answer["body"] };
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const gauge = (name: string, priority: ClassName) =>
  gateway.stat(`wasmcustom\\.sluice\\.${name};target=scarce;class=${priority}`);

/** Every worker has what the operator put. */
async function declare(target: object, probe: () => Promise<boolean>): Promise<void> {
  await gateway.operator("PUT", "/targets/scarce", target);
  await gateway.live();
  await eventually("the capacity is in force", async () => ((await probe()) ? true : undefined));
}

/** Takes all slots; more than these are refused once both workers know the capacity. */
async function occupy(): Promise<Promise<Answer>[]> {
  const running = times(SLOTS, () => ask("standard"));
  await eventually("all slots are in use", async () => (scarce.held.length === SLOTS ? true : undefined));
  return running;
}

async function answerAll(asked: readonly Promise<Answer>[]): Promise<Answer[]> {
  const timer = setInterval(() => scarce.answer(), 5);
  const answers = await Promise.all(asked);
  clearInterval(timer);
  return answers;
}

async function isLimited(): Promise<boolean> {
  const asked = times(3 * SLOTS, () => ask("batch"));
  await eventually("requests arrive", async () => (scarce.held.length >= SLOTS ? true : undefined));
  await answerAll(asked);
  return scarce.most === SLOTS;
}

describe("without a queue", () => {
  beforeAll(() =>
    declare(capacity(), async () => {
      scarce.most = 0;
      return isLimited();
    }),
  );
  beforeEach(() => {
    scarce.most = 0;
  });

  test("what is beyond the capacity is refused, and the client is told when to come back", async () => {
    const running = await occupy();
    const refused = await ask("critical");
    expect(refused).toMatchObject({ status: 429, body: { error: { code: "capacity_exceeded" } } });
    expect(refused.headers.get("retry-after")).toBe("1");
    const messages = await ask("critical", "scarce", "/v1/messages");
    expect(messages).toMatchObject({ status: 429, body: { type: "error", error: { type: "rate_limit_error" } } });
    expect((await answerAll(running)).map(({ status }) => status)).toEqual(Array(SLOTS).fill(200));
    expect(scarce.most).toBe(SLOTS);
  });

  test("what is beyond it goes to the next target of the route", async () => {
    const running = await occupy();
    const spilled = times(3, () => ask("batch", "both"));
    await eventually("they arrive", async () => (spare.held.length === 3 ? true : undefined));
    for (const _ of spilled) spare.answer();
    expect((await Promise.all(spilled)).map(({ headers }) => headers.get("x-sluice-target"))).toEqual(
      Array(3).fill("spare"),
    );
    await answerAll(running);
  });
});

describe("with a queue", () => {
  beforeAll(() =>
    declare(capacity({ maxWaitMs: MAX_WAIT_MS, maxWaiting: 100 }), async () => {
      const running = await occupy();
      const probes = times(8, () => ask("batch"));
      await Promise.race([...probes, new Promise((resolve) => setTimeout(resolve, 200))]);
      const answers = await answerAll([...running, ...probes]);
      return answers.every(({ status }) => status === 200);
    }),
  );
  beforeEach(() => {
    scarce.most = 0;
  });

  test("higher classes are served first", async () => {
    const running = await occupy();
    const order: ClassName[] = [];
    const asked = [...CLASSES].reverse().map((name) => times(6, () => ask(name)));
    const waiting = asked.flat().map((each) => each.then(({ name }) => order.push(name)));
    await eventually("all wait", async () => {
      const counts = await Promise.all(CLASSES.map((name) => gauge("capacity_waiting", name)));
      return counts.every((count) => count === 6) ? true : undefined;
    });
    await answerAll([...running, ...asked.flat()]);
    await Promise.all(waiting);
    // Answers pass each other on their way by a few places.
    const meanPlace = (name: ClassName) => order.reduce((sum, each, place) => sum + (each === name ? place : 0), 0) / 6;
    expect(meanPlace("critical")).toBeLessThan(meanPlace("standard"));
    expect(meanPlace("standard")).toBeLessThan(meanPlace("batch"));
    expect(scarce.most).toBe(SLOTS);
    const counted = /^sluice_capacity_waited_total\{(?=.*class="batch")(?=.*target="scarce").*\} \d+/m;
    await eventually("it is counted by target and class", async () => {
      const metrics = await (await fetch(`${gateway.adminUrl}/stats/prometheus`)).text();
      return counted.test(metrics) ? true : undefined;
    });
  });

  test("a client that goes away leaves it", async () => {
    const running = await occupy();
    const gone = new AbortController();
    const aborted = times(5, () => ask("critical", "scarce", "/v1/chat/completions", gone.signal).catch(() => "gone"));
    await eventually("they wait", async () => ((await gauge("capacity_waiting", "critical")) === 5 ? true : undefined));
    gone.abort();
    expect(await Promise.all(aborted)).toEqual(Array(5).fill("gone"));
    await eventually("none waits", async () =>
      (await gauge("capacity_waiting", "critical")) === 0 ? true : undefined,
    );
    const later = ask("batch");
    const answers = await answerAll([...running, later]);
    expect(answers.map(({ status }) => status)).toEqual(Array(SLOTS + 1).fill(200));
    await eventually("nothing is in use", async () =>
      (await gauge("capacity_in_use", "batch")) === 0 ? true : undefined,
    );
  });

  test("who waits too long is refused", async () => {
    const running = await occupy();
    const started = performance.now();
    const refused = await Promise.all(times(4, () => ask("standard")));
    expect(refused.map(({ status }) => status)).toEqual(Array(4).fill(429));
    expect(performance.now() - started).toBeGreaterThan(MAX_WAIT_MS - 500);
    await answerAll(running);
  });
});
