// What every store has to hold, whatever it is made of. `open` gives an empty store; `reopen` the same one after a close.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  RevisionConflict,
  type Store,
  type StoredApiKey,
  type StoredDocument,
  type StoredPrincipal,
  type StoredStanding,
} from "../../control-plane/store/store.js";

export interface StoreUnderTest {
  open(): Promise<Store>;
  reopen(): Promise<Store>;
  remove(): Promise<void>;
}

const AT = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-02T00:00:00.000Z";

function target(id: string, json = `{"id":"${id}"}`): StoredDocument {
  return { kind: "target", id, json };
}

function provider(id: string): StoredDocument {
  return { kind: "provider", id, json: "{}" };
}

function credential(providerId: string, box: string) {
  return { providerId, sealed: { keyId: "k1", box }, updatedAt: AT };
}

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

export function storeConformance(name: string, underTest: StoreUnderTest): void {
  let store: Store;
  beforeEach(async () => {
    store = await underTest.open();
  });
  afterEach(async () => {
    await store.close();
    await underTest.remove();
  });

  const commit = (
    number: bigint,
    documents: readonly StoredDocument[],
    credentials = [] as ReturnType<typeof credential>[],
  ) => store.commit({ number, createdAt: AT, cause: `change ${number}`, documents, credentials });

  describe(`${name}: revisions`, () => {
    it("begin with none", async () => {
      expect(await store.liveRevision()).toBeUndefined();
      expect(await store.revision(1n)).toBeUndefined();
      expect(await store.revisions({ limit: 10 })).toEqual([]);
    });

    it("keep the whole set of documents at each of them, byte for byte, across a reopening", async () => {
      const text = target("b", `{"text":"é\\u0000 \\ud83d\\ude00 ${"x".repeat(100_000)}"}`);
      await commit(1n, [target("a"), text]);
      await commit(2n, [provider("a"), target("a", '{"id":"a","n":2}')]);
      await commit(3n, [provider("a"), target("a"), text]);
      await store.close();
      store = await underTest.reopen();
      expect((await store.revision(1n))!.documents).toEqual([target("a"), text]);
      expect((await store.revision(2n))!.documents).toEqual([provider("a"), target("a", '{"id":"a","n":2}')]);
      expect(await store.liveRevision()).toEqual({
        number: 3n,
        createdAt: AT,
        cause: "change 3",
        documents: [provider("a"), target("a"), text],
      });
    });

    it("sort by kind and by the bytes of ids", async () => {
      const ids = ["\u{1f600}", "\uff5e", "b", "a/b", "a"];
      const documents = ids.map((id): StoredDocument => ({ kind: "model-route", id, json: "{}" }));
      await commit(1n, [target("t"), provider("p"), ...documents]);
      const stored = (await store.liveRevision())!.documents.map(({ kind, id }) => `${kind} ${id}`);
      const sorted = ["a", "a/b", "b", "\uff5e", "\u{1f600}"].map((id) => `model-route ${id}`);
      expect(stored).toEqual([...sorted, "provider p", "target t"]);
    });

    it("tell when a document was first stored, also of one that was deleted or came back", async () => {
      const route = (id: string, json = "{}"): StoredDocument => ({ kind: "model-route", id, json });
      await commit(1n, [route("old"), route("back"), target("t")]);
      await store.commit({
        number: 2n,
        createdAt: LATER,
        cause: "later",
        documents: [route("old", '{"n":2}'), route("new"), target("late")],
        credentials: [],
      });
      await store.commit({
        number: 3n,
        createdAt: "2026-01-03T00:00:00.000Z",
        cause: "latest",
        documents: [route("back"), route("new")],
        credentials: [],
      });
      expect(await store.firstStored("model-route")).toEqual(
        new Map([
          ["back", AT],
          ["new", LATER],
          ["old", AT],
        ]),
      );
    });

    it("are listed newest first, in pages", async () => {
      for (const number of [1n, 2n, 3n]) await commit(number, []);
      const numbers = async (page: { before?: bigint; limit: number }) =>
        (await store.revisions(page)).map(({ number }) => number);
      expect(await numbers({ limit: 2 })).toEqual([3n, 2n]);
      expect(await numbers({ before: 2n, limit: 2 })).toEqual([1n]);
      expect(await numbers({ before: 1n, limit: 2 })).toEqual([]);
    });

    it.each([[0n], [1n], [3n]])("refuse number %s after 1, and then change nothing", async (number) => {
      await commit(1n, [provider("p")], [credential("p", "one")]);
      await expect(commit(number, [], [])).rejects.toBeInstanceOf(RevisionConflict);
      expect((await store.liveRevision())!.documents).toEqual([provider("p")]);
      expect(await store.credentials()).toEqual([credential("p", "one")]);
    });

    it("that fail half-way leave nothing", async () => {
      await commit(1n, [provider("p")]);
      await expect(commit(2n, [target("twice"), target("twice", "{}")])).rejects.toThrow();
      expect((await store.liveRevision())!.number).toBe(1n);
      expect((await store.liveRevision())!.documents).toEqual([provider("p")]);
      await commit(2n, [provider("p"), target("t")]);
    });
  });

  describe(`${name}: credentials`, () => {
    it("are replaced, kept, and erased with their provider", async () => {
      await commit(1n, [provider("p"), provider("q")], [credential("p", "one"), credential("q", "two")]);
      await commit(2n, [provider("p"), provider("q")], [credential("p", "three")]);
      expect(await store.credentials()).toEqual([credential("p", "three"), credential("q", "two")]);
      await commit(3n, [provider("q"), target("p")]);
      expect(await store.credentials()).toEqual([credential("q", "two")]);
    });

    it("are sealed anew where they still exist", async () => {
      await commit(1n, [provider("p")], [credential("p", "one")]);
      const renewed = (id: string) => ({
        ...credential(id, "new"),
        sealed: { keyId: "k2", box: "new" },
        updatedAt: LATER,
      });
      await store.reseal([renewed("p"), renewed("gone")]);
      expect(await store.credentials()).toEqual([{ ...renewed("p"), updatedAt: AT }]);
    });
  });

  describe(`${name}: principals`, () => {
    it("are put, found, listed in pages by kind and parent, and deleted", async () => {
      for (const id of ["b", "a", "c"]) await store.putPrincipal(consumer(id));
      await store.putPrincipal({ ...ACME, id: "b" });
      await store.putPrincipal(consumer("b", "[]"));
      expect(await store.principal({ kind: "consumer", id: "b" })).toEqual(consumer("b", "[]"));
      expect(await store.principal({ kind: "application", id: "b" })).toBeUndefined();
      const ids = async (page: { after?: string; limit: number; parent?: StoredPrincipal }) =>
        (await store.principals({ kind: "consumer", ...page })).map(({ id }) => id);
      expect(await ids({ limit: 2 })).toEqual(["a", "b"]);
      expect(await ids({ after: "b", limit: 2 })).toEqual(["c"]);

      await store.putPrincipal(ACME);
      for (const id of ["c", "b"]) await store.putPrincipal(consumer(id, "{}", ACME));
      expect(await ids({ parent: ACME, limit: 9 })).toEqual(["b", "c"]);
      expect(await ids({ parent: ACME, after: "b", limit: 9 })).toEqual(["c"]);
      expect(await ids({ parent: { ...ACME, id: "b" }, limit: 9 })).toEqual([]);
      await store.putPrincipal(consumer("c"));
      expect(await ids({ parent: ACME, limit: 9 })).toEqual(["b"]);

      expect(await store.deletePrincipal({ kind: "consumer", id: "b" })).toBe(true);
      expect(await store.deletePrincipal({ kind: "consumer", id: "b" })).toBe(false);
      expect(await ids({ limit: 9 })).toEqual(["a", "c"]);
    });

    it("have parents that are there, and stay while another is part of them", async () => {
      await expect(store.putPrincipal(RESEARCH)).rejects.toThrow();
      expect(await store.principal(RESEARCH)).toBeUndefined();
      await store.putPrincipal(ACME);
      await store.putPrincipal(RESEARCH);
      await expect(store.deletePrincipal(ACME)).rejects.toThrow();
      await expect(store.putPrincipal(consumer("a", "{}", SEARCH))).rejects.toThrow();
      expect(await store.principal(ACME)).toEqual(ACME);
      expect(await store.deletePrincipal(RESEARCH)).toBe(true);
      expect(await store.deletePrincipal(ACME)).toBe(true);
    });

    it("stay across a reopening", async () => {
      for (const principal of [ACME, RESEARCH, SEARCH]) await store.putPrincipal(principal);
      await store.close();
      store = await underTest.reopen();
      expect(await store.principal(SEARCH)).toEqual(SEARCH);
    });
  });

  describe(`${name}: keys`, () => {
    it("are found with all that they are part of, the nearest first", async () => {
      const ada = consumer("ada", "{}", SEARCH);
      for (const principal of [ACME, RESEARCH, SEARCH, ada, consumer("alone")]) await store.putPrincipal(principal);
      const key = apiKey(1, "ada", { name: "n", expiresAt: LATER, lastUsedAt: AT, accessJson: '{"models":["m"]}' });
      expect(await store.addApiKey(key)).toBe(true);
      await store.addApiKey(apiKey(2, "alone"));
      expect(await store.findApiKey(key.digest)).toEqual({ key, principals: [ada, SEARCH, RESEARCH, ACME] });
      expect((await store.findApiKey(apiKey(2, "").digest))!.principals).toEqual([consumer("alone")]);
    });

    it("go with their consumer", async () => {
      await store.putPrincipal(consumer("a"));
      await store.addApiKey(apiKey(1, "a"));
      expect(await store.deletePrincipal({ kind: "consumer", id: "a" })).toBe(true);
      expect(await store.findApiKey(apiKey(1, "a").digest)).toBeUndefined();
      await store.putPrincipal(consumer("a"));
      expect(await store.apiKeys("a")).toEqual([]);
    });

    it("are taken once only, and under no consumer that is not there", async () => {
      await store.putPrincipal(consumer("a"));
      await store.putPrincipal(consumer("b"));
      await store.putPrincipal(ACME);
      expect(await store.addApiKey(apiKey(1, "a"))).toBe(true);
      expect(await store.addApiKey(apiKey(1, "b"))).toBe(false);
      await expect(store.addApiKey(apiKey(2, "acme"))).rejects.toThrow();
      expect(await store.findApiKey(apiKey(2, "acme").digest)).toBeUndefined();
      expect((await store.apiKeys("a")).length + (await store.apiKeys("b")).length).toBe(1);
    });

    it("are deleted under their own consumer only", async () => {
      await store.putPrincipal(consumer("a"));
      await store.addApiKey(apiKey(2, "a", { createdAt: LATER }));
      await store.addApiKey(apiKey(1, "a"));
      expect(await store.apiKeys("a")).toEqual([apiKey(1, "a"), apiKey(2, "a", { createdAt: LATER })]);
      expect(await store.deleteApiKey("b", apiKey(1, "a").id)).toBe(false);
      expect(await store.deleteApiKey("a", apiKey(1, "a").id)).toBe(true);
      expect(await store.deleteApiKey("a", apiKey(1, "a").id)).toBe(false);
      expect((await store.apiKeys("a")).map(({ id }) => id)).toEqual([apiKey(2, "a").id]);
    });

    it("are replaced together with their successor, or not at all", async () => {
      await store.putPrincipal(consumer("a"));
      const [old, successor, other] = [apiKey(1, "a"), apiKey(2, "a"), apiKey(3, "a")];
      await store.addApiKey(old);
      await store.addApiKey(other);
      expect(await store.replaceApiKey(successor.digest, LATER, successor)).toBe(false);
      expect(await store.replaceApiKey(old.digest, LATER, other)).toBe(false);
      expect(await store.apiKeys("a")).toEqual([old, other]);
      expect(await store.replaceApiKey(old.digest, LATER, successor)).toBe(true);
      expect(await store.apiKeys("a")).toEqual([
        { ...old, expiresAt: LATER, replacedBy: successor.id },
        successor,
        other,
      ]);
    });

    it("are marked as used, never back in time, without a key change", async () => {
      await store.putPrincipal(consumer("a"));
      for (const number of [1, 2]) await store.addApiKey(apiKey(number, "a"));
      const { sequence } = await store.keyChangesSince(0n, 10);
      await store.markUsed(
        new Map([
          [apiKey(1, "a").digest, LATER],
          ["f".repeat(64), LATER],
        ]),
      );
      await store.markUsed(new Map([[apiKey(1, "a").digest, AT]]));
      expect((await store.apiKeys("a")).map(({ lastUsedAt }) => lastUsedAt)).toEqual([LATER, undefined]);
      expect(await store.keyChangesSince(sequence, 10)).toEqual({ all: false, digests: [], sequence });
    });
  });

  describe(`${name}: identities`, () => {
    const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];
    const changesAfter = async (change: () => Promise<unknown>) => {
      const { sequence } = await store.keyChangesSince(0n, 10);
      await change();
      return [...(await store.keyChangesSince(sequence, 10)).digests].sort();
    };

    it("lead to their consumer and all that it is part of, as long as it has them", async () => {
      const ada = consumer("ada", "{}", ACME);
      await store.putPrincipal(ACME);
      await store.putPrincipal(ada, [one, two]);
      expect(await store.findIdentity(one)).toEqual([ada, ACME]);
      expect(await store.findIdentity(three)).toBeUndefined();
      await store.putPrincipal(ada, [two, three]);
      expect(await store.findIdentity(one)).toBeUndefined();
      expect(await store.findIdentity(three)).toEqual([ada, ACME]);
      await store.deletePrincipal(ada);
      expect(await store.findIdentity(two)).toBeUndefined();
    });

    it("are one consumer's only", async () => {
      await store.putPrincipal(consumer("a"), [one]);
      await expect(store.putPrincipal(consumer("b"), [two, one])).rejects.toThrow();
      expect(await store.principal({ kind: "consumer", id: "b" })).toBeUndefined();
      expect(await store.findIdentity(two)).toBeUndefined();
    });

    it("are told among the key changes when they come, change or go", async () => {
      const ada = consumer("ada", "{}", ACME);
      await store.putPrincipal(ACME);
      expect(await changesAfter(() => store.putPrincipal(ada, [one, two]))).toEqual([one, two]);
      expect(await changesAfter(() => store.putPrincipal(ACME))).toEqual([one, two]);
      expect(await changesAfter(() => store.putPrincipal(ada, [two, three]))).toEqual([one, two, three]);
      expect(await changesAfter(() => store.deletePrincipal(ada))).toEqual([two, three]);
    });
  });

  describe(`${name}: standing documents`, () => {
    it("are put, found, listed in pages by kind and scope, and deleted", async () => {
      const provider: StoredStanding = { kind: "identity-provider", id: "b", scope: undefined, json: "{}" };
      for (const principal of [ACME, RESEARCH]) await store.putPrincipal(principal);
      for (const document of [budget("c", ACME), budget("a"), budget("b", ACME), provider]) {
        await store.putStanding(document);
      }
      await store.putStanding(budget("b", RESEARCH, "[]"));
      expect(await store.standingById("budget", "b")).toEqual(budget("b", RESEARCH, "[]"));
      expect(await store.standingById("identity-provider", "a")).toBeUndefined();
      expect(await store.standing({ kind: "identity-provider", limit: 9 })).toEqual([provider]);
      const ids = async (page: { after?: string; limit: number; scope?: StoredPrincipal }) =>
        (await store.standing({ kind: "budget", ...page })).map(({ id }) => id);
      expect(await ids({ limit: 2 })).toEqual(["a", "b"]);
      expect(await ids({ after: "b", limit: 2 })).toEqual(["c"]);
      expect(await ids({ scope: ACME, limit: 9 })).toEqual(["c"]);
      await store.close();
      store = await underTest.reopen();
      expect(await store.deleteStanding("budget", "b")).toBe(true);
      expect(await store.deleteStanding("budget", "b")).toBe(false);
      expect(await ids({ limit: 9 })).toEqual(["a", "c"]);
      expect(await store.standingById("identity-provider", "b")).toEqual(provider);
    });

    it("apply to those whom their scope holds, and without one to everybody", async () => {
      for (const principal of [ACME, RESEARCH, consumer("acme")]) await store.putPrincipal(principal);
      for (const document of [budget("c", RESEARCH), budget("b", ACME), budget("a"), budget("d", consumer("acme"))]) {
        await store.putStanding(document);
      }
      const ids = async (...scopes: StoredPrincipal[]) =>
        (await store.standingFor("budget", scopes)).map(({ id }) => id);
      expect(await ids()).toEqual(["a"]);
      expect(await ids(ACME)).toEqual(["a", "b"]);
      expect(await ids(ACME, RESEARCH)).toEqual(["a", "b", "c"]);
      expect(await ids(consumer("acme"))).toEqual(["a", "d"]);
    });

    it("have scopes that are there, and keep them there", async () => {
      await expect(store.putStanding(budget("a", ACME))).rejects.toThrow();
      expect(await store.standingById("budget", "a")).toBeUndefined();
      await store.putPrincipal(consumer("a"));
      await store.putStanding(budget("a", consumer("a")));
      await expect(store.deletePrincipal(consumer("a"))).rejects.toThrow();
      await store.deleteStanding("budget", "a");
      expect(await store.deletePrincipal(consumer("a"))).toBe(true);
    });
  });

  describe(`${name}: key changes`, () => {
    const latest = async () => (await store.keyChangesSince(0n, 10)).sequence;

    it("cannot be told to one who asks first, and are none to one who is up to date", async () => {
      const first = await store.keyChangesSince(0n, 10);
      expect(first).toMatchObject({ all: true, digests: [] });
      // A sequence of 0 would make every later ask a first one.
      expect(first.sequence).toBeGreaterThan(0n);
      expect(await store.keyChangesSince(first.sequence, 10)).toEqual({ ...first, all: false });
    });

    it("name each key that was added, replaced, revoked, or below what changed or went", async () => {
      const inSearch = (json: string) => consumer("a", json, SEARCH);
      for (const principal of [ACME, RESEARCH, SEARCH, inSearch("{}")]) await store.putPrincipal(principal);
      const changes: [() => Promise<unknown>, number[]][] = [
        [() => store.addApiKey(apiKey(1, "a")), [1]],
        [() => store.addApiKey(apiKey(1, "a")), []],
        [() => store.addApiKey(apiKey(2, "a")), [2]],
        [() => store.putPrincipal(inSearch('{"disabled":true}')), [1, 2]],
        [() => store.putPrincipal(consumer("b")), []],
        [() => store.addApiKey(apiKey(4, "b")), [4]],
        ...[ACME, RESEARCH, SEARCH].map((level): [() => Promise<unknown>, number[]] => [
          () => store.putPrincipal({ ...level, json: "[]" }),
          [1, 2],
        ]),
        [() => store.putPrincipal(consumer("b", "{}", ACME)), [4]],
        [() => store.putPrincipal(ACME), [1, 2, 4]],
        [() => store.replaceApiKey(apiKey(2, "a").digest, LATER, apiKey(3, "a")), [2, 3]],
        [() => store.deleteApiKey("a", apiKey(1, "a").id), [1]],
        [() => store.deleteApiKey("a", apiKey(1, "a").id), []],
        [() => store.deletePrincipal({ kind: "consumer", id: "a" }), [2, 3]],
      ];
      const start = await latest();
      for (const [change, keys] of changes) {
        const since = await latest();
        await change();
        const { all, digests } = await store.keyChangesSince(since, 10);
        expect(all).toBe(false);
        expect([...digests].sort()).toEqual(keys.map((number) => apiKey(number, "a").digest));
      }
      const sinceStart = await store.keyChangesSince(start, 10);
      expect([...sinceStart.digests].sort()).toEqual([1, 2, 3, 4].map((number) => apiKey(number, "a").digest));
    });

    it("name the keys that a budget applies to, or did", async () => {
      for (const principal of [ACME, RESEARCH, consumer("a", "{}", RESEARCH), consumer("b")]) {
        await store.putPrincipal(principal);
      }
      for (const [number, id] of ["a", "b"].entries()) await store.addApiKey(apiKey(number, id));
      const changed = async (change: () => Promise<unknown>) => {
        const since = await latest();
        await change();
        const { all, digests } = await store.keyChangesSince(since, 10);
        return all ? "all" : [...digests].sort();
      };
      const [ofA, ofB] = [0, 1].map((number) => apiKey(number, "").digest);
      expect(await changed(() => store.putStanding(budget("x", ACME)))).toEqual([ofA]);
      expect(await changed(() => store.putStanding(budget("x", consumer("b"))))).toEqual([ofA, ofB]);
      expect(await changed(() => store.putStanding(budget("x")))).toBe("all");
      expect(await changed(() => store.deleteStanding("budget", "x"))).toBe("all");
      expect(await changed(() => store.deleteStanding("budget", "x"))).toEqual([]);
      const provider: StoredStanding = { kind: "identity-provider", id: "x", scope: undefined, json: "{}" };
      expect(await changed(() => store.putStanding(provider))).toEqual([]);
    });

    it("are all of them after a change of more keys than are named at once", async () => {
      await store.putPrincipal(ACME);
      await store.putPrincipal(consumer("a", "{}", ACME));
      for (let number = 0; number < 1024; number++) await store.addApiKey(apiKey(number, "a"));
      const before = await latest();
      await store.putPrincipal({ ...ACME, json: "[]" });
      expect((await store.keyChangesSince(before, 1024)).digests).toHaveLength(1024);
      await store.addApiKey(apiKey(1024, "a"));
      const since = await latest();
      await store.putPrincipal(ACME);
      expect(await store.keyChangesSince(since, 10_000)).toEqual({ all: true, digests: [], sequence: await latest() });
      expect(await store.keyChangesSince(await latest(), 10)).toMatchObject({ all: false, digests: [] });
    });

    it("are all of them beyond the limit, for a number from the future, and after too long a time", async () => {
      await store.putPrincipal(consumer("a"));
      const start = await latest();
      for (let number = 0; number < 101; number++) await store.addApiKey(apiKey(number, "a"));
      expect((await store.keyChangesSince(start, 101)).digests).toHaveLength(101);
      expect(await store.keyChangesSince(start, 100)).toEqual({ all: true, digests: [], sequence: await latest() });
      expect((await store.keyChangesSince((await latest()) + 1n, 100)).all).toBe(true);
      for (let round = 0; round < 100; round++) await store.putPrincipal(consumer("a", `{"round":${round}}`));
      expect((await store.keyChangesSince(start, 1000)).all).toBe(true);
    });

    it("are remembered across a reopening", async () => {
      await store.putPrincipal(consumer("a"));
      const since = await latest();
      await store.addApiKey(apiKey(1, "a"));
      await store.close();
      store = await underTest.reopen();
      expect((await store.keyChangesSince(since, 10)).digests).toEqual([apiKey(1, "a").digest]);
    });
  });
}
