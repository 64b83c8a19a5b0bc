// The benchmark's own tools: they compile, count right and compare right. How fast anything is, no test decides.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failures, median, type Results, rowsFor, type Workload } from "./figures.mjs";
import { cleanUp, temporaryFolder } from "./processes.mjs";
import { buildTools, type LoadOptions, runLoad, startUpstream, type Tools, type Upstream } from "./tools.mjs";

describe("load and upstream", () => {
  let folder: string;
  let tools: Tools;
  let upstream: Upstream;
  let bodies = 0;

  beforeAll(async () => {
    folder = temporaryFolder();
    tools = buildTools(folder);
    upstream = await startUpstream(tools);
  });
  afterAll(cleanUp);

  function load(prompt: string, options: Partial<LoadOptions> & { path?: string } = {}) {
    const { path = "/v1/chat/completions", ...rest } = options;
    const bodyFile = join(folder, `body-${bodies++}.json`);
    const messages = [{ role: "user", content: prompt }];
    writeFileSync(bodyFile, JSON.stringify({ model: "m", stream: options.sse === true, messages }));
    const url = `http://127.0.0.1:${upstream.port}${path}`;
    return runLoad(tools, { url, bodyFile, connections: 3, requests: 10, seconds: 20, ...rest });
  }

  test("every request is answered once and counted once", async () => {
    const result = await load("hello", { expect: '"usage"' });
    expect(result).toMatchObject({ sent: 10, answered: 10, failed: 0, statuses: { 200: 10 }, firstFailure: "" });
    expect(result.latencyMs.p50).toBeGreaterThan(0);
    expect(result.latencyMs.max).toBeGreaterThanOrEqual(result.latencyMs.p99);
  });

  test("a large body arrives whole", async () => {
    expect(await load("x".repeat(1_000_000), { requests: 4 })).toMatchObject({ answered: 4, failed: 0 });
  });

  test("a fixed rate sends what is due and no more", async () => {
    const result = await load("hello", { rate: 100, requests: undefined, seconds: 0.5 });
    expect(result).toMatchObject({ sent: 50, answered: 50, failed: 0 });
  });

  test.each([
    ["/v1/chat/completions", "[DONE]", 5 + 4], // role, finish, usage and [DONE] beside the texts
    ["/v1/messages", "message_stop", 5 + 6],
    ["/v1/models/m:streamGenerateContent?alt=sse", "STOP", 5 + 2],
  ])("events of a stream of %s", async (path, end, events) => {
    const result = await load("[[chunks=5]]", { path, sse: true, expect: end });
    expect(result).toMatchObject({ answered: 10, failed: 0, events: 10 * events });
  });

  test.each(["/v1/chat/completions", "/v1/messages"])("the first token of %s is the first text", async (path) => {
    const delayMs = 30; // before each event but the first, which has no text
    const result = await load(`[[chunks=2 delay_us=${delayMs * 1000}]]`, { path, sse: true, requests: 3 });
    expect(result.firstTokenMs?.p50).toBeGreaterThanOrEqual(delayMs);
    expect(result.firstTokenMs?.max).toBeLessThan(result.latencyMs.max);
  });

  test("an answer that is not what was expected is a failure", async () => {
    const faults = await load("[[status=429]]");
    expect(faults).toMatchObject({ answered: 0, failed: 10, statuses: { 429: 10 }, firstFailure: "status 429" });
    const cut = await load("hello", { expect: "no such text" });
    expect(cut).toMatchObject({ answered: 0, failed: 10, statuses: { 200: 10 } });
    const hung = await load("[[hang]]", { requests: 2, timeoutMs: 200 });
    expect(hung).toMatchObject({ answered: 0, failed: 2, firstFailure: "timed out" });
  });

  test("a provider can refuse everything", async () => {
    const refusing = await startUpstream(tools, { status: 500 });
    const result = await load("hello", { url: `http://127.0.0.1:${refusing.port}/v1/chat/completions` });
    expect(result).toMatchObject({ answered: 0, failed: 10, statuses: { 500: 10 } });
  });

  test("only loopback is loaded", async () => {
    await expect(load("hello", { url: "http://192.0.2.1:80/" })).rejects.toThrow("only loopback");
  });
});

describe("figures", () => {
  const workloads: Workload[] = [
    {
      id: "steady",
      title: "steady",
      figures: [
        { key: "cpuUs", label: "CPU", kind: "ratio", better: "less", bar: 2 },
        { key: "requestsPerSecond", label: "rate", kind: "ratio", better: "more", bar: 0.5 },
        { key: "p50Ms", label: "p50", kind: "added", bar: 0.2 },
        { key: "maxMs", label: "slowest", kind: "added" },
      ],
    },
  ];
  const round = (cpuUs: number, requestsPerSecond: number, p50Ms: number) => ({
    cpuUs,
    requestsPerSecond,
    p50Ms,
    maxMs: 1,
    failed: 0,
    firstFailure: "",
  });
  const results: Results = {
    steady: {
      plain: [round(50, 900, 0.5), round(60, 1000, 0.5), round(55, 800, 0.5)],
      sluice: [round(120, 400, 0.6), round(90, 360, 0.8), round(110, 480, 0.75)],
    },
  };

  test("ratios compare the best rounds, differences take the median of the rounds; a bar decides", () => {
    const [cpu, rate, p50, slowest] = rowsFor("sluice", workloads, results);
    expect(cpu).toMatchObject({ plain: 50, other: 90, value: 1.8, met: true, spread: [1.5, 2, 2.4] });
    expect(rate).toMatchObject({ plain: 1000, other: 480, value: 0.48, met: false });
    expect(p50?.value).toBeCloseTo(0.25);
    expect(p50?.met).toBe(false);
    expect(slowest?.met).toBeUndefined();
  });

  test("median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([Number.NaN, 7])).toBe(7);
  });

  test("failed requests are told, and no bar is met with them", () => {
    expect(failures("sluice", workloads, results)).toEqual([]);
    const failed = { ...round(1, 1, 1), failed: 3, firstFailure: "status 503" };
    const spoiled: Results = { steady: { plain: [round(50, 900, 0.5)], sluice: [failed] } };
    expect(failures("sluice", workloads, spoiled)).toEqual(["steady: 3 failed (status 503)"]);
    expect(rowsFor("sluice", workloads, spoiled).map(({ met }) => met)).toEqual([false, false, false, undefined]);
  });
});
