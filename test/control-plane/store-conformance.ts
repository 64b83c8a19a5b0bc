// What every store has to hold, whatever it is made of. `open` gives an empty store; `reopen` the same one after a close.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RevisionConflict, type Store, type StoredDocument } from "../../control-plane/store/store.js";
import { tenancyConformance } from "./store-tenancy-conformance.js";

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

  tenancyConformance(name, {
    get store() {
      return store;
    },
    reopen: async () => {
      await store.close();
      store = await underTest.reopen();
    },
  });
}
