// Capacity as operators declare it: what is refused and how it is mended, and which part of it each Envoy is told to use.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LiveCapacityBook } from "../../control-plane/capacity/capacity-book.js";
import { CAPACITY_HEADER_BYTES } from "../../control-plane/contract.js";
import { capacitySchema } from "../../control-plane/resources/capacity.js";
import { rankOf } from "../../control-plane/resources/priority-class.js";
import type { Target } from "../../control-plane/resources/target.js";
import { readSettings } from "../../control-plane/settings.js";
import { Harness, putChain } from "../control-plane/operator-harness.js";

const CLASSES = ["critical", "interactive", "standard", "batch"];

describe("a target's capacity", () => {
  const harness = new Harness();

  beforeEach(async () => {
    await harness.start({ priorityClasses: CLASSES });
    await putChain(harness);
    await harness.put("/api/v1/tenants/acme", {});
  });
  afterEach(() => harness.remove());

  const put = (capacity: unknown) =>
    harness.put("/api/v1/targets/mini", { provider: "openai", model: "gpt-4o-mini", capacity });
  const whole = {
    tokensPerMinute: 100_000,
    concurrentRequests: 20,
    reserved: { critical: 50, interactive: 20 },
    reservedFor: [{ tenant: "acme", percent: 30 }],
    queue: { maxWaitMs: 30_000, maxWaiting: 100 },
  };

  it("is stored as it was sent, and is a revision", async () => {
    const { status, body } = await put(whole);
    expect(status).toBe(200);
    expect(body.resource.capacity).toEqual(whole);
    expect(body.changed).toBe(true);
  });

  it.each([
    ["no limit", {}, "/capacity"],
    ["no tokens", { tokensPerMinute: 0 }, "/capacity/tokensPerMinute"],
    ["fewer than none", { concurrentRequests: -1 }, "/capacity/concurrentRequests"],
    ["shares above the whole", { ...whole, reserved: { critical: 71 } }, "/capacity/reserved"],
    ["a share of nothing", { ...whole, reserved: { critical: 0 } }, "/capacity/reserved/critical"],
    ["a class that there is not", { ...whole, reserved: { urgent: 5 } }, "/capacity/reserved/urgent"],
    [
      "a tenant that there is not",
      { ...whole, reservedFor: [{ tenant: "globex", percent: 5 }] },
      "/capacity/reservedFor/0/tenant",
    ],
    [
      "a tenant twice",
      { ...whole, reservedFor: [1, 2].map((percent) => ({ tenant: "acme", percent })) },
      "/capacity/reservedFor/1/tenant",
    ],
    [
      "a wait that no client has",
      { ...whole, queue: { maxWaitMs: 30_001, maxWaiting: 1 } },
      "/capacity/queue/maxWaitMs",
    ],
    ["an unbounded queue", { ...whole, queue: { maxWaitMs: 1_000 } }, "/capacity/queue/maxWaiting"],
    ["a field that there is not", { ...whole, requestsPerMinute: 5 }, "/capacity/requestsPerMinute"],
  ])("with %s is refused with its place and a mend", async (_name, capacity, path) => {
    const { status, body } = await put(capacity);
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ path, mend: expect.stringMatching(/\w{3,}.*\.$/) }]);
  });

  it("keeps nobody from other changes when its tenant is deleted", async () => {
    await put(whole);
    expect((await harness.delete("/api/v1/tenants/acme")).status).toBe(200);
    expect((await harness.put("/api/v1/model-routes/second", { targets: [{ target: "mini" }] })).status).toBe(201);
  });

  it("is for classes that principals and keys are of", async () => {
    const unknown = [{ path: "/priority", code: "unknown_reference", mend: expect.stringContaining("interactive") }];
    const tenant = await harness.put("/api/v1/tenants/globex", { priority: "urgent" });
    expect([tenant.status, tenant.body.error.problems]).toMatchObject([422, unknown]);
    expect((await harness.put("/api/v1/consumers/ada", { priority: "interactive" })).status).toBe(201);
    const key = await harness.post("/api/v1/consumers/ada/keys", { priority: "urgent" });
    expect([key.status, key.body.error.problems]).toMatchObject([422, unknown]);
    const { body } = await harness.post("/api/v1/consumers/ada/keys", {});
    const { apiKeyDigest } = await import("../../control-plane/keys.js");
    expect((await harness.leases.lookup(apiKeyDigest(body.key))).priority).toBe(1);
  });
});

describe("priority classes of the settings", () => {
  const read = (value: string) =>
    readSettings({ SLUICE_MASTER_KEY: Buffer.alloc(32).toString("base64"), SLUICE_PRIORITY_CLASSES: value })
      .priorityClasses;

  it("are in their order", () => {
    expect(read("urgent, standard ,night")).toEqual(["urgent", "standard", "night"]);
    expect(read("")).toEqual(["critical", "standard", "batch"]);
    expect(rankOf(CLASSES, undefined)).toBe(2);
    expect(rankOf(CLASSES, "was-there-once")).toBe(2);
  });

  it.each(["critical,batch", "standard,standard", "standard,Night", "a,b,c,d,e,f,g,h,standard"])(
    "refuse %s",
    (value) => {
      expect(() => read(value)).toThrow(/SLUICE_PRIORITY_CLASSES must be 1 to 8/);
    },
  );
});

describe("an Envoy's part", () => {
  const target = (id: string, capacity: object): Target => ({
    id,
    provider: "p",
    model: "m",
    capacity: capacitySchema.parse(capacity),
  });
  let envoys: { nodeId: string; connected: boolean; lastSeen: number }[] = [];
  let now = 0;
  const book = (targets: readonly Target[]) =>
    new LiveCapacityBook({ targets: () => targets, envoys: () => envoys, classes: ["standard"], now: () => now });
  const connected = (...ids: string[]) => ids.map((nodeId) => ({ nodeId, connected: true, lastSeen: now }));
  /** Concurrent requests and tokens a minute of the first target. */
  const partOf = (at: LiveCapacityBook, nodeId: string) => {
    const bytes = at.sharesOf(nodeId, 0n)?.bytes.subarray(2 + "standard".length);
    return bytes && [bytes.readUInt32LE(16), Number(bytes.readBigUInt64LE(8))];
  };

  beforeEach(() => {
    now = 1_000_000;
    envoys = [];
  });

  it("is the whole of it when all parts are added", () => {
    const at = book([target("own", { concurrentRequests: 11, tokensPerMinute: 1_000 })]);
    envoys = connected("b", "c", "a");
    expect(["a", "b", "c"].map((id) => partOf(at, id))).toEqual([
      [4, 334],
      [4, 333],
      [3, 333],
    ]);
  });

  it("is told again only when it is another", () => {
    const at = book([target("own", { concurrentRequests: 10 }), { id: "free", provider: "p", model: "m" }]);
    envoys = connected("a");
    const first = at.sharesOf("a", 0n);
    expect(first).toMatchObject({ classes: 1, count: 1 });
    now += 60_000;
    expect(at.sharesOf("a", first?.version ?? 0n)).toBeUndefined();
    envoys = connected("a", "b");
    now += 1_000;
    expect(at.sharesOf("a", first?.version ?? 0n)).toMatchObject({ count: 1 });
  });

  it("grows only a while after another Envoy went", () => {
    const at = book([target("own", { concurrentRequests: 10 })]);
    envoys = [...connected("a"), { nodeId: "b", connected: false, lastSeen: now }];
    expect(partOf(at, "a")?.[0]).toBe(5);
    now += 10_000;
    expect(partOf(at, "a")?.[0]).toBe(10);
  });

  it("stays what it was until the others are back after a restart of the control plane", () => {
    const at = book([target("own", { concurrentRequests: 10 })]);
    envoys = connected("a");
    expect(at.sharesOf("a", 77n)).toBeUndefined();
    now += 5_000;
    expect(at.sharesOf("a", 77n)).toBeDefined();
  });

  it("has the layout of ARCHITECTURE.md", () => {
    const fields = { concurrentRequests: 3, tokensPerMinute: 9, reserved: { standard: 40 } };
    const whole = {
      ...fields,
      reservedFor: [{ tenant: "acme", percent: 7 }],
      queue: { maxWaitMs: 500, maxWaiting: 6 },
    };
    envoys = connected("a");
    const { bytes } = book([target("own", whole)]).sharesOf("a", 0n) ?? {};
    expect(bytes?.toString("hex")).toBe(
      [
        ["0800", Buffer.from("standard").toString("hex")],
        ["2c00", "0600", "f4010000", "0900000000000000", "03000000"],
        ["28", "00000000000000", "01", "000000"],
        ["0300", Buffer.from("own").toString("hex")],
        ["07", "0400", Buffer.from("acme").toString("hex")],
      ]
        .flat()
        .join(""),
    );
    expect(0x2c).toBe(CAPACITY_HEADER_BYTES + 5 + 7);
  });
});
