// Who waits for capacity: in which order, for how long, and how many; and where else requests go.
import { describe, expect, test } from "vitest";
import { type Asked, PlayedGateway } from "./played-gateway.js";

const CRITICAL = { rank: 0 };
const STANDARD = { rank: 1 };
const BATCH = { rank: 2 };

const many = (length: number, make: () => Asked) => Array.from({ length }, make);

function full(queue: { maxWaitMs: number; maxWaiting: number }, workers = 2) {
  const gateway = new PlayedGateway({ workers });
  gateway.declare({ own: { concurrentRequests: 1, queue } });
  const running = gateway.ask(STANDARD, {}, 0);
  return { gateway, running };
}
const LONG = { maxWaitMs: 1_000, maxWaiting: 100 };
const fates = (gateway: PlayedGateway, asked: readonly Asked[]) => asked.map((each) => gateway.fate(each));

describe("who waits", () => {
  test("goes on at once when a request of its worker ends", () => {
    const { gateway, running } = full(LONG);
    const waiting = gateway.ask(STANDARD, {}, 0);
    expect(gateway.fate(waiting)).toBe("waiting");
    gateway.complete(running);
    expect(gateway.fate(waiting)).toBe("sent");
  });

  test("goes on within 5 ms when one of another worker ends", () => {
    const { gateway, running } = full(LONG);
    const waiting = gateway.ask(STANDARD, {}, 1);
    gateway.advance(50);
    gateway.complete(running);
    expect(gateway.fate(waiting)).toBe("waiting");
    gateway.advance(5);
    expect(gateway.fate(waiting)).toBe("sent");
  });

  test("is served by class, then by arrival, over all workers", () => {
    const { gateway, running } = full(LONG, 3);
    const asked: [string, Asked][] = [];
    const order: string[] = [];
    for (const [name, caller, worker] of [
      ["batch", BATCH, 0],
      ["first standard", STANDARD, 1],
      ["second standard", STANDARD, 2],
      ["third standard", STANDARD, 0],
      ["critical", CRITICAL, 2],
    ] as const) {
      asked.push([name, gateway.ask(caller, {}, worker)]);
      gateway.advance(20);
    }
    for (let running_ = running; order.length < asked.length; ) {
      gateway.complete(running_);
      gateway.advance(10);
      const next = asked.find(([name, each]) => gateway.fate(each) === "sent" && !order.includes(name));
      expect(next, `behind ${order.join(", ")}`).toBeDefined();
      order.push(next?.[0] ?? "");
      running_ = next?.[1] as Asked;
    }
    expect(order).toEqual(["critical", "first standard", "second standard", "third standard", "batch"]);
  });

  test("does not wait longer than it may", () => {
    const { gateway } = full({ maxWaitMs: 300, maxWaiting: 100 });
    const waiting = many(4, () => gateway.ask(STANDARD));
    gateway.advance(280);
    expect(fates(gateway, waiting)).toEqual(Array(4).fill("waiting"));
    gateway.advance(20);
    expect(fates(gateway, waiting)).toEqual(Array(4).fill("capacity_exceeded"));
    expect(waiting[0]?.stream.localReply?.status).toBe(429);
  });

  test("leaves at once when its client goes away, and takes nobody's place", () => {
    const { gateway, running } = full(LONG);
    const [first, second, third] = many(3, () => gateway.ask(STANDARD, {}, 0)) as [Asked, Asked, Asked];
    gateway.leave(second);
    gateway.leave(first);
    gateway.complete(running);
    expect(gateway.fate(third)).toBe("sent");
    gateway.complete(third);
    expect(gateway.fate(gateway.ask(STANDARD))).toBe("sent");
  });

  test("of a worker that is gone is in nobody's way after its lease", () => {
    const { gateway, running } = full({ maxWaitMs: 30_000, maxWaiting: 100 });
    gateway.ask(CRITICAL, {}, 1);
    const waiting = gateway.ask(BATCH, {}, 0);
    gateway.advance(10);
    gateway.replace(1);
    gateway.complete(running);
    expect(gateway.fate(waiting)).toBe("waiting");
    gateway.advance(6_000);
    expect(gateway.fate(waiting)).toBe("sent");
  });

  test("for tokens goes on when there are enough", () => {
    const gateway = new PlayedGateway();
    gateway.declare({ own: { tokensPerMinute: 6_000, queue: { maxWaitMs: 5_000, maxWaiting: 10 } } });
    gateway.advance(5_000);
    expect(gateway.fate(gateway.ask(STANDARD, { max_tokens: 480 }))).toBe("sent");
    const waiting = gateway.ask(STANDARD, { max_tokens: 190 });
    gateway.advance(1_500);
    expect(gateway.fate(waiting)).toBe("waiting");
    gateway.advance(1_000);
    expect(gateway.fate(waiting)).toBe("sent");
  });
});

describe("a queue", () => {
  test("is bounded, and who is more important takes the place of the last of the least", () => {
    const { gateway } = full({ maxWaitMs: 1_000, maxWaiting: 4 });
    const batch = many(6, () => gateway.ask(BATCH));
    expect(fates(gateway, batch)).toEqual([...Array(4).fill("waiting"), ...Array(2).fill("capacity_exceeded")]);
    const critical = many(4, () => gateway.ask(CRITICAL));
    gateway.advance(10);
    expect(fates(gateway, critical)).toEqual(Array(4).fill("waiting"));
    expect(fates(gateway, batch)).toEqual(Array(6).fill("capacity_exceeded"));
    expect(gateway.fate(gateway.ask(CRITICAL))).toBe("capacity_exceeded");
  });

  test("keeps places for a class with a share, however many of higher classes come", () => {
    const gateway = new PlayedGateway();
    const queue = { maxWaitMs: 1_000, maxWaiting: 10 };
    gateway.declare({ own: { concurrentRequests: 1, reserved: { batch: 30 }, queue } });
    gateway.ask(STANDARD);
    const before = many(20, () => gateway.ask(CRITICAL));
    const batch = many(4, () => gateway.ask(BATCH));
    gateway.advance(10);
    expect(fates(gateway, batch)).toEqual(["waiting", "waiting", "waiting", "capacity_exceeded"]);
    many(20, () => gateway.ask(CRITICAL));
    gateway.advance(10);
    expect(fates(gateway, batch).slice(0, 3)).toEqual(Array(3).fill("waiting"));
    // The last of the others made place, in both workers together.
    const left = fates(gateway, before).filter((fate) => fate === "waiting").length;
    expect(left).toBeGreaterThanOrEqual(6);
    expect(left).toBeLessThanOrEqual(7);
  });

  test("starves nobody: one in a while who has waited long comes first", () => {
    const { gateway, running } = full({ maxWaitMs: 30_000, maxWaiting: 1_000 }, 1);
    const batch = gateway.ask(BATCH);
    let current = running;
    let served = 0;
    for (; gateway.fate(batch) === "waiting" && served < 1_000; served++) {
      const next = gateway.ask(CRITICAL);
      gateway.advance(80);
      gateway.complete(current);
      if (gateway.fate(next) === "sent") current = next;
    }
    expect(gateway.fate(batch)).toBe("sent");
    expect(served * 80).toBeGreaterThanOrEqual(15_000);
    expect(served).toBeLessThan(250);
  });
});

describe("a model route with several targets", () => {
  const two = (own: object, other?: object) => {
    const gateway = new PlayedGateway({ targets: ["own", "other"] });
    gateway.declare({ own, ...(other === undefined ? {} : { other }) });
    return gateway;
  };

  test("spills over to the next one, and keeps the full one for failures", () => {
    const gateway = two({ concurrentRequests: 2, queue: LONG });
    const asked = many(4, () => gateway.ask(STANDARD));
    expect(asked.map((each) => gateway.plan(each))).toEqual([
      ["own", "other"],
      ["own", "other"],
      ["other", "own"],
      ["other", "own"],
    ]);
    gateway.advance(2_000);
    expect(gateway.counter("sluice.capacity_spilled_total;target=own;class=standard")).toBe(2);
    expect(gateway.counter("sluice.capacity_admitted_total;target=own;class=standard")).toBe(2);
  });

  test("has who waits go to whichever has room first", () => {
    const gateway = two({ concurrentRequests: 1, queue: LONG }, { concurrentRequests: 1 });
    const [, second] = many(2, () => gateway.ask(STANDARD)) as [Asked, Asked];
    const waiting = gateway.ask(STANDARD);
    expect(gateway.fate(waiting)).toBe("waiting");
    gateway.complete(second);
    gateway.advance(5);
    expect(gateway.plan(waiting)).toEqual(["other", "own"]);
  });

  test("counts an attempt that moves on at the target that it goes to", () => {
    const gateway = two({ concurrentRequests: 1 }, { concurrentRequests: 1 });
    const failing = gateway.ask(STANDARD);
    gateway.attempt(failing, 503);
    gateway.attempt(failing, 200, 5);
    expect(gateway.plan(gateway.ask(STANDARD))).toEqual(["own", "other"]);
    expect(gateway.fate(gateway.ask(STANDARD))).toBe("capacity_exceeded");
    gateway.leave(failing);
    expect(gateway.plan(gateway.ask(STANDARD))).toEqual(["other", "own"]);
  });
});
