// Targets that are left for a while, as the released filter does it: who fails, who is throttled, who is slow, and how they come back.
import { describe, expect, test } from "vitest";
import { SharedData } from "../host/shared-data.js";
import { type Attempted, PlayedRouter } from "./played-router.js";

const route = (...ids: string[]) => ({ id: "auto", targets: ids.map((target) => ({ target })) });

function router(ids: readonly string[], more: object = {}): PlayedRouter {
  return new PlayedRouter({ targets: ids, modelRoutes: [route(...ids)], ...more });
}

function fail(at: PlayedRouter, count: number, attempted: Attempted = { status: 503 }): void {
  for (let i = 0; i < count; i++) at.exchange(attempted);
}

describe("a target that says that it takes no more", () => {
  test.each([
    ["429, for as long as it says", 429, [["retry-after", "7"]], 7_000],
    ["429, in milliseconds", 429, [["retry-after-ms", "1500"]], 1_500],
    ["429, for a second if it says nothing", 429, [], 1_000],
    [
      "no requests are left",
      200,
      [
        ["x-ratelimit-remaining-requests", "0"],
        ["x-ratelimit-reset-requests", "1m2s"],
      ],
      60_000,
    ],
    [
      "hardly any tokens are left",
      200,
      [
        ["x-ratelimit-limit-tokens", "100000"],
        ["x-ratelimit-remaining-tokens", "120"],
        ["x-ratelimit-reset-tokens", "6.5s"],
      ],
      6_500,
    ],
  ] as [string, number, [string, string][], number][])("is out: %s", (_name, status, headers, ms) => {
    const at = router(["a", "b"]);
    expect(at.exchange({ status, headers })).toEqual(["a", "b"]);
    expect(at.plan().targets).toEqual(["b"]);
    at.pass(ms - 1);
    expect(at.plan().targets).toEqual(["b"]);
    at.pass(1);
    expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("is out for all workers at once", () => {
    const sharedData = new SharedData();
    const [one, other] = [router(["a", "b"], { sharedData }), router(["a", "b"], { sharedData })];
    one.exchange({ status: 429, headers: [["retry-after", "20"]] });
    expect(other.plan().targets).toEqual(["b"]);
  });

  test("stays where it has plenty", () => {
    const at = router(["a", "b"]);
    const headers: [string, string][] = [
      ["x-ratelimit-limit-tokens", "1000"],
      ["x-ratelimit-remaining-tokens", "900"],
      ["x-ratelimit-reset-tokens", "6s"],
      ["x-ratelimit-remaining-requests", "5"],
    ];
    at.exchange({ headers });
    expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("is asked all the same where nobody else is there", () => {
    const at = router(["a"]);
    at.exchange({ status: 429, headers: [["retry-after", "20"]] });
    expect(at.plan().targets).toEqual(["a"]);
  });

  test("with all others out is a 503 at once, which says when to ask again", () => {
    const at = router(["a", "b"]);
    at.exchange({ status: 429, headers: [["retry-after", "20"]] });
    at.exchange({ status: 429, headers: [["retry-after", "5"]] });
    const refused = at.plan();
    expect([refused.error, refused.retryAfter, refused.stream.localReply?.status]).toEqual([
      "no_target_available",
      "5",
      503,
    ]);
    at.pass(5_000);
    expect(at.plan().targets).toEqual(["b"]);
  });
});

describe("a target that fails", () => {
  test("is left after five in a row, and not before", () => {
    const at = router(["a", "b"]);
    fail(at, 4);
    expect(at.plan().targets).toEqual(["a", "b"]);
    fail(at, 1);
    expect(at.plan().targets).toEqual(["b"]);
  });

  test("is not left for the caller's own mistakes, nor for failures with successes between them", () => {
    const at = router(["a", "b"]);
    for (const status of [400, 413, 422]) fail(at, 10, { status });
    for (let i = 0; i < 5; i++) {
      fail(at, 4);
      at.exchange();
    }
    expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("gets a small share of requests afterwards, and is back with the first success", () => {
    const at = router(["a", "b"]);
    fail(at, 5);
    at.pass(5_000);
    let probes = 0;
    for (let i = 0; i < 1_600; i++) if (at.plan().targets[0] === "a") probes++;
    expect(probes).toBeGreaterThan(50);
    expect(probes).toBeLessThan(170);
    let planned = at.plan();
    while (planned.targets[0] !== "a") planned = at.plan();
    at.attempt(planned);
    at.end(planned);
    for (let i = 0; i < 50; i++) expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("is out for twice as long when it fails again", () => {
    const at = router(["a", "b"]);
    fail(at, 5);
    at.pass(5_000);
    let planned = at.plan();
    while (planned.targets[0] !== "a") planned = at.plan();
    at.attempt(planned, { status: 500 });
    at.end(planned);
    at.pass(9_000);
    for (let i = 0; i < 200; i++) expect(at.plan().targets).toEqual(["b"]);
  });

  test("is not held out for longer by what was under way when it went out", () => {
    const at = router(["a", "b"]);
    const running = Array.from({ length: 40 }, () => at.plan());
    for (const planned of running) {
      at.attempt(planned, { status: 503 });
      at.end(planned);
    }
    at.pass(4_999);
    expect(at.plan().targets).toEqual(["b"]);
    at.pass(1);
    let probes = 0;
    for (let i = 0; i < 400; i++) if (at.plan().targets[0] === "a") probes++;
    expect(probes).toBeGreaterThan(0);
  });

  test("is left for streams that open with an error, too", () => {
    const at = router(["a", "b"]);
    for (let i = 0; i < 5; i++) at.brokenStream();
    expect(at.plan().targets).toEqual(["b"]);
  });

  test("is asked all the same where outlier detection is off", () => {
    const at = router(["a", "b"], { modelRoutes: [{ ...route("a", "b"), failover: { outlierDetection: "off" } }] });
    fail(at, 10);
    at.exchange({ status: 429, headers: [["retry-after", "20"]] });
    expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("serves again rather than nobody", () => {
    const at = router(["a", "b"]);
    fail(at, 5);
    fail(at, 5);
    expect(at.plan().error).toBe("no_target_available");
    at.pass(5_000);
    for (let i = 0; i < 50; i++) expect(at.plan().targets.length).toBeGreaterThan(0);
  });
});

describe("a target that is too slow", () => {
  test("is left while others are quicker than its own measure", () => {
    const at = new PlayedRouter({
      targets: [{ id: "a", spill: { tokensPerSecond: 1, timeToFirstTokenMs: 100 } }, "b"],
      modelRoutes: [route("a", "b")],
    });
    for (let i = 0; i < 4; i++) at.streamed(400);
    expect(at.plan().targets).toEqual(["a", "b"]);
    at.streamed(400);
    expect(at.plan().targets).toEqual(["b"]);
    at.pass(10_000 + 30_001);
    expect(at.plan().targets).toEqual(["a", "b"]);
  });
});

describe("further attempts", () => {
  test("are as many as the route says", () => {
    const at = router(["a", "b", "c", "d"], {
      modelRoutes: [{ ...route("a", "b", "c", "d"), failover: { maxAttempts: 2 } }],
    });
    expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("end when they are too many for the requests", () => {
    const at = router(["a", "b"], {
      modelRoutes: [{ ...route("a", "b"), failover: { retryBudgetPercent: 10, outlierDetection: "off" } }],
    });
    let retried = 0;
    for (let i = 0; i < 100; i++) {
      const planned = at.plan();
      at.attempt(planned, { status: 500 });
      if (planned.targets.length > 1) {
        at.attempt(planned, { status: 200 });
        retried++;
      }
      at.end(planned);
    }
    expect(retried).toBe(20);
    at.pass(11_000);
    expect(at.plan().targets).toEqual(["a", "b"]);
  });

  test("follow the statuses that the route names", () => {
    const at = router(["a", "b"], { modelRoutes: [{ ...route("a", "b"), failover: { statuses: [418] } }] });
    const retries = (status: number) => {
      const planned = at.plan();
      const attempt = at.begin(planned);
      attempt.responseHeaders([
        [":status", String(status)],
        ["content-type", "application/json"],
      ]);
      const isRetried = attempt.response.headers?.get("x-sluice-retry") === "1";
      attempt.close();
      at.end(planned);
      return isRetried;
    };
    expect([retries(418), retries(503), retries(400)]).toEqual([true, false, false]);
  });
});
