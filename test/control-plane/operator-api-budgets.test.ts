// Budgets over HTTP: what they refer to, whom they apply to, and whose leases a change of one drops.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LEASE_BUDGETS_MAX } from "../../control-plane/contract.js";
import { budgetsOf } from "../../control-plane/identity/budgets.js";
import { openEmbeddedStore } from "../../control-plane/store/embedded/embedded-store.js";
import { Harness } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
  for (const [path, body] of [
    ["tenants/acme", {}],
    ["departments/research", { tenant: "acme" }],
    ["consumers/ada", { department: "research" }],
    ["consumers/alone", {}],
  ] as const) {
    expect((await harness.put(`/api/v1/${path}`, body)).status, path).toBe(201);
  }
});
afterEach(() => harness.remove());

const REQUESTS = { measure: "requests", limit: 10, window: "day" };
const putBudget = (id: string, fields: object = {}) => harness.put(`/api/v1/budgets/${id}`, { ...REQUESTS, ...fields });

describe("a budget", () => {
  it("is created, replaced, listed and deleted under its ETag", async () => {
    const created = await putBudget("daily", { scope: { tenant: "acme" } });
    expect(created).toMatchObject({
      status: 201,
      body: { changed: true, dryRun: false, resource: { id: "daily", scope: { tenant: "acme" }, limit: 10 } },
    });
    const etag = created.headers.get("etag") ?? "";
    expect((await harness.get("/api/v1/budgets/daily")).headers.get("etag")).toBe(etag);
    expect((await putBudget("daily", { scope: { tenant: "acme" } })).body.changed).toBe(false);
    const raised = { scope: { tenant: "acme" }, limit: 11 };
    expect((await putBudget("daily?dryRun=true", raised)).body).toMatchObject({ changed: true, dryRun: true });
    const stale = await harness.put("/api/v1/budgets/daily", REQUESTS, { "if-match": '"other"' });
    expect(stale.status).toBe(412);
    await putBudget("all");
    expect((await harness.get("/api/v1/budgets")).body.items.map(({ id }: { id: string }) => id)).toEqual([
      "all",
      "daily",
    ]);
    expect((await harness.get("/api/v1/budgets?tenant=acme")).body.items).toEqual([created.body.resource]);
    expect((await harness.delete("/api/v1/budgets/daily", { "if-match": etag })).status).toBe(200);
    expect((await harness.delete("/api/v1/budgets/daily")).status).toBe(404);
    expect((await harness.get("/api/v1/revisions")).body.live).toBe(1);
  });

  it.each([
    [{ scope: { tenant: "gone" } }, "/scope/tenant", "unknown_reference"],
    [{ scope: { consumer: "acme" } }, "/scope/consumer", "unknown_reference"],
    [{ scope: { tenant: "acme", consumer: "ada" } }, "/scope/consumer", "invalid_value"],
    [{ scope: { team: "acme" } }, "/scope/team", "unknown_field"],
    [{ limit: -1 }, "/limit", "too_small"],
    [{ window: "decade" }, "/window", "invalid_value"],
    [{ reserved: { critical: 60, standard: 50 } }, "/reserved", "invalid_value"],
    [{ reserved: { nobodys: 10 } }, "/reserved/nobodys", "unknown_reference"],
    [{ reserved: { critical: 0 } }, "/reserved/critical", "too_small"],
    [{ window: "day", monthStartDay: 2 }, "/monthStartDay", "invalid_value"],
  ])("%j is 422 at %s", async (fields, path, code) => {
    const { status, body } = await putBudget("bad", fields);
    expect([status, body.error.problems]).toMatchObject([422, [{ kind: "budget", id: "bad", path, code }]]);
    expect((await harness.get("/api/v1/budgets/bad")).status).toBe(404);
  });

  it.each([
    ["/scope", { scope: {} }],
    ["/measure", { measure: "input_tokens" }],
    ["/window", { window: "week" }],
    ["/timeZone", { timeZone: "Asia/Shanghai" }],
  ])("keeps %s, on which its numbers depend", async (path, changed) => {
    await putBudget("fixed", { scope: { tenant: "acme" } });
    const { status, body } = await putBudget("fixed", { scope: { tenant: "acme" }, ...changed });
    expect([status, body.error.problems]).toMatchObject([422, [{ kind: "budget", id: "fixed", path, code: "fixed" }]]);
    expect((await putBudget("fixed", { scope: { tenant: "acme" }, limit: 99 })).status).toBe(200);
  });

  it("is one of 12 of a principal and 16 of all at most, so that no key has more than a lease holds", async () => {
    for (const [scope, max] of [
      [{ tenant: "acme" }, 12],
      [{ consumer: "ada" }, 12],
      [{}, 16],
    ] as const) {
      const name = JSON.stringify(scope).replaceAll(/[^a-z]/g, "");
      for (let index = 0; index < max; index++) {
        expect((await putBudget(`of-${name}-${index}`, { scope })).status).toBe(201);
      }
      const { status, body } = await putBudget("one-more", { scope });
      expect([status, body.error.problems]).toMatchObject([422, [{ path: "/scope", code: "too_many" }]]);
      expect((await putBudget(`of-${name}-0`, { scope, limit: 11 })).status).toBe(200);
    }
    const ada = { tenant: "acme", department: "research", consumer: "ada" };
    await harness.stop();
    const store = openEmbeddedStore(`${harness.settings().dataDirectory}/sluice.db`);
    expect((await budgetsOf(store, ada)).length).toBeLessThanOrEqual(LEASE_BUDGETS_MAX);
    await store.close();
  });

  it("has a state, from the ledger", async () => {
    await putBudget("daily", { scope: { tenant: "acme" } });
    const { status, body } = await harness.get("/api/v1/budgets/daily/state");
    expect(status).toBe(200);
    expect(body).toMatchObject({ budget: "daily", limit: 10, used: 0, held: 0, remaining: 10, gateways: 0 });
    expect(Date.parse(body.windowEnd) - Date.parse(body.windowStart)).toBe(86_400_000);
    expect((await harness.get("/api/v1/budgets/other/state")).status).toBe(404);
  });

  it("keeps whom it applies to", async () => {
    await putBudget("daily", { scope: { consumer: "ada" } });
    const { status, body } = await harness.delete("/api/v1/consumers/ada");
    expect([status, body.error.code]).toEqual([409, "still_referenced"]);
    expect(body.error.problems).toMatchObject([{ kind: "budget", id: "daily", path: "/scope/consumer" }]);
    await harness.delete("/api/v1/budgets/daily");
    expect((await harness.delete("/api/v1/consumers/ada")).status).toBe(200);
  });

  it("drops the leases of those whom it applies to", async () => {
    const digestOf = (key: string) => createHash("sha256").update(key).digest("hex");
    const ada = digestOf((await harness.post("/api/v1/consumers/ada/keys")).body.key);
    await harness.post("/api/v1/consumers/alone/keys");
    const { sequence } = await harness.leases.changesSince(0n);
    await putBudget("daily", { scope: { tenant: "acme" } });
    expect(await harness.leases.changesSince(sequence)).toMatchObject({ all: false, digests: [ada] });
    await putBudget("everybodys");
    expect((await harness.leases.changesSince(sequence)).all).toBe(true);
  });
});

it("a key's budgets are its holder's at every level, and the gateway's", async () => {
  for (const [id, scope] of Object.entries({
    whole: {},
    tenant: { tenant: "acme" },
    department: { department: "research" },
    consumer: { consumer: "ada" },
    other: { consumer: "alone" },
  })) {
    expect((await putBudget(id, { scope })).status).toBe(201);
  }
  await harness.stop();
  const store = openEmbeddedStore(`${harness.settings().dataDirectory}/sluice.db`);
  const idsOf = async (holder: object) => (await budgetsOf(store, holder)).map(({ id }) => id);
  expect(await idsOf({ tenant: "acme", department: "research", consumer: "ada" })).toEqual([
    "consumer",
    "department",
    "tenant",
    "whole",
  ]);
  expect(await idsOf({ consumer: "alone" })).toEqual(["other", "whole"]);
  expect(await idsOf({})).toEqual(["whole"]);
  await store.close();
});
