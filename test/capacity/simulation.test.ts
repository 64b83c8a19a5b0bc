// Random traffic over several workers of an Envoy: whatever comes, goes and dies, no more than the capacity is in use, nobody waits too
// long or beyond the queue's places, and in the end everything is free again.
import { describe, expect, test } from "vitest";
import { Random } from "../filter/random.js";
import { type Asked, PlayedGateway } from "./played-gateway.js";

const STEPS = 3_000;
const MAX_WAIT_MS = 400;
const TENANTS = ["acme", "globex", "initech"];

interface Open {
  readonly asked: Asked;
  readonly worker: number;
  readonly atMs: number;
}

const CAPACITIES = [
  { concurrentRequests: 8 },
  { concurrentRequests: 8, reserved: { critical: 40, batch: 20 } },
  { concurrentRequests: 12, reserved: { standard: 30 }, reservedFor: [{ tenant: "acme", percent: 25 }] },
];

class Traffic {
  readonly gateway: PlayedGateway;
  readonly random: Random;
  open: Open[] = [];
  limit = 0;
  refused = 0;
  served = 0;

  constructor(seed: number, workers: number) {
    this.random = new Random(seed);
    this.gateway = new PlayedGateway({ workers });
  }

  declare(): void {
    const capacity = CAPACITIES[this.random.below(CAPACITIES.length)] as { concurrentRequests: number };
    this.limit = capacity.concurrentRequests;
    this.gateway.declare({ own: { ...capacity, queue: { maxWaitMs: MAX_WAIT_MS, maxWaiting: 20 } } });
  }

  ask(): void {
    const worker = this.random.below(this.gateway.workers.length);
    const tenant = TENANTS[this.random.below(4)];
    const caller = { rank: this.random.below(3), ...(tenant === undefined ? {} : { tenant }) };
    this.open.push({ asked: this.gateway.ask(caller, {}, worker), worker, atMs: this.gateway.nowMs });
  }

  /** One that runs is answered, or one client goes away. */
  end(): void {
    const chosen = this.open[this.random.below(this.open.length)];
    if (chosen === undefined) return;
    if (this.gateway.fate(chosen.asked) === "sent" && !this.random.chance(3)) {
      this.gateway.complete(chosen.asked, 5);
      this.served++;
    } else {
      this.gateway.leave(chosen.asked);
    }
    this.open = this.open.filter((each) => each !== chosen);
  }

  step(): void {
    const choice = this.random.below(10);
    if (choice < 5) this.ask();
    else if (choice < 9) this.end();
    else this.gateway.advance(this.random.below(100));
    const refused = this.open.filter(({ asked }) => !["sent", "waiting"].includes(this.gateway.fate(asked)));
    for (const { asked } of refused) this.gateway.leave(asked);
    this.refused += refused.length;
    this.open = this.open.filter((each) => !refused.includes(each));
  }

  check(): void {
    const { gateway, open } = this;
    const running = open.filter(({ asked }) => gateway.fate(asked) === "sent").length;
    const waiting = open.filter(({ asked }) => gateway.fate(asked) === "waiting");
    expect(running).toBeLessThanOrEqual(this.limit);
    for (const { atMs } of waiting) expect(gateway.nowMs - atMs).toBeLessThanOrEqual(MAX_WAIT_MS);
  }
}

describe.each([1, 2, 5])("%i workers", (workers) => {
  test.each([11, 12, 13])("seed %i", (seed) => {
    const traffic = new Traffic(seed, workers);
    traffic.declare();
    for (let step = 0; step < STEPS; step++) {
      traffic.step();
      traffic.check();
    }
    expect(Math.min(traffic.refused, traffic.served)).toBeGreaterThan(100);
    while (traffic.open.length > 0) traffic.end();
    traffic.gateway.advance(3_000);
    const after = Array.from({ length: traffic.limit }, () => traffic.gateway.ask({ rank: 1 }));
    expect(after.map((each) => traffic.gateway.fate(each))).toEqual(after.map(() => "sent"));
  });
});

test("workers that die and capacities that change leave nothing behind", () => {
  const traffic = new Traffic(21, 3);
  traffic.declare();
  for (let step = 0; step < STEPS; step++) {
    traffic.step();
    const choice = traffic.random.below(100);
    if (choice === 0) {
      const worker = traffic.random.below(3);
      traffic.open = traffic.open.filter((each) => each.worker !== worker);
      traffic.gateway.replace(worker);
    } else if (choice === 1) traffic.declare();
  }
  while (traffic.open.length > 0) traffic.end();
  traffic.gateway.advance(6_000);
  const after = Array.from({ length: traffic.limit + 1 }, () => traffic.gateway.ask({ rank: 1 }));
  expect(after.map((each) => traffic.gateway.fate(each))).toEqual([...Array(traffic.limit).fill("sent"), "waiting"]);
});
