// One Envoy's rollout without an Envoy: in which order what is sent, what waits for what, and what a refusal does. The
// peer here acknowledges only when told to, so that every gate can be seen shut.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { DeltaRequest, DeltaResponse, Rejection } from "../../control-plane/xds/delta-stream.js";
import type { Goal } from "../../control-plane/xds/goal.js";
import { type Resource, TypeUrl, type View } from "../../control-plane/xds/resource.js";
import { type Phase, Session } from "../../control-plane/xds/session.js";

const { LISTENER, ROUTES, CLUSTER, ENDPOINTS, EXTENSION, SECRET } = TypeUrl;
const ATTEMPT_WINDOW_MS = 1_000;
const PATIENCE_MS = 500;

function view(...resources: [name: string, version: string][]): Map<string, Resource> {
  return new Map(resources.map(([name, version]) => [name, { name, version, body: {} as Resource["body"] }]));
}

function goal(revision: bigint, clusters: readonly string[]): Goal {
  return {
    revision,
    listeners: view(["sluice", "1"]),
    clusters: view(...clusters.map((name): [string, string] => [name, "1"])),
    endpoints: view(...clusters.map((name): [string, string] => [name, "1"])),
    secrets: view(...clusters.map((name): [string, string] => [`provider/${name.split("~")[0]}`, "1"])),
    extensions: view(["sluice-gateway", String(revision)]),
    routesTo: (names): View => view(["sluice", names.join(",")]),
  };
}

/** The last part of a type's name, for readable expectations. */
const short = (typeUrl: string) => typeUrl.slice(typeUrl.lastIndexOf(".") + 1);

class Peer {
  readonly sent: DeltaResponse[] = [];
  readonly progress: [bigint, Phase, boolean][] = [];
  readonly rejections: [bigint, Rejection][] = [];
  liveRevision = 0n;
  readonly session = new Session(
    (response) => this.sent.push(response),
    { attemptWindowMs: ATTEMPT_WINDOW_MS, patienceMs: PATIENCE_MS, resolveGraceMs: 0 },
    {
      progress: (...step) => this.progress.push(step),
      rejected: (revision, rejection) => this.rejections.push([revision, rejection]),
      isLive: (revision) => this.liveRevision >= revision,
    },
  );

  async request(typeUrl: string, request: Partial<DeltaRequest> = {}): Promise<void> {
    this.session.receive({
      typeUrl,
      resourceNamesSubscribe: [],
      resourceNamesUnsubscribe: [],
      initialResourceVersions: {},
      responseNonce: "",
      ...request,
    });
    await settle();
  }

  /** Subscribes to everything, as an Envoy does that knows these clusters. */
  async subscribe(clusters: readonly string[]): Promise<void> {
    await this.request(CLUSTER);
    await this.request(LISTENER);
    await this.request(ENDPOINTS, { resourceNamesSubscribe: [...clusters] });
    await this.request(SECRET, { resourceNamesSubscribe: clusters.map((name) => `provider/${name.split("~")[0]}`) });
    await this.request(ROUTES, { resourceNamesSubscribe: ["sluice"] });
    await this.request(EXTENSION, { resourceNamesSubscribe: ["sluice-gateway"] });
  }

  /** What was sent since the last call, as `type +added -removed`. */
  take(): string[] {
    return this.sent.splice(0).map((response) => {
      this.unanswered.push(response);
      const added = response.resources.map(({ name, version }) => `+${name}@${version}`);
      const removed = response.removedResources.map((name) => `-${name}`);
      return [short(response.typeUrl), ...added, ...removed].join(" ");
    });
  }
  private readonly unanswered: DeltaResponse[] = [];

  /** Answers what was taken. */
  async answer(errorDetail?: { message: string }): Promise<void> {
    for (const { typeUrl, nonce } of this.unanswered.splice(0)) {
      await this.request(typeUrl, { responseNonce: nonce, errorDetail });
    }
  }

  async live(revision: bigint): Promise<void> {
    this.liveRevision = revision;
    this.session.poke();
    await settle();
  }

  /** Acknowledges until nothing more comes; returns all that came. */
  async drain(): Promise<string[]> {
    const all: string[] = [];
    for (let taken = this.take(); taken.length > 0; taken = this.take()) {
      all.push(...taken);
      await this.answer();
    }
    return all;
  }
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

let peer: Peer;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  peer = new Peer();
});
afterEach(() => {
  peer.session.close();
  vi.useRealTimers();
});

async function begin(clusters: readonly string[]): Promise<void> {
  peer.session.aim(goal(1n, clusters));
  await peer.subscribe(clusters);
  await peer.drain();
  await peer.live(1n);
}

describe("a new Envoy", () => {
  test("gets everything, and is live when its workers say so, not when it acknowledges", async () => {
    peer.session.aim(goal(1n, ["a~1"]));
    await peer.subscribe(["a~1"]);
    expect((await peer.drain()).sort()).toEqual([
      "Cluster +a~1@1",
      "ClusterLoadAssignment +a~1@1",
      "Listener +sluice@1",
      "RouteConfiguration +sluice@a~1",
      "Secret +provider/a@1",
      "TypedExtensionConfig +sluice-gateway@1",
    ]);
    expect(peer.progress.at(-1)).toEqual([1n, "filter", false]);
    await peer.live(1n);
    expect(peer.progress.at(-1)).toEqual([1n, "done", false]);
  });

  test("is told at once that a name does not exist", async () => {
    await begin(["a~1"]);
    await peer.request(SECRET, { resourceNamesSubscribe: ["provider/unknown"] });
    expect(peer.take()).toEqual(["Secret -provider/unknown"]);
  });

  test("that was connected before gets only what it lacks", async () => {
    peer.session.aim(goal(1n, ["a~1"]));
    await peer.request(CLUSTER, { initialResourceVersions: { "a~1": "1" } });
    await peer.request(LISTENER, { initialResourceVersions: { sluice: "1" } });
    const known = (name: string, version: string) => ({
      resourceNamesSubscribe: [name],
      initialResourceVersions: { [name]: version },
    });
    await peer.request(ENDPOINTS, known("a~1", "1"));
    await peer.request(SECRET, known("provider/a", "old"));
    await peer.request(ROUTES, known("sluice", "a~1"));
    await peer.request(EXTENSION, known("sluice-gateway", "1"));
    expect(await peer.drain()).toEqual(["Secret +provider/a@1"]);
  });

  test("that names clusters of an older revision keeps them until no plan can mean them", async () => {
    peer.session.aim(goal(1n, ["a~1"]));
    await peer.request(CLUSTER, { initialResourceVersions: { "a~1": "1", "old~1": "1" } });
    await peer.request(ROUTES, { resourceNamesSubscribe: ["sluice"] });
    await peer.request(LISTENER);
    await peer.request(ENDPOINTS, { resourceNamesSubscribe: ["a~1"] });
    await peer.request(SECRET, { resourceNamesSubscribe: ["provider/a"] });
    await peer.request(EXTENSION, { resourceNamesSubscribe: ["sluice-gateway"] });
    const first = await peer.drain();
    expect(first).toContain("RouteConfiguration +sluice@a~1,old~1");
    expect(first.join()).not.toContain("-old~1");
    await peer.live(1n);
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS);
    expect(await peer.drain()).toEqual(["RouteConfiguration +sluice@a~1", "Cluster -old~1"]);
  });
});

describe("a change", () => {
  test("comes in phases, each after the acceptance of the one before", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["b~1"]));
    await settle();
    expect(peer.take()).toEqual(["Cluster +b~1@1"]);
    await peer.request(ENDPOINTS, { resourceNamesSubscribe: ["b~1"] });
    await peer.request(SECRET, { resourceNamesSubscribe: ["provider/b"] });
    expect(peer.take()).toEqual(["ClusterLoadAssignment +b~1@1", "Secret +provider/b@1"]);
    await peer.answer();
    expect(peer.take()).toEqual(["RouteConfiguration +sluice@a~1,b~1"]);
    await peer.answer();
    expect(peer.take()).toEqual(["TypedExtensionConfig +sluice-gateway@2"]);
    await peer.answer();
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS * 2);
    expect(peer.take()).toEqual([]);
    await peer.live(2n);
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS - 1);
    expect(peer.take()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(peer.take()).toEqual(["RouteConfiguration +sluice@b~1"]);
    await peer.answer();
    expect(peer.take()).toEqual(["Secret -provider/a", "Cluster -a~1", "ClusterLoadAssignment -a~1"]);
    await peer.answer();
    expect(peer.progress.at(-1)).toEqual([2n, "done", false]);
  });

  test("of a cluster that signs comes with its own filter, and the old one keeps its until no plan can mean it", async () => {
    const signing = (revision: bigint, cluster: string, key: string): Goal => ({
      ...goal(revision, [cluster]),
      extensions: view(["sluice-gateway", String(revision)], [`signing/${cluster}`, key]),
    });
    peer.session.aim(signing(1n, "a~1", "key-1"));
    await peer.subscribe(["a~1"]);
    await peer.request(EXTENSION, { resourceNamesSubscribe: ["signing/a~1"] });
    await peer.drain();
    await peer.live(1n);
    peer.session.aim(signing(2n, "a~1", "key-2"));
    await settle();
    expect(await peer.drain()).toEqual(["TypedExtensionConfig +sluice-gateway@2 +signing/a~1@key-2"]);
    await peer.live(2n);
    peer.session.aim(signing(3n, "a~2", "key-2"));
    await settle();
    expect(peer.take()).toEqual(["Cluster +a~2@1"]);
    // The cluster waits for its filter: this does not wait for the phase of the filter.
    await peer.request(EXTENSION, { resourceNamesSubscribe: ["signing/a~2"] });
    expect(peer.take()).toEqual(["TypedExtensionConfig +signing/a~2@key-2"]);
    await peer.request(ENDPOINTS, { resourceNamesSubscribe: ["a~2"] });
    const rest = await peer.drain();
    expect(rest.join()).not.toContain("-signing");
    await peer.live(3n);
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS);
    const removal = await peer.drain();
    expect(removal).toContain("TypedExtensionConfig -signing/a~1");
    expect(removal.indexOf("Cluster -a~1")).toBeLessThan(removal.indexOf("TypedExtensionConfig -signing/a~1"));
  });

  test("of the filter alone sends the filter alone", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["a~1"]));
    await settle();
    expect(await peer.drain()).toEqual(["TypedExtensionConfig +sluice-gateway@2"]);
  });

  test("overtaken by another leaves nothing of itself behind", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["a~1", "b~1"]));
    await settle();
    expect(peer.take()).toEqual(["Cluster +b~1@1"]);
    peer.session.aim(goal(3n, ["a~1"]));
    await settle();
    await peer.answer();
    expect(await peer.drain()).toEqual(["Cluster -b~1", "TypedExtensionConfig +sluice-gateway@3"]);
    await peer.live(3n);
    expect(peer.progress.at(-1)).toEqual([3n, "done", false]);
  });

  test("back to what was dropped before keeps it", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, []));
    await settle();
    await peer.drain();
    await peer.live(2n);
    peer.session.aim(goal(3n, ["a~1"]));
    await settle();
    await peer.drain();
    await peer.live(3n);
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS * 2);
    expect((await peer.drain()).join()).not.toContain("-a~1");
  });

  test("has one response of a type on its way, and sends the newest next", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["a~1"]));
    await settle();
    const [first] = peer.take();
    peer.session.aim(goal(3n, ["a~1"]));
    peer.session.aim(goal(4n, ["a~1"]));
    await settle();
    expect([first, peer.take()]).toEqual(["TypedExtensionConfig +sluice-gateway@2", []]);
    await peer.answer();
    expect(peer.take()).toEqual(["TypedExtensionConfig +sluice-gateway@4"]);
  });

  test("that is not answered is reported as waiting", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["a~1", "b~1"]));
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(peer.progress.at(-1)).toEqual([2n, "network", true]);
  });
});

describe("a refusal", () => {
  test("ends the rollout with Envoy's reason; nothing is sent again until the next revision", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["a~1", "b~1"]));
    await settle();
    expect(peer.take()).toEqual(["Cluster +b~1@1"]);
    await peer.answer({ message: "no such field" });
    expect(peer.rejections).toEqual([[2n, { typeUrl: CLUSTER, message: "no such field", resources: ["b~1"] }]]);
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS);
    expect(peer.take()).toEqual([]);
    peer.session.aim(goal(3n, ["a~1", "b~1"]));
    await settle();
    expect(peer.take()).toEqual(["Cluster +b~1@1"]);
  });

  test("is mended by a revision without what was refused", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["a~1", "b~1"]));
    await settle();
    peer.take();
    await peer.answer({ message: "no such field" });
    peer.session.aim(goal(3n, ["a~1"]));
    await settle();
    const sent = await peer.drain();
    expect(sent.join()).not.toContain("+b~1");
    expect(sent).toContain("TypedExtensionConfig +sluice-gateway@3");
    await peer.live(3n);
    expect(peer.progress.at(-1)).toEqual([3n, "done", false]);
  });

  test("of the filter leaves the clusters of the plans that run", async () => {
    await begin(["a~1"]);
    peer.session.aim(goal(2n, ["b~1"]));
    await settle();
    peer.take();
    await peer.request(ENDPOINTS, { resourceNamesSubscribe: ["b~1"] });
    await peer.request(SECRET, { resourceNamesSubscribe: ["provider/b"] });
    peer.take();
    await peer.answer();
    peer.take();
    await peer.answer();
    expect(peer.take()).toEqual(["TypedExtensionConfig +sluice-gateway@2"]);
    await peer.answer({ message: "Unable to create Wasm plugin" });
    await vi.advanceTimersByTimeAsync(ATTEMPT_WINDOW_MS * 2);
    expect(await peer.drain()).toEqual([]);
    expect(peer.rejections[0]?.[1].typeUrl).toBe(EXTENSION);
  });
});
