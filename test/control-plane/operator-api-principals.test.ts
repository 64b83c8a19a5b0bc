// Tenants, departments, applications and consumers over HTTP, and what the lease book makes of all of them together.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LeaseStatus, Operation, Priority } from "../../control-plane/contract.js";
import type { LeaseAnswer } from "../../control-plane/ports.js";
import { Harness } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.remove());

const digestOf = (key: string) => createHash("sha256").update(key).digest("hex");
const leaseOf = (key: string) => harness.leases.lookup(digestOf(key));

/** `tenants/acme`, and so on down to a consumer; a key for it. */
async function putChain(): Promise<string> {
  for (const [path, body] of [
    ["tenants/acme", {}],
    ["departments/research", { tenant: "acme" }],
    ["applications/search", { department: "research" }],
    ["consumers/ada", { application: "search" }],
  ] as const) {
    expect((await harness.put(`/api/v1/${path}`, body)).status, path).toBe(201);
  }
  return (await harness.post("/api/v1/consumers/ada/keys")).body.key;
}

/** Replaces one of the chain's documents, its parent kept. */
async function change(path: string, fields: object): Promise<void> {
  const { id: _, ...document } = (await harness.get(`/api/v1/${path}`)).body;
  expect((await harness.put(`/api/v1/${path}`, { ...document, ...fields })).status).toBe(200);
}

const LEVELS = ["tenants/acme", "departments/research", "applications/search", "consumers/ada"];

describe("a principal", () => {
  it.each(["tenants", "departments", "applications", "consumers"])(
    "of %s has ETags, dry runs and pages",
    async (path) => {
      const created = await harness.put(`/api/v1/${path}/one`, { displayName: "One" });
      expect(created).toMatchObject({ status: 201, body: { changed: true, dryRun: false } });
      expect(created.body.resource).toEqual({ id: "one", displayName: "One", models: ["*"], disabled: false });
      const etag = created.headers.get("etag") ?? "";
      expect((await harness.get(`/api/v1/${path}/one`)).headers.get("etag")).toBe(etag);

      const stale = await harness.put(`/api/v1/${path}/one`, {}, { "if-match": '"other"' });
      expect([stale.status, stale.body.error.code]).toEqual([412, "precondition_failed"]);
      expect((await harness.put(`/api/v1/${path}/one`, {}, { "if-none-match": "*" })).status).toBe(412);
      expect((await harness.put(`/api/v1/${path}/one?dryRun=true`, { disabled: true })).body.changed).toBe(true);
      expect(
        (await harness.put(`/api/v1/${path}/one`, { displayName: "One" }, { "if-match": etag })).body.changed,
      ).toBe(false);

      await harness.put(`/api/v1/${path}/two`, {});
      expect((await harness.get(`/api/v1/${path}?limit=1`)).body).toMatchObject({
        items: [{ id: "one" }],
        next: "one",
      });
      expect((await harness.get(`/api/v1/${path}?after=one`)).body.items).toMatchObject([{ id: "two" }]);
      expect((await harness.delete(`/api/v1/${path}/two?dryRun=true`)).status).toBe(200);
      expect((await harness.delete(`/api/v1/${path}/two`, { "if-match": '"other"' })).status).toBe(412);
      expect((await harness.delete(`/api/v1/${path}/two`)).body).toEqual({ changed: true, dryRun: false });
      const gone = await harness.get(`/api/v1/${path}/two`);
      expect([gone.status, gone.body.error.message]).toEqual([404, `There is no ${path.slice(0, -1)} 'two'.`]);
      expect((await harness.get("/api/v1/revisions")).body.live).toBe(1);
    },
  );

  it("whose parent is not there is 422, also in a dry run", async () => {
    for (const query of ["", "?dryRun=true"]) {
      const { status, body } = await harness.put(`/api/v1/departments/research${query}`, { tenant: "acme" });
      expect(status).toBe(422);
      expect(body.error.problems).toMatchObject([
        { kind: "department", id: "research", path: "/tenant", code: "unknown_reference" },
      ]);
    }
    expect((await harness.get("/api/v1/departments/research")).status).toBe(404);
  });

  it("with two parents is 422 at the one that the other implies", async () => {
    await putChain();
    const { status, body } = await harness.put("/api/v1/consumers/ada", { tenant: "acme", application: "search" });
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ kind: "consumer", id: "ada", path: "/tenant" }]);
    expect(body.error.problems[0].mend).toContain("application");
  });

  it("cannot go while others are part of it, and says which", async () => {
    await putChain();
    await harness.put("/api/v1/consumers/direct", { tenant: "acme" });
    for (const query of ["", "?dryRun=true"]) {
      const { status, body } = await harness.delete(`/api/v1/tenants/acme${query}`);
      expect([status, body.error.code]).toEqual([409, "still_referenced"]);
      expect(body.error.problems).toMatchObject([
        { kind: "department", id: "research", path: "/tenant" },
        { kind: "consumer", id: "direct", path: "/tenant" },
      ]);
    }
    for (const path of ["consumers/direct", ...LEVELS.toReversed()]) {
      expect((await harness.delete(`/api/v1/${path}`)).status, path).toBe(200);
    }
  });

  it("is listed by its parent", async () => {
    await putChain();
    for (const [id, parent] of Object.entries({ bob: { application: "search" }, direct: { tenant: "acme" } })) {
      await harness.put(`/api/v1/consumers/${id}`, parent);
    }
    const idsOf = async (query: string) =>
      (await harness.get(`/api/v1/consumers?${query}`)).body.items.map(({ id }: { id: string }) => id);
    expect(await idsOf("application=search")).toEqual(["ada", "bob"]);
    expect(await idsOf("tenant=acme")).toEqual(["direct"]);
    expect(await idsOf("department=research")).toEqual([]);
    expect((await harness.get("/api/v1/consumers?application=search&limit=1")).body.next).toBe("ada");
    expect((await harness.get("/api/v1/tenants?tenant=acme")).status).toBe(400);
    expect((await harness.get("/api/v1/consumers?tenant=acme&application=search")).status).toBe(400);
  });
});

describe("a lease", () => {
  it("names everyone above the key, and none that are not there", async () => {
    const key = await putChain();
    expect((await leaseOf(key)).holder).toEqual({
      tenant: "acme",
      department: "research",
      application: "search",
      consumer: "ada",
    });
    await harness.put("/api/v1/consumers/ada", { tenant: "acme" });
    expect((await leaseOf(key)).holder).toEqual({ tenant: "acme", consumer: "ada" });
  });

  it.each(LEVELS)("is refused while %s is disabled", async (path) => {
    const key = await putChain();
    const { sequence } = await harness.leases.changesSince(0n);
    await change(path, { disabled: true });
    expect(await leaseOf(key)).toMatchObject({ status: LeaseStatus.DISABLED, operations: 0n, models: [] });
    expect((await harness.leases.changesSince(sequence)).digests).toEqual([digestOf(key)]);
    await change(path, { disabled: false });
    expect((await leaseOf(key)).status).toBe(LeaseStatus.GRANTED);
  });

  it("has a level of models for each that restricts, the key's own among them", async () => {
    await putChain();
    await change("tenants/acme", { models: ["gpt-*", "claude-*"] });
    await change("applications/search", { models: ["gpt-4o", "*"] });
    await change("consumers/ada", { models: ["gpt-4o*"] });
    const { key } = (await harness.post("/api/v1/consumers/ada/keys", { models: ["gpt-4o-mini"] })).body;
    expect((await leaseOf(key)).models).toEqual([["gpt-4o-mini"], ["gpt-4o*"], ["gpt-*", "claude-*"]]);
  });

  it("has the operations that every level allows, and the lists of models always", async () => {
    const always = [Operation.MODELS_LIST, Operation.MODELS_GET];
    const bits = (...numbers: number[]) =>
      [...always, ...numbers].reduce((sum, number) => sum | (1n << BigInt(number)), 0n);
    const key = await putChain();
    expect((await leaseOf(key)).operations).toBe(2n ** 64n - 1n);
    await change("tenants/acme", { operations: ["chat", "messages", "embeddings"] });
    expect((await leaseOf(key)).operations).toBe(bits(Operation.CHAT, Operation.MESSAGES, Operation.EMBEDDINGS));
    await change("departments/research", { operations: ["embeddings", "chat", "rerank"] });
    expect((await leaseOf(key)).operations).toBe(bits(Operation.CHAT, Operation.EMBEDDINGS));
    const narrow = (await harness.post("/api/v1/consumers/ada/keys", { operations: ["rerank", "chat"] })).body.key;
    expect((await leaseOf(narrow)).operations).toBe(bits(Operation.CHAT));
    const none = (await harness.post("/api/v1/consumers/ada/keys", { operations: ["speech"] })).body.key;
    expect((await leaseOf(none)).operations).toBe(bits());
  });

  it("has the priority of the nearest that sets one", async () => {
    const steps: [string, object, LeaseAnswer["priority"]][] = [
      ["tenants/acme", { priority: "batch" }, Priority.BATCH],
      ["departments/research", { priority: "critical" }, Priority.CRITICAL],
      ["applications/search", { priority: "standard" }, Priority.STANDARD],
      ["consumers/ada", { priority: "batch" }, Priority.BATCH],
    ];
    const key = await putChain();
    expect((await leaseOf(key)).priority).toBe(Priority.STANDARD);
    for (const [path, fields, priority] of steps) {
      await change(path, fields);
      expect((await leaseOf(key)).priority, path).toBe(priority);
    }
    const urgent = (await harness.post("/api/v1/consumers/ada/keys", { priority: "critical" })).body.key;
    expect((await leaseOf(urgent)).priority).toBe(Priority.CRITICAL);
    expect((await leaseOf(key)).priority).toBe(Priority.BATCH);
  });
});
