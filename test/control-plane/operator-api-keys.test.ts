// Rotation of API keys over HTTP, what each key narrows, and when it was last used.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LeaseStatus } from "../../control-plane/contract.js";
import { KeyUses } from "../../control-plane/identity/key-uses.js";
import { createLogger } from "../../control-plane/logger.js";
import { Harness } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
  await harness.put("/api/v1/consumers/search", {});
});
afterEach(() => harness.remove());

const KEYS = "/api/v1/consumers/search/keys";
const digestOf = (key: string) => createHash("sha256").update(key).digest("hex");
const leaseOf = (key: string) => harness.leases.lookup(digestOf(key));
const DAY_MS = 86_400_000;

describe("a rotation", () => {
  it("makes a key like the old one, which ends after a day", async () => {
    const access = { models: ["gpt-*"], operations: ["chat"], priority: "batch" };
    const old = (await harness.post(KEYS, { name: "production", ...access })).body;
    const { sequence } = await harness.leases.changesSince(0n);
    const from = Date.now();
    const { status, body } = await harness.post(`${KEYS}/${old.id}/rotate`);
    const until = Date.now();
    expect(status).toBe(201);
    const { key, replaces, ...renewed } = body;
    expect(renewed).toEqual({
      id: digestOf(key).slice(0, 16),
      name: "production",
      prefix: key.slice(0, 11),
      createdAt: expect.any(String),
      ...access,
    });
    const { key: _, ...before } = old;
    expect(replaces).toEqual({ ...before, expiresAt: expect.any(String), replacedBy: renewed.id });
    expect(Date.parse(replaces.expiresAt)).toBeGreaterThanOrEqual(from + DAY_MS);
    expect(Date.parse(replaces.expiresAt)).toBeLessThanOrEqual(until + DAY_MS);
    expect((await harness.get(KEYS)).body.items).toEqual(expect.arrayContaining([replaces, renewed]));

    expect(await leaseOf(old.key)).toMatchObject({
      status: LeaseStatus.GRANTED,
      keyExpiresAtMs: Date.parse(replaces.expiresAt),
    });
    expect(await leaseOf(key)).toMatchObject({ status: LeaseStatus.GRANTED, keyExpiresAtMs: undefined });
    const changes = await harness.leases.changesSince(sequence);
    expect([...changes.digests].sort()).toEqual([digestOf(old.key), digestOf(key)].sort());
  });

  it("without overlap ends the old key at once", async () => {
    const old = (await harness.post(KEYS)).body;
    const { key } = (await harness.post(`${KEYS}/${old.id}/rotate`, { overlapSeconds: 0 })).body;
    expect((await leaseOf(old.key)).status).toBe(LeaseStatus.EXPIRED_KEY);
    expect((await leaseOf(key)).status).toBe(LeaseStatus.GRANTED);
  });

  it("gives the new key the old one's lifetime, or the end that is asked for, and the old one no longer life", async () => {
    const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
    const old = (await harness.post(KEYS, { expiresAt })).body;
    const lifetime = Date.parse(expiresAt) - Date.parse(old.createdAt);
    const renewed = (await harness.post(`${KEYS}/${old.id}/rotate`, { overlapSeconds: 30 * 86_400 })).body;
    expect(renewed.replaces.expiresAt).toBe(expiresAt);
    expect(Math.abs(Date.parse(renewed.expiresAt) - Date.parse(renewed.createdAt) - lifetime)).toBeLessThan(1_000);
    const chosen = "2040-01-01T00:00:00Z";
    const last = (await harness.post(`${KEYS}/${renewed.id}/rotate`, { expiresAt: chosen })).body;
    expect(last.expiresAt).toBe(chosen);
  });

  it("happens once to a key, to its own consumer's keys, and with sensible numbers", async () => {
    await harness.put("/api/v1/consumers/other", {});
    const { id } = (await harness.post(KEYS)).body;
    expect((await harness.post(`/api/v1/consumers/other/keys/${id}/rotate`)).status).toBe(404);
    for (const [body, path] of [
      [{ overlapSeconds: -1 }, "/overlapSeconds"],
      [{ overlapSeconds: 1.5 }, "/overlapSeconds"],
      [{ overlapSeconds: 366 * 86_400 }, "/overlapSeconds"],
      [{ expiresAt: "2020-01-01T00:00:00Z" }, "/expiresAt"],
      [{ key: "sk-slc-x" }, "/key"],
    ] as const) {
      const answer = await harness.post(`${KEYS}/${id}/rotate`, body);
      expect([answer.status, answer.body.error.problems[0].path]).toEqual([422, path]);
    }
    const renewed = (await harness.post(`${KEYS}/${id}/rotate`)).body;
    const again = await harness.post(`${KEYS}/${id}/rotate`);
    expect([again.status, again.body.error.code]).toEqual([409, "key_replaced"]);
    expect((await harness.get(KEYS)).body.items).toHaveLength(2);
    expect((await harness.delete(`${KEYS}/${id}`)).status).toBe(204);
    expect((await leaseOf(renewed.key)).status).toBe(LeaseStatus.GRANTED);
  });
});

describe("last use", () => {
  const lastUsed = async () =>
    (await harness.get(KEYS)).body.items.map(({ lastUsedAt }: { lastUsedAt?: string }) => lastUsedAt);

  it("is that of the last lease that was granted, written before the process ends", async () => {
    const { key } = (await harness.post(KEYS)).body;
    const expired = (await harness.post(KEYS)).body;
    await harness.post(`${KEYS}/${expired.id}/rotate`, { overlapSeconds: 0 });
    const from = Date.now();
    await leaseOf(key);
    await leaseOf(key);
    await leaseOf(expired.key);
    const until = Date.now();
    expect(await lastUsed()).toEqual([undefined, undefined, undefined]);
    await harness.stop();
    await harness.start();
    const { items } = (await harness.get(KEYS)).body;
    const used = items.find(({ id }: { id: string }) => id === digestOf(key).slice(0, 16)).lastUsedAt;
    expect(Date.parse(used)).toBeGreaterThanOrEqual(from);
    expect(Date.parse(used)).toBeLessThanOrEqual(until);
    expect((await lastUsed()).filter((at: unknown) => at !== undefined)).toEqual([used]);
  });

  it("is not lost when it cannot be written once", async () => {
    const log: string[] = [];
    const written: ReadonlyMap<string, string>[] = [];
    let full = true;
    const markUsed = async (uses: ReadonlyMap<string, string>) => {
      if (full) throw new Error("disk full");
      written.push(uses);
    };
    const uses = new KeyUses(
      { markUsed },
      createLogger((line) => log.push(line)),
    );
    uses.note("a", 1_000);
    uses.note("b", 1_000);
    await uses.write();
    expect(log.join("")).toContain("disk full");
    uses.note("b", 2_000);
    full = false;
    await uses.close();
    expect(written).toEqual([
      new Map([
        ["a", "1970-01-01T00:00:01.000Z"],
        ["b", "1970-01-01T00:00:02.000Z"],
      ]),
    ]);
    await uses.write();
    expect(written).toHaveLength(1);
  });
});
