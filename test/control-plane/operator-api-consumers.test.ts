// Consumers and API keys over HTTP, and what the lease book then says about the keys.
import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LeaseStatus, Priority, SEAL_KEY_BYTES } from "../../control-plane/contract.js";
import { StoreLeaseBook } from "../../control-plane/identity/lease-book.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { Keyring } from "../../control-plane/secrets/keyring.js";
import { openEmbeddedStore } from "../../control-plane/store/embedded/embedded-store.js";
import { Harness } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
  await harness.put("/api/v1/consumers/search", { models: ["gpt-4o", "claude-*"] });
});
afterEach(() => harness.remove());

const KEYS = "/api/v1/consumers/search/keys";
const digestOf = (key: string) => createHash("sha256").update(key).digest("hex");
const leaseOf = (key: string) => harness.leases.lookup(digestOf(key));
const unknown = {
  status: LeaseStatus.UNKNOWN_KEY,
  holder: {},
  keyId: "",
  priority: Priority.STANDARD,
  operations: 0n,
  sealKey: Buffer.alloc(0),
  models: [],
  budgets: [],
  keyExpiresAtMs: undefined,
};

describe("a consumer", () => {
  it("is created, replaced, listed and deleted without a revision", async () => {
    const replaced = await harness.put("/api/v1/consumers/search", { disabled: true });
    expect(replaced).toMatchObject({
      status: 200,
      body: { changed: true, dryRun: false, resource: { id: "search", models: ["*"], disabled: true } },
    });
    expect((await harness.put("/api/v1/consumers/search", { disabled: true })).body.changed).toBe(false);
    await harness.put("/api/v1/consumers/audit", {});
    const page = await harness.get("/api/v1/consumers?limit=1");
    expect(page.body).toMatchObject({ items: [{ id: "audit" }], next: "audit" });
    const last = await harness.get("/api/v1/consumers?limit=1&after=audit");
    expect(last.body).toEqual({ items: [replaced.body.resource] });
    expect((await harness.delete("/api/v1/consumers/search")).body).toEqual({ changed: true, dryRun: false });
    expect((await harness.delete("/api/v1/consumers/search")).status).toBe(404);
    expect((await harness.get("/api/v1/revisions")).body.live).toBe(1);
    expect(harness.publisher.published).toHaveLength(1);
  });

  it("in a dry run stays as it is", async () => {
    expect((await harness.put("/api/v1/consumers/new?dryRun=true", {})).body).toMatchObject({
      changed: true,
      dryRun: true,
    });
    expect((await harness.get("/api/v1/consumers/new")).status).toBe(404);
    expect((await harness.delete("/api/v1/consumers/search?dryRun=true")).status).toBe(200);
    expect((await harness.get("/api/v1/consumers/search")).status).toBe(200);
  });

  it("with a bad pattern is 422", async () => {
    const { status, body } = await harness.put("/api/v1/consumers/search", { models: ["ok", "a*b"] });
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ kind: "consumer", id: "search", path: "/models/1" }]);
  });
});

describe("an API key", () => {
  it("is shown once, granted a lease, and listed by its beginning only", async () => {
    const { status, body } = await harness.post(KEYS, { name: "production" });
    expect(status).toBe(201);
    expect(body.key).toMatch(/^sk-slc-[0-9A-Za-z]{38}$/);
    const { key, ...shown } = body;
    expect(shown).toEqual({
      id: digestOf(key).slice(0, 16),
      name: "production",
      prefix: key.slice(0, 11),
      createdAt: expect.any(String),
    });
    expect((await harness.get(KEYS)).body).toEqual({ items: [shown] });
    expect(await leaseOf(key)).toEqual({
      status: LeaseStatus.GRANTED,
      holder: { consumer: "search" },
      keyId: shown.id,
      priority: Priority.STANDARD,
      operations: 2n ** 64n - 1n,
      sealKey: expect.any(Buffer),
      models: [["gpt-4o", "claude-*"]],
      budgets: [],
      preferredModels: [],
      keyExpiresAtMs: undefined,
    });
  });

  it("shares its consumer's seal key with the consumer's other keys, and with nobody else's", async () => {
    await harness.put("/api/v1/consumers/other", {});
    const [first, second] = [(await harness.post(KEYS)).body.key, (await harness.post(KEYS)).body.key];
    const stranger = (await harness.post("/api/v1/consumers/other/keys")).body.key;
    const { sealKey } = await leaseOf(first);
    expect(sealKey).toHaveLength(SEAL_KEY_BYTES);
    expect((await leaseOf(second)).sealKey).toEqual(sealKey);
    expect((await leaseOf(stranger)).sealKey).not.toEqual(sealKey);
  });

  it("needs no body, and a consumer", async () => {
    expect((await harness.post(KEYS)).status).toBe(201);
    expect((await harness.post("/api/v1/consumers/nobody/keys")).status).toBe(404);
    expect((await harness.get("/api/v1/consumers/nobody/keys")).status).toBe(404);
  });

  it("can be chosen once, if it is well-formed", async () => {
    const key = generateApiKey();
    const first = await harness.post(KEYS, { key });
    expect(first.body.key).toBe(key);
    expect((await leaseOf(key)).holder.consumer).toBe("search");
    const again = await harness.post(KEYS, { key });
    expect([again.status, again.body.error.code]).toEqual([409, "key_taken"]);

    const flipped = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
    for (const bad of [flipped, "sk-slc-short", `${key} `, `${key}\n`, ""]) {
      const { status, body } = await harness.post(KEYS, { key: bad });
      expect(status).toBe(422);
      expect(body.error.problems).toMatchObject([{ path: "/key" }]);
      expect(JSON.stringify(body)).not.toContain(key.slice(7, 30));
    }
  });

  it("that ended, or ends in the past, is refused", async () => {
    const { status, body } = await harness.post(KEYS, { expiresAt: "2020-01-01T00:00:00Z" });
    expect(status).toBe(422);
    expect(body.error.problems[0].path).toBe("/expiresAt");

    const expiresAt = "2040-01-01T00:00:00Z";
    const { key } = (await harness.post(KEYS, { expiresAt })).body;
    const end = Date.parse(expiresAt);
    expect(await leaseOf(key)).toMatchObject({ status: LeaseStatus.GRANTED, keyExpiresAtMs: end });
    await harness.stop();
    const store = openEmbeddedStore(`${harness.settings().dataDirectory}/sluice.db`);
    const keyring = new Keyring([randomBytes(32)]);
    const at = (now: number) =>
      new StoreLeaseBook({
        store,
        keyring,
        uses: { note: () => {} },
        priorityClasses: ["standard"],
        now: () => now,
      }).lookup(digestOf(key));
    expect((await at(end - 1)).status).toBe(LeaseStatus.GRANTED);
    expect(await at(end)).toEqual({
      status: LeaseStatus.EXPIRED_KEY,
      holder: { consumer: "search" },
      keyId: digestOf(key).slice(0, 16),
      priority: Priority.STANDARD,
      operations: 0n,
      sealKey: Buffer.alloc(0),
      models: [],
      budgets: [],
      keyExpiresAtMs: end,
    });
    await store.close();
  });

  it("is unknown after it was revoked, under its own consumer only", async () => {
    const { key, id } = (await harness.post(KEYS)).body;
    await harness.put("/api/v1/consumers/other", {});
    expect((await harness.delete(`/api/v1/consumers/other/keys/${id}`)).status).toBe(404);
    const { sequence } = await harness.leases.changesSince(0n);
    expect((await harness.delete(`${KEYS}/${id}`)).status).toBe(204);
    expect(await leaseOf(key)).toEqual(unknown);
    expect((await harness.leases.changesSince(sequence)).digests).toEqual([digestOf(key)]);
    expect((await harness.delete(`${KEYS}/${id}`)).status).toBe(404);
  });

  it("follows its consumer: disabled, changed, deleted", async () => {
    const { key } = (await harness.post(KEYS)).body;
    let { sequence } = await harness.leases.changesSince(0n);
    const steps: [() => Promise<unknown>, object][] = [
      [() => harness.put("/api/v1/consumers/search", { disabled: true }), { status: LeaseStatus.DISABLED, models: [] }],
      [
        () => harness.put("/api/v1/consumers/search", { models: ["x"] }),
        { status: LeaseStatus.GRANTED, models: [["x"]] },
      ],
      [() => harness.delete("/api/v1/consumers/search"), unknown],
    ];
    for (const [change, expected] of steps) {
      await change();
      expect(await leaseOf(key)).toMatchObject(expected);
      const changes = await harness.leases.changesSince(sequence);
      expect(changes).toMatchObject({ all: false, digests: [digestOf(key)] });
      sequence = changes.sequence;
    }
  });

  it("survives a restart and a rollback", async () => {
    const { key } = (await harness.post(KEYS)).body;
    await harness.post("/api/v1/revisions/1/rollback");
    await harness.stop();
    await harness.start();
    expect((await leaseOf(key)).status).toBe(LeaseStatus.GRANTED);
  });
});
