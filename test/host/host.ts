// A proxy-wasm host for one VM under Node, with Envoy's semantics as far as the SDK can see them; as-envoy.test.ts holds it
// against Envoy itself. It refuses what Envoy would never do (a body before headers), so that tests cannot ask for it.

import { readFileSync } from "node:fs";
import { Root, Stream } from "./contexts.js";
import { HeaderMap, type HeaderPairs } from "./header-map.js";
import { imports } from "./imports.js";
import { Memory } from "./memory.js";
import { Metrics } from "./metrics.js";
import { SharedData } from "./shared-data.js";

export interface Callout {
  token: number;
  root: Root;
  cluster: string;
  headers: HeaderMap;
  body: Buffer;
  timeoutMs: number;
}

export interface HostOptions {
  /** Give one map to several hosts to play several workers. */
  sharedData?: SharedData;
  /** Clusters that take callouts; every other one refuses them. */
  clusters?: string[];
}

export type ForeignFunction = (argument: Buffer, context: Root | Stream) => Uint8Array;

export class Host {
  readonly memory = new Memory();
  readonly metrics = new Metrics();
  readonly sharedData: SharedData;
  readonly clusters: Set<string>;
  readonly logs: { level: number; text: string }[] = [];
  /** Callouts that wait for `answer`, by token. */
  readonly callouts = new Map<number, Callout>();
  readonly foreign = new Map<string, ForeignFunction>();
  nowMs = 1_800_000_000_000;
  /** Never set back; tests move it with `nowMs`, or not, to make the wall clock jump. */
  monotonicMs = 1_000_000;
  /** Where host calls go: the context of the callback, until the filter chooses another. */
  current: Root | Stream | undefined;
  private readonly contexts = new Map<number, Root | Stream>();
  private readonly exports: Record<string, (...parameters: number[]) => number>;
  private deferred: (() => void)[] = [];
  private depth = 0;
  private lastId = 0;
  private lastToken = 0;

  constructor(wasmFile: string, { sharedData = new SharedData(), clusters = [] }: HostOptions = {}) {
    this.sharedData = sharedData;
    this.clusters = new Set(clusters);
    this.foreign.set("clear_route_cache", (_, context) => {
      if (context instanceof Stream) context.routeCacheClears++;
      return Buffer.alloc(0);
    });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasmFile)), imports(this));
    this.memory.attach(instance.exports);
    this.exports = instance.exports as unknown as typeof this.exports;
    this.exports._initialize?.();
  }

  /** Starts a plugin. Throws when the filter refuses to start; `configure` says whether a configuration was taken. */
  startRoot(name: string, configuration: string | Uint8Array = ""): Root {
    const root = this.createRoot(name);
    if (this.call(root.id, "proxy_on_vm_start", root.id, 0) === 0) throw new Error(`root "${name}" refuses to start`);
    if (!this.configure(root, configuration)) throw new Error(`root "${name}" refuses its configuration`);
    return root;
  }

  /** A root that has neither started nor been configured yet. */
  createRoot(name: string): Root {
    const root = new Root(++this.lastId, name);
    this.contexts.set(root.id, root);
    this.call(root.id, "proxy_on_context_create", root.id, 0);
    return root;
  }

  configure(root: Root, configuration: string | Uint8Array): boolean {
    root.configuration = Buffer.from(configuration);
    return this.call(root.id, "proxy_on_configure", root.id, root.configuration.length) !== 0;
  }

  /** False when the root wants no ticks. */
  tick(root: Root): boolean {
    if (root.tickPeriodMs === 0) return false;
    this.call(root.id, "proxy_on_tick", root.id);
    return true;
  }

  deleteRoot(root: Root): void {
    this.call(root.id, "proxy_on_delete", root.id);
    this.contexts.delete(root.id);
  }

  openStream(root: Root): Stream {
    const stream = new Stream(this, ++this.lastId, root);
    this.contexts.set(stream.id, stream);
    this.call(stream.id, "proxy_on_context_create", stream.id, root.id);
    return stream;
  }

  closeStream(stream: Stream): void {
    if (!this.contexts.has(stream.id)) return;
    this.call(stream.id, "proxy_on_delete", stream.id);
    this.contexts.delete(stream.id);
  }

  context(id: number): Root | Stream | undefined {
    return this.contexts.get(id);
  }

  addCallout(callout: Omit<Callout, "token">): number {
    const token = ++this.lastToken;
    this.callouts.set(token, { ...callout, token });
    return token;
  }

  /** Answers the oldest callout that waits. */
  answer(headers: HeaderPairs, body: string | Buffer = ""): Callout {
    const [callout] = this.callouts.values();
    if (callout === undefined) throw new Error("no callout waits for an answer");
    const { root, token } = callout;
    this.callouts.delete(token);
    root.answer = { headers: new HeaderMap(headers), body: Buffer.from(body) };
    this.call(root.id, "proxy_on_http_call_response", root.id, token, headers.length, root.answer.body.length, 0);
    root.answer = undefined;
    return callout;
  }

  /** Lines of the log from `from` on. */
  lines(from = 0): string[] {
    return this.logs.slice(from).map(({ text }) => text);
  }

  /** Calls the VM on behalf of a context; what the filter asked for meanwhile is done when the outermost call returns. */
  call(contextId: number, name: string, ...parameters: number[]): number {
    const callback = this.exports[name];
    if (callback === undefined) throw new Error(`the module does not export ${name}`);
    const before = this.current;
    this.current = this.contexts.get(contextId);
    this.depth++;
    try {
      return callback(...parameters);
    } finally {
      this.depth--;
      this.current = before;
      this.runDeferred();
    }
  }

  /** For local replies, resumptions and resets: Envoy does them after the callback. */
  defer(action: () => void): void {
    this.deferred.push(action);
  }

  private runDeferred(): void {
    if (this.depth > 0) return;
    const actions = this.deferred;
    this.deferred = [];
    for (const action of actions) action();
  }
}
