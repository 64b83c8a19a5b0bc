// Brings one connected Envoy to the newest revision in an order that never leaves a request without a cluster:
// additions first, then routes, then the filter, and removals only when no running request can mean them any more.
// Each Envoy has a session of its own, so a stuck or refusing Envoy holds up nobody else.
import { type DeltaRequest, type DeltaResponse, DeltaStream, type Rejection } from "./delta-stream.js";
import {
  extensionsView,
  type Goal,
  networkViews,
  type Retired,
  routable,
  routesView,
  secretNameOf,
  signingNameOf,
} from "./goal.js";
import { TypeUrl } from "./resource.js";

export type Phase = "network" | "routes" | "filter" | "removal" | "done";

export interface SessionOptions {
  /** How long a plan of the configuration before may still be running. */
  readonly attemptWindowMs: number;
  /** From here on a phase that has not been answered is reported as waiting. */
  readonly patienceMs: number;
  /** Envoy accepts a cluster before its name is resolved, and answers 503 for it until then. */
  readonly resolveGraceMs: number;
}

/** What the session tells the book; it holds no record itself. */
export interface SessionObserver {
  progress(revision: bigint, phase: Phase, waiting: boolean): void;
  rejected(revision: bigint, rejection: Rejection): void;
  /** True when every worker of this Envoy runs the revision or a later one. */
  isLive(revision: bigint): boolean;
}

/** Thrown inside a rollout to leave it: the Envoy is gone, a newer goal is there, or Envoy refused this one. */
class Abandoned extends Error {}

export class Session {
  private readonly stream: DeltaStream;
  private readonly retired = new Map<string, Retired>();
  private goal: Goal | undefined;
  private reached: Goal | undefined;
  private rejectedGoal: Goal | undefined;
  /** The goal whose views the stream has, reached or not. */
  private shown: Goal | undefined;
  private started = false;
  private closed = false;
  private wake: () => void = () => {};

  constructor(
    send: (response: DeltaResponse) => void,
    private readonly options: SessionOptions,
    private readonly observer: SessionObserver,
  ) {
    this.stream = new DeltaStream(send, (rejection) => this.reject(rejection));
  }

  /** The first request must come after the first `aim`: an Envoy that gets an empty view drops all it has. */
  receive(request: DeltaRequest): void {
    const first = !this.started;
    if (first) this.start(request);
    this.stream.receive(request);
    if (first) void this.run();
    this.wake();
  }

  aim(goal: Goal): void {
    this.goal = goal;
    this.wake();
  }

  /** Something that the observer answers may have changed. */
  poke(): void {
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  private start(request: DeltaRequest): void {
    this.started = true;
    const goal = this.goal;
    if (goal === undefined) throw new Error("a session needs a goal before its first request");
    // After a reconnect Envoy names clusters of its last revision; plans that run may still mean them.
    if (request.typeUrl === TypeUrl.CLUSTER) {
      for (const name of Object.keys(request.initialResourceVersions)) {
        if (goal.clusters.has(name)) continue;
        this.retired.set(name, { cluster: null, endpoints: null, secret: null, signing: null, removeAt: undefined });
      }
    }
    this.stream.hold(TypeUrl.ROUTES);
    this.stream.hold(TypeUrl.EXTENSION);
    this.show(goal);
  }

  private show(goal: Goal): void {
    for (const [typeUrl, view] of networkViews(goal, this.retired)) this.stream.setView(typeUrl, view);
    this.stream.setView(TypeUrl.ROUTES, routesView(goal, this.retired));
    this.stream.setView(TypeUrl.EXTENSION, extensionsView(goal, this.retired));
  }

  private reject(rejection: Rejection): void {
    if (this.goal === undefined) return;
    this.rejectedGoal = this.goal;
    this.observer.rejected(this.goal.revision, rejection);
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      const goal = this.goal as Goal;
      try {
        if (this.reached !== goal && this.rejectedGoal !== goal) await this.rollOut(goal);
        else if (this.reached === goal && this.expired().length > 0) await this.remove(goal);
        else await this.idle();
      } catch (error) {
        if (!(error instanceof Abandoned)) throw error;
      }
    }
  }

  private async rollOut(goal: Goal): Promise<void> {
    this.retire(goal);
    const waitsForNames = this.addsName(goal);
    this.stream.hold(TypeUrl.ROUTES);
    this.stream.hold(TypeUrl.EXTENSION);
    this.show(goal);
    this.stream.forgetRejections();
    await this.settle(goal, "network", [TypeUrl.SECRET, TypeUrl.CLUSTER, TypeUrl.ENDPOINTS, TypeUrl.LISTENER]);
    if (waitsForNames) await this.pause(goal, this.options.resolveGraceMs);
    this.stream.release(TypeUrl.ROUTES);
    await this.settle(goal, "routes", [TypeUrl.ROUTES]);
    this.stream.release(TypeUrl.EXTENSION);
    // Not the ACK of the extension: Envoy acknowledges bytes that it does not apply. The workers' reports count.
    await this.until(goal, "filter", () => this.observer.isLive(goal.revision));
    const removeAt = performance.now() + this.options.attemptWindowMs;
    for (const entry of this.retired.values()) entry.removeAt ??= removeAt;
    this.reached = goal;
    this.observer.progress(goal.revision, this.retired.size > 0 ? "removal" : "done", false);
  }

  /** Keeps beside the goal what it drops. What Envoy has not accepted no plan can mean, and it may be what it refused. */
  private retire(goal: Goal): void {
    for (const name of this.retired.keys()) if (goal.clusters.has(name)) this.retired.delete(name);
    const before = this.shown;
    this.shown = goal;
    if (before === undefined) return;
    const accepted = this.stream.accepted(TypeUrl.CLUSTER);
    for (const name of routable(before)) {
      if (goal.clusters.has(name) || !accepted.has(name)) continue;
      this.retired.set(name, {
        cluster: before.clusters.get(name) ?? null,
        endpoints: before.endpoints.get(name) ?? null,
        secret: before.secrets.get(secretNameOf(name)) ?? null,
        signing: before.extensions.get(signingNameOf(name)) ?? null,
        removeAt: undefined,
      });
    }
  }

  /** True when a running Envoy gets a cluster whose name it has to resolve first. */
  private addsName(goal: Goal): boolean {
    const accepted = this.stream.accepted(TypeUrl.CLUSTER);
    if (accepted.size === 0) return false;
    return routable(goal).some((name) => !accepted.has(name) && !goal.endpoints.has(name));
  }

  private expired(): string[] {
    const now = performance.now();
    return [...this.retired]
      .filter(([, { removeAt }]) => removeAt !== undefined && removeAt <= now)
      .map(([name]) => name);
  }

  private async remove(goal: Goal): Promise<void> {
    for (const name of this.expired()) this.retired.delete(name);
    this.stream.setView(TypeUrl.ROUTES, routesView(goal, this.retired));
    await this.settle(goal, "removal", [TypeUrl.ROUTES]);
    for (const [typeUrl, view] of networkViews(goal, this.retired)) this.stream.setView(typeUrl, view);
    await this.settle(goal, "removal", [TypeUrl.CLUSTER]);
    this.stream.setView(TypeUrl.EXTENSION, extensionsView(goal, this.retired));
    if (this.retired.size === 0) this.observer.progress(goal.revision, "done", false);
  }

  private settle(goal: Goal, phase: Phase, typeUrls: readonly TypeUrl[]): Promise<void> {
    return this.until(goal, phase, () => typeUrls.every((typeUrl) => this.stream.settled(typeUrl)));
  }

  private async until(goal: Goal, phase: Phase, condition: () => boolean): Promise<void> {
    this.observer.progress(goal.revision, phase, false);
    const impatientAt = performance.now() + this.options.patienceMs;
    let waiting = false;
    for (;;) {
      if (this.closed || this.goal !== goal || this.rejectedGoal === goal) throw new Abandoned();
      if (condition()) return;
      if (!waiting && performance.now() >= impatientAt) {
        waiting = true;
        this.observer.progress(goal.revision, phase, true);
      }
      await this.event(waiting ? undefined : impatientAt - performance.now());
    }
  }

  private async pause(goal: Goal, forMs: number): Promise<void> {
    const until = performance.now() + forMs;
    while (performance.now() < until) {
      if (this.closed || this.goal !== goal || this.rejectedGoal === goal) throw new Abandoned();
      await this.event(until - performance.now());
    }
  }

  private idle(): Promise<void> {
    const deadlines = [...this.retired.values()].map(({ removeAt }) => removeAt ?? Number.POSITIVE_INFINITY);
    const next = Math.min(Number.POSITIVE_INFINITY, ...deadlines);
    return this.event(Number.isFinite(next) ? next - performance.now() : undefined);
  }

  /** Resolves at the next request, goal, report or close, or when the time is up. */
  private event(timeoutMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, Math.max(1, timeoutMs)).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
