// Who gets a target's capacity: over all workers of an Envoy, by class, within reserved shares, and for how long who has to wait.
import { describe, expect, test, vi } from "vitest";
import { type Asked, PlayedGateway } from "./played-gateway.js";

const CRITICAL = { rank: 0 };
const STANDARD = { rank: 1 };
const BATCH = { rank: 2 };

const count = (gateway: PlayedGateway, asked: readonly Asked[], fate: string) =>
  asked.filter((each) => gateway.fate(each) === fate).length;
const many = (length: number, make: () => Asked) => Array.from({ length }, make);

function gatewayWith(capacity: Record<string, unknown>, workers = 2): PlayedGateway {
  const gateway = new PlayedGateway({ workers });
  gateway.declare({ own: capacity });
  return gateway;
}

describe("concurrent requests", () => {
  test("are limited over all workers, and each that ends makes room for one", () => {
    const gateway = gatewayWith({ concurrentRequests: 10 }, 3);
    const asked = many(30, () => gateway.ask(STANDARD));
    expect(count(gateway, asked, "sent")).toBe(10);
    expect(count(gateway, asked, "capacity_exceeded")).toBe(20);
    gateway.complete(asked[0] as Asked);
    gateway.leave(asked[1] as Asked);
    expect(
      count(
        gateway,
        many(5, () => gateway.ask(STANDARD)),
        "sent",
      ),
    ).toBe(2);
  });

  test("of a refusal come back in a second", () => {
    const gateway = gatewayWith({ concurrentRequests: 1 });
    gateway.ask(STANDARD);
    const refused = gateway.ask(STANDARD);
    expect(refused.stream.localReply?.status).toBe(429);
    expect(gateway.retryAfter(refused)).toBe("1");
  });

  test("are not limited where nothing is declared, and no more when it is withdrawn", () => {
    const gateway = new PlayedGateway();
    expect(
      count(
        gateway,
        many(50, () => gateway.ask(BATCH)),
        "sent",
      ),
    ).toBe(50);
    gateway.declare({ own: { concurrentRequests: 3, queue: { maxWaitMs: 5_000, maxWaiting: 100 } } });
    many(2, () => gateway.ask(BATCH));
    const asked = many(3, () => gateway.ask(BATCH));
    expect(asked.map((each) => gateway.fate(each))).toEqual(["sent", "waiting", "waiting"]);
    gateway.declare({});
    expect(count(gateway, asked, "sent")).toBe(3);
    expect(
      count(
        gateway,
        many(50, () => gateway.ask(BATCH)),
        "sent",
      ),
    ).toBe(50);
  });

  test("of a worker that is gone are free after its lease", () => {
    const gateway = gatewayWith({ concurrentRequests: 10 });
    many(5, () => gateway.ask(STANDARD, {}, 0));
    many(5, () => gateway.ask(STANDARD, {}, 1));
    gateway.replace(0);
    expect(gateway.fate(gateway.ask(STANDARD))).toBe("capacity_exceeded");
    gateway.advance(6_000);
    expect(
      count(
        gateway,
        many(10, () => gateway.ask(STANDARD)),
        "sent",
      ),
    ).toBe(5);
  });

  test("that run for long stay counted, and a wall clock that jumps changes nothing", () => {
    const gateway = gatewayWith({ concurrentRequests: 2 });
    many(2, () => gateway.ask(STANDARD));
    for (const jump of [3_600_000, -7_200_000]) {
      for (const { host } of gateway.workers) host.nowMs += jump;
      gateway.advance(10_000);
      expect(gateway.fate(gateway.ask(STANDARD))).toBe("capacity_exceeded");
    }
  });
});

test("requests of a worker that has not been told of any capacity are counted", () => {
  const gateway = new PlayedGateway({ workers: 1 });
  gateway.complete(gateway.ask(STANDARD));
  gateway.declare({});
  gateway.complete(gateway.ask(STANDARD));
  gateway.advance(1_000);
  expect(gateway.counter("sluice.capacity_unlimited_total")).toBe(1);
});

test("where nothing is declared a request looks at nothing that is shared, and at no clock", () => {
  const gateway = new PlayedGateway({ workers: 1 });
  gateway.declare({});
  gateway.complete(gateway.ask(STANDARD));
  const keys = vi.spyOn(gateway.sharedData, "get");
  const clock = vi.fn(() => gateway.nowMs);
  Object.defineProperty(gateway.workers[0]?.host, "monotonicMs", { get: clock, set: () => {} });
  for (let i = 0; i < 10; i++) gateway.complete(gateway.ask(STANDARD));
  expect([keys.mock.calls, clock.mock.calls]).toEqual([[], []]);
  gateway.declare({ own: { concurrentRequests: 10 } });
  keys.mockClear();
  gateway.complete(gateway.ask(STANDARD));
  expect(keys.mock.calls.flat().filter((key) => key.startsWith("capacity/"))).not.toEqual([]);
});

describe("tokens", () => {
  const asking = (gateway: PlayedGateway, caller: { rank: number }, tokens: number) =>
    gateway.ask(caller, { max_tokens: tokens });

  test("come back with time", () => {
    const gateway = gatewayWith({ tokensPerMinute: 6_000 });
    gateway.advance(5_000);
    // 500 at once, and then 100 a second.
    expect(
      count(
        gateway,
        many(10, () => asking(gateway, STANDARD, 80)),
        "sent",
      ),
    ).toBe(5);
    const refused = asking(gateway, STANDARD, 400);
    expect(gateway.fate(refused)).toBe("capacity_exceeded");
    expect(Number(gateway.retryAfter(refused))).toBeGreaterThanOrEqual(3);
    gateway.advance(1_000);
    expect(
      count(
        gateway,
        many(10, () => asking(gateway, STANDARD, 80)),
        "sent",
      ),
    ).toBe(1);
  });

  test("that were not used come back at once, and those beyond the estimate are missing", () => {
    const gateway = gatewayWith({ tokensPerMinute: 6_000 });
    gateway.advance(5_000);
    const [first] = many(5, () => asking(gateway, STANDARD, 80));
    expect(gateway.fate(asking(gateway, STANDARD, 80))).toBe("capacity_exceeded");
    gateway.complete(first as Asked, 1);
    const second = asking(gateway, STANDARD, 80);
    expect(gateway.fate(second)).toBe("sent");
    gateway.complete(second, 1_000);
    gateway.advance(5_000);
    expect(gateway.fate(asking(gateway, STANDARD, 80))).toBe("capacity_exceeded");
    gateway.advance(6_000);
    expect(gateway.fate(asking(gateway, STANDARD, 80))).toBe("sent");
  });

  test("of one request beyond what there can be are lent", () => {
    const gateway = gatewayWith({ tokensPerMinute: 600 });
    gateway.advance(5_000);
    expect(gateway.fate(asking(gateway, STANDARD, 512))).toBe("sent");
    gateway.advance(5_000);
    expect(gateway.fate(asking(gateway, STANDARD, 20))).toBe("capacity_exceeded");
  });
});

describe("a reserved share", () => {
  const reserved = { concurrentRequests: 10, reserved: { critical: 50, batch: 20 } };

  test("is lent while nobody of the class has asked, and comes back", () => {
    const gateway = gatewayWith(reserved);
    const lent = many(10, () => gateway.ask(STANDARD));
    expect(count(gateway, lent, "sent")).toBe(10);
    expect(gateway.fate(gateway.ask(CRITICAL))).toBe("capacity_exceeded");
    // What ends goes to whom it belongs.
    for (const each of lent.slice(0, 3)) gateway.complete(each);
    expect(gateway.fate(gateway.ask(STANDARD))).toBe("capacity_exceeded");
    expect(
      count(
        gateway,
        many(5, () => gateway.ask(CRITICAL)),
        "sent",
      ),
    ).toBe(3);
  });

  test("is there for a lower class too", () => {
    const gateway = gatewayWith(reserved);
    gateway.complete(gateway.ask(BATCH));
    expect(
      count(
        gateway,
        many(20, () => gateway.ask(CRITICAL)),
        "sent",
      ),
    ).toBe(8);
    expect(
      count(
        gateway,
        many(5, () => gateway.ask(BATCH)),
        "sent",
      ),
    ).toBe(2);
  });

  test("is each class's as long as all ask", () => {
    const gateway = gatewayWith({
      concurrentRequests: 20,
      reserved: { critical: 50, standard: 30, batch: 20 },
      queue: { maxWaitMs: 1_000, maxWaiting: 100 },
    });
    const served = [0, 0, 0];
    let running: [Asked, number][] = [];
    let waiting: [Asked, number][] = [];
    for (let round = 0; round < 60; round++) {
      for (const rank of [0, 1, 2])
        waiting.push(...many(12, () => gateway.ask({ rank })).map((each) => [each, rank] as [Asked, number]));
      gateway.advance(100);
      for (const [each] of running) gateway.complete(each);
      gateway.advance(50);
      running = waiting.filter(([each]) => gateway.fate(each) === "sent");
      waiting = waiting.filter(([each]) => gateway.fate(each) === "waiting");
      for (const [, rank] of running) served[rank] = (served[rank] ?? 0) + 1;
    }
    const all = served.reduce((sum, each) => sum + each, 0);
    expect(all).toBeGreaterThan(500);
    expect(served.map((each) => Math.round((each / all) * 100))).toEqual([
      expect.closeTo(50, -1),
      expect.closeTo(30, -1),
      expect.closeTo(20, -1),
    ]);
  });

  test("of tokens is kept in the same way", () => {
    const gateway = gatewayWith({ tokensPerMinute: 12_000, reserved: { critical: 50 } });
    gateway.advance(5_000);
    gateway.complete(gateway.ask(CRITICAL, { max_tokens: 10 }));
    const ask = (caller: { rank: number }) => gateway.ask(caller, { max_tokens: 90 });
    const standard = many(20, () => ask(STANDARD));
    expect(count(gateway, standard, "sent")).toBeLessThanOrEqual(5);
    expect(
      count(
        gateway,
        many(20, () => ask(CRITICAL)),
        "sent",
      ),
    ).toBeGreaterThanOrEqual(5);
  });

  test("of a tenant is its own, and what it has beyond it is its class's", () => {
    const gateway = gatewayWith({ concurrentRequests: 10, reservedFor: [{ tenant: "acme", percent: 30 }] });
    const acme = { rank: 2, tenant: "acme" };
    gateway.complete(gateway.ask(acme));
    const others = many(20, () => gateway.ask({ rank: 0, tenant: "globex" }));
    expect(count(gateway, others, "sent")).toBe(7);
    expect(
      count(
        gateway,
        many(20, () => gateway.ask(acme)),
        "sent",
      ),
    ).toBe(3);
    gateway.complete(others[0] as Asked);
    expect(gateway.fate(gateway.ask(acme))).toBe("sent");
  });

  test("that is given to other tenants loses no request that runs", () => {
    const gateway = gatewayWith({ concurrentRequests: 4, reservedFor: [{ tenant: "acme", percent: 50 }] });
    const running = many(2, () => gateway.ask({ rank: 1, tenant: "acme" }));
    gateway.declare({ own: { concurrentRequests: 4, reservedFor: [{ tenant: "globex", percent: 50 }] } });
    expect(
      count(
        gateway,
        many(9, () => gateway.ask({ rank: 1, tenant: "globex" })),
        "sent",
      ),
    ).toBe(2);
    for (const each of running) gateway.complete(each);
    expect(
      count(
        gateway,
        many(9, () => gateway.ask({ rank: 1, tenant: "globex" })),
        "sent",
      ),
    ).toBe(2);
  });
});
