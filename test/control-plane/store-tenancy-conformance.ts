// The part of the conformance suite about who may call what: principals, keys, identities, standing documents, and the
// sequence that tells workers of their changes.
import { describe, expect, it } from "vitest";
import type { Store, StoredApiKey, StoredPrincipal, StoredStanding } from "../../control-plane/store/store.js";

const AT = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-02T00:00:00.000Z";

function apiKey(number: number, consumerId: string, more: Partial<StoredApiKey> = {}): StoredApiKey {
  const digest = number.toString(16).padStart(16, "0").padEnd(64, "f");
  const id = digest.slice(0, 16);
  return {
    digest,
    consumerId,
    id,
    name: undefined,
    prefix: "sk-slc-abcd",
    createdAt: AT,
    expiresAt: undefined,
    lastUsedAt: undefined,
    replacedBy: undefined,
    accessJson: "{}",
    ...more,
  };
}

function consumer(id: string, json = "{}", parent?: StoredPrincipal): StoredPrincipal {
  return { kind: "consumer", id, json, parent: parent && { kind: parent.kind, id: parent.id } };
}

const ACME: StoredPrincipal = { kind: "tenant", id: "acme", parent: undefined, json: '{"n":1}' };
const RESEARCH: StoredPrincipal = {
  kind: "department",
  id: "research",
  parent: { kind: "tenant", id: "acme" },
  json: "{}",
};
const SEARCH: StoredPrincipal = {
  kind: "application",
  id: "search",
  parent: { kind: "department", id: "research" },
  json: "{}",
};

function budget(id: string, scope?: StoredPrincipal, json = "{}"): StoredStanding {
  return { kind: "budget", id, json, scope: scope && { kind: scope.kind, id: scope.id } };
}

/** The store of the test that runs; `reopen` closes it and opens the same one again. */
interface OpenStore {
  readonly store: Store;
  reopen(): Promise<void>;
}

export function tenancyConformance(name: string, open: OpenStore): void {
  describe(`${name}: principals`, () => {
    it("are put, found, listed in pages by kind and parent, and deleted", async () => {
      for (const id of ["b", "a", "c"]) await open.store.putPrincipal(consumer(id));
      await open.store.putPrincipal({ ...ACME, id: "b" });
      await open.store.putPrincipal(consumer("b", "[]"));
      expect(await open.store.principal({ kind: "consumer", id: "b" })).toEqual(consumer("b", "[]"));
      expect(await open.store.principal({ kind: "application", id: "b" })).toBeUndefined();
      const ids = async (page: { after?: string; limit: number; parent?: StoredPrincipal }) =>
        (await open.store.principals({ kind: "consumer", ...page })).map(({ id }) => id);
      expect(await ids({ limit: 2 })).toEqual(["a", "b"]);
      expect(await ids({ after: "b", limit: 2 })).toEqual(["c"]);

      await open.store.putPrincipal(ACME);
      for (const id of ["c", "b"]) await open.store.putPrincipal(consumer(id, "{}", ACME));
      expect(await ids({ parent: ACME, limit: 9 })).toEqual(["b", "c"]);
      expect(await ids({ parent: ACME, after: "b", limit: 9 })).toEqual(["c"]);
      expect(await ids({ parent: { ...ACME, id: "b" }, limit: 9 })).toEqual([]);
      await open.store.putPrincipal(consumer("c"));
      expect(await ids({ parent: ACME, limit: 9 })).toEqual(["b"]);

      expect(await open.store.deletePrincipal({ kind: "consumer", id: "b" })).toBe(true);
      expect(await open.store.deletePrincipal({ kind: "consumer", id: "b" })).toBe(false);
      expect(await ids({ limit: 9 })).toEqual(["a", "c"]);
    });

    it("have parents that are there, and stay while another is part of them", async () => {
      await expect(open.store.putPrincipal(RESEARCH)).rejects.toThrow();
      expect(await open.store.principal(RESEARCH)).toBeUndefined();
      await open.store.putPrincipal(ACME);
      await open.store.putPrincipal(RESEARCH);
      await expect(open.store.deletePrincipal(ACME)).rejects.toThrow();
      await expect(open.store.putPrincipal(consumer("a", "{}", SEARCH))).rejects.toThrow();
      expect(await open.store.principal(ACME)).toEqual(ACME);
      expect(await open.store.deletePrincipal(RESEARCH)).toBe(true);
      expect(await open.store.deletePrincipal(ACME)).toBe(true);
    });

    it("stay across a reopening", async () => {
      for (const principal of [ACME, RESEARCH, SEARCH]) await open.store.putPrincipal(principal);
      await open.reopen();
      expect(await open.store.principal(SEARCH)).toEqual(SEARCH);
    });
  });

  describe(`${name}: keys`, () => {
    it("are found with all that they are part of, the nearest first", async () => {
      const ada = consumer("ada", "{}", SEARCH);
      for (const principal of [ACME, RESEARCH, SEARCH, ada, consumer("alone")])
        await open.store.putPrincipal(principal);
      const key = apiKey(1, "ada", { name: "n", expiresAt: LATER, lastUsedAt: AT, accessJson: '{"models":["m"]}' });
      expect(await open.store.addApiKey(key)).toBe(true);
      await open.store.addApiKey(apiKey(2, "alone"));
      expect(await open.store.findApiKey(key.digest)).toEqual({ key, principals: [ada, SEARCH, RESEARCH, ACME] });
      expect((await open.store.findApiKey(apiKey(2, "").digest))!.principals).toEqual([consumer("alone")]);
    });

    it("go with their consumer", async () => {
      await open.store.putPrincipal(consumer("a"));
      await open.store.addApiKey(apiKey(1, "a"));
      expect(await open.store.deletePrincipal({ kind: "consumer", id: "a" })).toBe(true);
      expect(await open.store.findApiKey(apiKey(1, "a").digest)).toBeUndefined();
      await open.store.putPrincipal(consumer("a"));
      expect(await open.store.apiKeys("a")).toEqual([]);
    });

    it("are taken once only, and under no consumer that is not there", async () => {
      await open.store.putPrincipal(consumer("a"));
      await open.store.putPrincipal(consumer("b"));
      await open.store.putPrincipal(ACME);
      expect(await open.store.addApiKey(apiKey(1, "a"))).toBe(true);
      expect(await open.store.addApiKey(apiKey(1, "b"))).toBe(false);
      await expect(open.store.addApiKey(apiKey(2, "acme"))).rejects.toThrow();
      expect(await open.store.findApiKey(apiKey(2, "acme").digest)).toBeUndefined();
      expect((await open.store.apiKeys("a")).length + (await open.store.apiKeys("b")).length).toBe(1);
    });

    it("are deleted under their own consumer only", async () => {
      await open.store.putPrincipal(consumer("a"));
      await open.store.addApiKey(apiKey(2, "a", { createdAt: LATER }));
      await open.store.addApiKey(apiKey(1, "a"));
      expect(await open.store.apiKeys("a")).toEqual([apiKey(1, "a"), apiKey(2, "a", { createdAt: LATER })]);
      expect(await open.store.deleteApiKey("b", apiKey(1, "a").id)).toBe(false);
      expect(await open.store.deleteApiKey("a", apiKey(1, "a").id)).toBe(true);
      expect(await open.store.deleteApiKey("a", apiKey(1, "a").id)).toBe(false);
      expect((await open.store.apiKeys("a")).map(({ id }) => id)).toEqual([apiKey(2, "a").id]);
    });

    it("are replaced together with their successor, or not at all", async () => {
      await open.store.putPrincipal(consumer("a"));
      const [old, successor, other] = [apiKey(1, "a"), apiKey(2, "a"), apiKey(3, "a")];
      await open.store.addApiKey(old);
      await open.store.addApiKey(other);
      expect(await open.store.replaceApiKey(successor.digest, LATER, successor)).toBe(false);
      expect(await open.store.replaceApiKey(old.digest, LATER, other)).toBe(false);
      expect(await open.store.apiKeys("a")).toEqual([old, other]);
      expect(await open.store.replaceApiKey(old.digest, LATER, successor)).toBe(true);
      expect(await open.store.apiKeys("a")).toEqual([
        { ...old, expiresAt: LATER, replacedBy: successor.id },
        successor,
        other,
      ]);
    });

    it("are marked as used, never back in time, without a key change", async () => {
      await open.store.putPrincipal(consumer("a"));
      for (const number of [1, 2]) await open.store.addApiKey(apiKey(number, "a"));
      const { sequence } = await open.store.keyChangesSince(0n, 10);
      await open.store.markUsed(
        new Map([
          [apiKey(1, "a").digest, LATER],
          ["f".repeat(64), LATER],
        ]),
      );
      await open.store.markUsed(new Map([[apiKey(1, "a").digest, AT]]));
      expect((await open.store.apiKeys("a")).map(({ lastUsedAt }) => lastUsedAt)).toEqual([LATER, undefined]);
      expect(await open.store.keyChangesSince(sequence, 10)).toEqual({ all: false, digests: [], sequence });
    });
  });

  describe(`${name}: identities`, () => {
    const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];
    const changesAfter = async (change: () => Promise<unknown>) => {
      const { sequence } = await open.store.keyChangesSince(0n, 10);
      await change();
      return [...(await open.store.keyChangesSince(sequence, 10)).digests].sort();
    };

    it("lead to their consumer and all that it is part of, as long as it has them", async () => {
      const ada = consumer("ada", "{}", ACME);
      await open.store.putPrincipal(ACME);
      await open.store.putPrincipal(ada, [one, two]);
      expect(await open.store.findIdentity(one)).toEqual([ada, ACME]);
      expect(await open.store.findIdentity(three)).toBeUndefined();
      await open.store.putPrincipal(ada, [two, three]);
      expect(await open.store.findIdentity(one)).toBeUndefined();
      expect(await open.store.findIdentity(three)).toEqual([ada, ACME]);
      await open.store.deletePrincipal(ada);
      expect(await open.store.findIdentity(two)).toBeUndefined();
    });

    it("are one consumer's only", async () => {
      await open.store.putPrincipal(consumer("a"), [one]);
      await expect(open.store.putPrincipal(consumer("b"), [two, one])).rejects.toThrow();
      expect(await open.store.principal({ kind: "consumer", id: "b" })).toBeUndefined();
      expect(await open.store.findIdentity(two)).toBeUndefined();
    });

    it("are told among the key changes when they come, change or go", async () => {
      const ada = consumer("ada", "{}", ACME);
      await open.store.putPrincipal(ACME);
      expect(await changesAfter(() => open.store.putPrincipal(ada, [one, two]))).toEqual([one, two]);
      expect(await changesAfter(() => open.store.putPrincipal(ACME))).toEqual([one, two]);
      expect(await changesAfter(() => open.store.putPrincipal(ada, [two, three]))).toEqual([one, two, three]);
      expect(await changesAfter(() => open.store.deletePrincipal(ada))).toEqual([two, three]);
    });
  });

  describe(`${name}: standing documents`, () => {
    it("are put, found, listed in pages by kind and scope, and deleted", async () => {
      const provider: StoredStanding = { kind: "identity-provider", id: "b", scope: undefined, json: "{}" };
      for (const principal of [ACME, RESEARCH]) await open.store.putPrincipal(principal);
      for (const document of [budget("c", ACME), budget("a"), budget("b", ACME), provider]) {
        await open.store.putStanding(document);
      }
      await open.store.putStanding(budget("b", RESEARCH, "[]"));
      expect(await open.store.standingById("budget", "b")).toEqual(budget("b", RESEARCH, "[]"));
      expect(await open.store.standingById("identity-provider", "a")).toBeUndefined();
      expect(await open.store.standing({ kind: "identity-provider", limit: 9 })).toEqual([provider]);
      const ids = async (page: { after?: string; limit: number; scope?: StoredPrincipal }) =>
        (await open.store.standing({ kind: "budget", ...page })).map(({ id }) => id);
      expect(await ids({ limit: 2 })).toEqual(["a", "b"]);
      expect(await ids({ after: "b", limit: 2 })).toEqual(["c"]);
      expect(await ids({ scope: ACME, limit: 9 })).toEqual(["c"]);
      await open.reopen();
      expect(await open.store.deleteStanding("budget", "b")).toBe(true);
      expect(await open.store.deleteStanding("budget", "b")).toBe(false);
      expect(await ids({ limit: 9 })).toEqual(["a", "c"]);
      expect(await open.store.standingById("identity-provider", "b")).toEqual(provider);
    });

    it("apply to those whom their scope holds, and without one to everybody", async () => {
      for (const principal of [ACME, RESEARCH, consumer("acme")]) await open.store.putPrincipal(principal);
      for (const document of [budget("c", RESEARCH), budget("b", ACME), budget("a"), budget("d", consumer("acme"))]) {
        await open.store.putStanding(document);
      }
      const ids = async (...scopes: StoredPrincipal[]) =>
        (await open.store.standingFor("budget", scopes)).map(({ id }) => id);
      expect(await ids()).toEqual(["a"]);
      expect(await ids(ACME)).toEqual(["a", "b"]);
      expect(await ids(ACME, RESEARCH)).toEqual(["a", "b", "c"]);
      expect(await ids(consumer("acme"))).toEqual(["a", "d"]);
    });

    it("have scopes that are there, and keep them there", async () => {
      await expect(open.store.putStanding(budget("a", ACME))).rejects.toThrow();
      expect(await open.store.standingById("budget", "a")).toBeUndefined();
      await open.store.putPrincipal(consumer("a"));
      await open.store.putStanding(budget("a", consumer("a")));
      await expect(open.store.deletePrincipal(consumer("a"))).rejects.toThrow();
      await open.store.deleteStanding("budget", "a");
      expect(await open.store.deletePrincipal(consumer("a"))).toBe(true);
    });
  });

  describe(`${name}: key changes`, () => {
    const latest = async () => (await open.store.keyChangesSince(0n, 10)).sequence;

    it("cannot be told to one who asks first, and are none to one who is up to date", async () => {
      const first = await open.store.keyChangesSince(0n, 10);
      expect(first).toMatchObject({ all: true, digests: [] });
      // A sequence of 0 would make every later ask a first one.
      expect(first.sequence).toBeGreaterThan(0n);
      expect(await open.store.keyChangesSince(first.sequence, 10)).toEqual({ ...first, all: false });
    });

    it("name each key that was added, replaced, revoked, or below what changed or went", async () => {
      const inSearch = (json: string) => consumer("a", json, SEARCH);
      for (const principal of [ACME, RESEARCH, SEARCH, inSearch("{}")]) await open.store.putPrincipal(principal);
      const changes: [() => Promise<unknown>, number[]][] = [
        [() => open.store.addApiKey(apiKey(1, "a")), [1]],
        [() => open.store.addApiKey(apiKey(1, "a")), []],
        [() => open.store.addApiKey(apiKey(2, "a")), [2]],
        [() => open.store.putPrincipal(inSearch('{"disabled":true}')), [1, 2]],
        [() => open.store.putPrincipal(consumer("b")), []],
        [() => open.store.addApiKey(apiKey(4, "b")), [4]],
        ...[ACME, RESEARCH, SEARCH].map((level): [() => Promise<unknown>, number[]] => [
          () => open.store.putPrincipal({ ...level, json: "[]" }),
          [1, 2],
        ]),
        [() => open.store.putPrincipal(consumer("b", "{}", ACME)), [4]],
        [() => open.store.putPrincipal(ACME), [1, 2, 4]],
        [() => open.store.replaceApiKey(apiKey(2, "a").digest, LATER, apiKey(3, "a")), [2, 3]],
        [() => open.store.deleteApiKey("a", apiKey(1, "a").id), [1]],
        [() => open.store.deleteApiKey("a", apiKey(1, "a").id), []],
        [() => open.store.deletePrincipal({ kind: "consumer", id: "a" }), [2, 3]],
      ];
      const start = await latest();
      for (const [change, keys] of changes) {
        const since = await latest();
        await change();
        const { all, digests } = await open.store.keyChangesSince(since, 10);
        expect(all).toBe(false);
        expect([...digests].sort()).toEqual(keys.map((number) => apiKey(number, "a").digest));
      }
      const sinceStart = await open.store.keyChangesSince(start, 10);
      expect([...sinceStart.digests].sort()).toEqual([1, 2, 3, 4].map((number) => apiKey(number, "a").digest));
    });

    it("name the keys that a budget applies to, or did", async () => {
      for (const principal of [ACME, RESEARCH, consumer("a", "{}", RESEARCH), consumer("b")]) {
        await open.store.putPrincipal(principal);
      }
      for (const [number, id] of ["a", "b"].entries()) await open.store.addApiKey(apiKey(number, id));
      const changed = async (change: () => Promise<unknown>) => {
        const since = await latest();
        await change();
        const { all, digests } = await open.store.keyChangesSince(since, 10);
        return all ? "all" : [...digests].sort();
      };
      const [ofA, ofB] = [0, 1].map((number) => apiKey(number, "").digest);
      expect(await changed(() => open.store.putStanding(budget("x", ACME)))).toEqual([ofA]);
      expect(await changed(() => open.store.putStanding(budget("x", consumer("b"))))).toEqual([ofA, ofB]);
      expect(await changed(() => open.store.putStanding(budget("x")))).toBe("all");
      expect(await changed(() => open.store.deleteStanding("budget", "x"))).toBe("all");
      expect(await changed(() => open.store.deleteStanding("budget", "x"))).toEqual([]);
      const provider: StoredStanding = { kind: "identity-provider", id: "x", scope: undefined, json: "{}" };
      expect(await changed(() => open.store.putStanding(provider))).toEqual([]);
    });

    it("are all of them after a change of more keys than are named at once", async () => {
      await open.store.putPrincipal(ACME);
      await open.store.putPrincipal(consumer("a", "{}", ACME));
      for (let number = 0; number < 1024; number++) await open.store.addApiKey(apiKey(number, "a"));
      const before = await latest();
      await open.store.putPrincipal({ ...ACME, json: "[]" });
      expect((await open.store.keyChangesSince(before, 1024)).digests).toHaveLength(1024);
      await open.store.addApiKey(apiKey(1024, "a"));
      const since = await latest();
      await open.store.putPrincipal(ACME);
      expect(await open.store.keyChangesSince(since, 10_000)).toEqual({
        all: true,
        digests: [],
        sequence: await latest(),
      });
      expect(await open.store.keyChangesSince(await latest(), 10)).toMatchObject({ all: false, digests: [] });
    });

    it("name the last of many consumers below what changed, or are all of them", async () => {
      await open.store.putPrincipal(ACME);
      for (let number = 0; number < 1000; number++) await open.store.putPrincipal(consumer(`c${number}`, "{}", ACME));
      await open.store.addApiKey(apiKey(1, "c999"));
      const since = await latest();
      await open.store.putPrincipal({ ...ACME, json: "[]" });
      expect(await open.store.keyChangesSince(since, 10)).toMatchObject({
        all: false,
        digests: [apiKey(1, "").digest],
      });
      for (let number = 1000; number < 1200; number++)
        await open.store.putPrincipal(consumer(`c${number}`, "{}", ACME));
      await open.store.addApiKey(apiKey(2, "c1199"));
      const later = await latest();
      await open.store.putPrincipal(ACME);
      const { all, digests } = await open.store.keyChangesSince(later, 10_000);
      expect(all || digests.length === 2).toBe(true);
    });

    it("are all of them beyond the limit, for a number from the future, and after too long a time", async () => {
      await open.store.putPrincipal(consumer("a"));
      const start = await latest();
      for (let number = 0; number < 101; number++) await open.store.addApiKey(apiKey(number, "a"));
      expect((await open.store.keyChangesSince(start, 101)).digests).toHaveLength(101);
      expect(await open.store.keyChangesSince(start, 100)).toEqual({
        all: true,
        digests: [],
        sequence: await latest(),
      });
      expect((await open.store.keyChangesSince((await latest()) + 1n, 100)).all).toBe(true);
      for (let round = 0; round < 100; round++) await open.store.putPrincipal(consumer("a", `{"round":${round}}`));
      expect((await open.store.keyChangesSince(start, 1000)).all).toBe(true);
    });

    it("are remembered across a reopening", async () => {
      await open.store.putPrincipal(consumer("a"));
      const since = await latest();
      await open.store.addApiKey(apiKey(1, "a"));
      await open.reopen();
      expect((await open.store.keyChangesSince(since, 10)).digests).toEqual([apiKey(1, "a").digest]);
    });
  });
}
